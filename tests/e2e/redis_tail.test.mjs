// SPDX-License-Identifier: Apache-2.0
// The last message of a quiet room is stored, and Redis' word of it does not reach a node whose
// connections stay up: nothing that comes later shows the hole. The node finds it when it compares
// its rooms with Redis, and everybody sees it once and in order.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { kFlags, testEachSeed } from './support/faults.mjs';
import { startNode } from './support/nodes.mjs';
import { randomOf, violations } from './support/oracle.mjs';
import { startProxy } from './support/proxy.mjs';
import { kNoRedis, startRedis } from './support/redis.mjs';
import { parseReply } from './support/resp.mjs';
import { Swarm } from './support/swarm.mjs';
import { until } from './support/wait.mjs';

const kMembers = 16;
const kRooms = 3;
const kSilentMs = 25_000;

/** No subscriber gets these messages. @returns {count} of what was swallowed. */
function swallow(proxy, isLast) {
  const swallowed = { count: 0 };
  proxy.edit = (bytes, direction) => {
    if (direction !== 'down') return bytes;
    const kept = [];
    for (let at = 0; at < bytes.length; ) {
      const reply = parseReply(bytes, at);
      if (reply === null) return bytes; // the rest is to come: none of the small ones
      const [kind, , text] = Array.isArray(reply.value) ? reply.value : [];
      const lost = kind === 'message' && isLast(text);
      if (lost) swallowed.count += 1;
      else kept.push(bytes.subarray(at, reply.end));
      at = reply.end;
    }
    return Buffer.concat(kept);
  };
  return swallowed;
}

describe('a quiet room on two nodes', { skip: kNoRedis }, () => {
  testEachSeed('gets its last message though nobody tells of it', async (t, seed) => {
    const random = randomOf(seed);
    const redis = await startRedis(t);
    const proxy = await startProxy(t, redis.port);
    const nodes = await Promise.all([
      startNode(t, redis.url(), { ...kFlags, shards: 1 }),
      startNode(t, `redis://127.0.0.1:${proxy.port}`, { ...kFlags, shards: 2 }),
    ]);
    const rooms = Array.from({ length: kRooms }, (_, index) => `room ${index}`);
    const swarm = new Swarm(t, nodes, { members: kMembers, rooms });
    await swarm.everybodyIsThere();
    const membersOf = ({ port }) => swarm.members.filter(({ node }) => node === port);
    const [heard, deaf] = nodes.map(membersOf);
    for (let i = 0; i < 30; i += 1) swarm.say(swarm.members[Math.floor(random() * kMembers)]);
    await swarm.settle();

    const { accepted } = proxy;
    const last = rooms.map((room) => heard.find((member) => member.room === room));
    const ids = last.map((member) => swarm.say(member));
    const swallowed = swallow(proxy, (text) => ids.some((id) => text.includes(`in ${id}.`)));
    const sees = (id) => (member) => member.events.at(-1).id === id;
    const inRoomOf = (of, members) => members.filter(({ room }) => room === of.room);
    const allSee = (members) =>
      last.every((of, index) => inRoomOf(of, members).every(sees(ids[index])));
    await until(() => allSee(heard) && swarm.inFlight === 0, 5_000, 'one node to see all');
    const start = Date.now();
    assert.equal(swallowed.count, kRooms);
    assert.ok(deaf.every((member) => !ids.some((id) => sees(id)(member))), 'the other sees some');
    await until(() => allSee(deaf), kSilentMs, 'the other node to see all');
    t.diagnostic(`seed ${seed}, seen after ${Date.now() - start} ms`);
    assert.equal(proxy.accepted, accepted, 'the connections have stayed');
    assert.deepEqual(violations(await swarm.settle()), [], `seed ${seed}`);
  });
});
