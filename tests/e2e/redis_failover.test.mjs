// SPDX-License-Identifier: Apache-2.0
// A crowd on two nodes while the primary of their Redis dies, or is cut off alone, and another one
// takes its place. What Redis replicated everybody sees once and in order; where the new primary
// lacks what the old one had, all of the room are told so (support/faults.mjs).

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { once, play, sentinels, sixNodes, testEachSeed } from './support/faults.mjs';
import { startNode } from './support/nodes.mjs';
import { startProxy } from './support/proxy.mjs';
import { kNoRedis, startRedis } from './support/redis.mjs';
import { kMs, seen, subscribed } from './support/sdk.mjs';
import { user } from './support/tokens.mjs';
import { until } from './support/wait.mjs';

const kSeconds = 7; // a failover takes about 3 of them

/** The old primary comes back, as a replica, when the nodes are with the new one. */
async function killPrimary({ group, nodes }) {
  const [old] = group.servers;
  await old.kill();
  const primary = await group.waitForFailover(old);
  const listening = async () => {
    const clients = await primary.command('CLIENT', 'LIST', 'TYPE', 'pubsub');
    return clients.match(/ user=default /g)?.length === nodes.length;
  };
  await until(listening, kMs, 'the nodes to go over to the new primary');
  await old.restart();
  await group.waitUntilReady();
}

/** While its replica takes over, the old primary goes on taking what the nodes tell it. */
async function isolatePrimary({ group }) {
  const [old] = group.servers;
  await group.separate(old);
  await group.waitForFailover(old);
  await group.rejoin(old);
  await group.waitUntilReady();
}

/** Resolves to the slot of a room of the crowd. */
async function slotOf(cluster, room) {
  const ask = (node) => node.command('KEYS', `palaver:*:meta:${room}`);
  const [key] = (await Promise.all(cluster.nodes.map(ask))).flat();
  assert.ok(key, `no Redis has ${room}`);
  return cluster.slotOf(key);
}

/** The one that has a room of the crowd, any. It comes back, as a replica. */
function killPrimaryOfARoom(random, { cluster, seconds }) {
  const room = `room ${Math.floor(3 * random())}`;
  const at = seconds * (0.3 + 0.3 * random());
  let found;
  const find = async () => {
    const slot = await slotOf(cluster, room);
    return { slot, old: await cluster.primaryOf(slot) };
  };
  const kill = async () => {
    const { slot, old } = await found;
    await old.kill();
    await cluster.waitForFailover(old, slot);
    await old.restart();
    await cluster.waitUntilOk();
  };
  return [
    { at: 0, run: () => (found = find()) },
    { at, run: kill, inFlight: true },
  ];
}

describe('a crowd on two nodes misses nothing, or is told', { skip: kNoRedis }, () => {
  testEachSeed('when the primary is killed', (t, seed) =>
    play(t, seed, sentinels, once(killPrimary), { seconds: kSeconds, mayLose: true }),
  );

  testEachSeed('when the primary is alone and takes messages', async (t, seed) => {
    const options = { seconds: kSeconds, mayLose: true, record: { forked: true } };
    const { record } = await play(t, seed, sentinels, once(isolatePrimary), options);
    for (const [room, { lost }] of record.rooms) assert.ok(lost.length > 0, `${room} lost nothing`);
  });

  testEachSeed('when a primary of a cluster is killed', (t, seed) =>
    play(t, seed, sixNodes, killPrimaryOfARoom, { seconds: kSeconds, mayLose: true }),
  );
});

const kOneReplica = { 'redis-min-replicas': 1 };

describe('with a replica that has to have each message', { skip: kNoRedis }, () => {
  // Members may have seen what the replica did not get in time: that was not acknowledged, and they
  // are told.
  testEachSeed('nothing acknowledged is lost when the primary is killed', (t, seed) => {
    const options = { seconds: kSeconds, mayLose: true, flags: kOneReplica };
    return play(t, seed, sentinels, once(killPrimary), { ...options, record: { durable: true } });
  });

  async function startWithReplica(t) {
    const primary = await startRedis(t);
    const replica = await startRedis(t, { replicaOf: primary.port });
    await primary.command('SET', 'key', 'value'); // else there is nothing to wait for
    const inStep = async () => (await primary.command('WAIT', 1, 500)) === 1;
    await until(inStep, kMs, 'the replica to be in step');
    return { primary, replica };
  }

  async function lobbyOf(t, url) {
    const node = await startNode(t, url, kOneReplica);
    const sdk = await user(t, node, 'ann');
    const room = await subscribed(sdk, 'lobby');
    return { room, say: (id) => sdk.publish('lobby', { kind: 'message', id, text: id }) };
  }

  const temporary = (error) => error.temporary === true;

  test('nobody is told that it is there while the replica is away', async (t) => {
    const { primary, replica } = await startWithReplica(t);
    const { room, say } = await lobbyOf(t, primary.url());
    await say('one');
    await replica.freeze();
    await assert.rejects(say('two'), temporary);
    await assert.rejects(say('two'), temporary);
    await replica.thaw();
    await say('two');
    await say('three');
    await seen(room, 3);
    assert.deepEqual(
      room.seen.map(({ id }) => id),
      ['one', 'two', 'three'],
    );
  });

  test('another Redis does not vouch for what it never had', async (t) => {
    const { primary, replica } = await startWithReplica(t);
    const other = await startWithReplica(t);
    const proxy = await startProxy(t, primary.port);
    const { room, say } = await lobbyOf(t, `redis://127.0.0.1:${proxy.port}`);
    await say('one');
    await replica.freeze();
    const refused = assert.rejects(say('two'), temporary);
    await seen(room, 2); // it is stored, and waits for the replica
    proxy.retarget(other.primary.port);
    proxy.cut();
    await refused;
    await say('two');
  });
});
