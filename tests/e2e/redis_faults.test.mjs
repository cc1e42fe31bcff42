// SPDX-License-Identifier: Apache-2.0
// A crowd on two nodes that meet through Redis, while its connections break, and one thing more:
// a node dies, Redis dies or is silent, the network between them is bad. Whatever it is, each sees
// every publication of its rooms once and in order; only where Redis itself forgot something, all
// are told so (support/faults.mjs, support/oracle.mjs).

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import {
  behindProxies,
  between,
  often,
  once,
  oneRedis,
  play,
  testEachSeed,
} from './support/faults.mjs';
import { kNoRedis } from './support/redis.mjs';

async function killNode({ nodes, start }, random) {
  const index = Math.floor(random() * nodes.length);
  const { port } = nodes[index];
  nodes[index].kill('SIGKILL');
  await nodes[index].exit;
  nodes[index] = await start(index, { port });
}

const killClients = (type) => ({ line }) =>
  line.command('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');

const freeze = ({ redis }) => redis.freeze();
const thaw = ({ redis }) => redis.thaw();
const restartRedis = ({ redis }) => redis.restart();
const kept = oneRedis({ appendOnly: true });

/** A proxy to spoil, one after the other. */
const withProxy = (run) => async ({ proxies }, index) =>
  run(proxies[index % proxies.length], index);

const cut = withProxy((proxy) => proxy.cut());
const tear = withProxy((proxy, index) => proxy.halve(index % 4 < 2 ? 'down' : 'up'));
const delay = (ms) => async ({ proxies }) => proxies[0].delay(ms);

describe('a crowd on two nodes misses nothing', { skip: kNoRedis }, () => {
  const faults = [
    ['a node is killed and comes back', oneRedis(), once(killNode)],
    ['Redis ends the connections that subscribe', oneRedis(), often(4, killClients('pubsub'))],
    ['Redis ends the connections that ask', oneRedis(), often(4, killClients('normal'))],
    ['Redis is silent for a moment', oneRedis(), between(0.6, freeze, thaw)],
    ['Redis is silent for longer than a message waits', oneRedis(), between(2.2, freeze, thaw)],
    ['Redis is silent for longer than a connection lives', oneRedis(), between(10, freeze, thaw)],
    ['Redis is killed and has all on disk', kept, once(restartRedis)],
    ['the way to Redis is cut', behindProxies, often(6, cut)],
    ['replies and commands are torn', behindProxies, often(8, tear)],
    ['the way to Redis is long for one of them', behindProxies, between(2, delay(150), delay(0))],
  ];
  for (const [name, place, fault] of faults) {
    testEachSeed(`when ${name}`, (t, seed) => play(t, seed, place, fault));
  }
});

describe('a crowd on two nodes is told', { skip: kNoRedis }, () => {
  testEachSeed('when Redis is killed and forgets', async (t, seed) => {
    const options = { mayLose: true };
    const { crowd, record } = await play(t, seed, oneRedis(), once(restartRedis), options);
    for (const [room, { lost }] of record.rooms) assert.equal(lost.length, 1, room);
    const memberships = crowd.people.reduce((sum, { rooms }) => sum + rooms.length, 0);
    assert.ok(crowd.counts.losses >= memberships, `${crowd.counts.losses} of ${memberships} told`);
  });
});
