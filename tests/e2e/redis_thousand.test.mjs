// SPDX-License-Identifier: Apache-2.0
// A node with half of a thousand members is killed: all come back to the other one, soon, and miss
// nothing.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { kFlags, testEachSeed } from './support/faults.mjs';
import { startNodes } from './support/nodes.mjs';
import { randomOf, violations } from './support/oracle.mjs';
import { kNoRedis, startRedis } from './support/redis.mjs';
import { Swarm } from './support/swarm.mjs';
import { until } from './support/wait.mjs';

const kMembers = 1_000;
const kRooms = 20;
const kMessages = 100; // before the kill, one after the other, and as many after it
const kMessagesPerSecond = 100;
const kInFlight = 32;
const kBackMs = 10_000; // about 1 s on an idle machine, of which the members wait up to 0.3 s
const kFlagsOfMany = { ...kFlags, 'connections-per-ip-max': 0 };

/** Anybody says something now and then. */
async function chat(swarm, random) {
  const start = Date.now();
  let said = 0;
  const all = () => {
    const due = ((Date.now() - start) / 1000) * kMessagesPerSecond;
    for (; said < Math.min(due, kMessages); said += 1) {
      swarm.say(swarm.members[Math.floor(random() * kMembers)]);
    }
    return said === kMessages;
  };
  await until(all, 60_000, 'the end of the chat');
}

describe('a thousand members on two nodes', { skip: kNoRedis }, () => {
  testEachSeed('miss nothing when one of them is killed', async (t, seed) => {
    const random = randomOf(seed);
    const redis = await startRedis(t);
    const nodes = await startNodes(t, redis.url(), kFlagsOfMany);
    const rooms = Array.from({ length: kRooms }, (_, index) => `room ${index}`);
    const swarm = new Swarm(t, nodes, { members: kMembers, rooms });
    await swarm.everybodyIsThere();
    await chat(swarm, random);

    const victim = nodes[Math.floor(random() * nodes.length)];
    const hit = swarm.members.filter(({ node }) => node === victim.port);
    assert.equal(hit.length, kMembers / 2);
    for (let i = 0; i < 2 * kInFlight; i += 1) {
      swarm.say(swarm.members[Math.floor(random() * kMembers)]);
    }
    const { inFlight } = swarm;
    victim.kill('SIGKILL');
    const start = Date.now();
    await victim.exit;
    await until(() => hit.some(({ back }) => !back), kBackMs, 'the members to notice');
    const chatting = chat(swarm, random);
    const returned = () => hit.every(({ back, node }) => back && node !== victim.port);
    await until(returned, kBackMs, () => `${hit.filter(({ back }) => !back).length} to be back`);
    const ms = Date.now() - start;
    await chatting;

    const record = await swarm.settle();
    const wrong = violations(record);
    t.diagnostic(`seed ${seed}, ${hit.length} members back after ${ms} ms, in flight ${inFlight}`);
    t.diagnostic(`messages ${swarm.posts.size}, violations ${wrong.length}`);
    assert.ok(inFlight >= kInFlight, `${inFlight} in flight`);
    assert.deepEqual(wrong.slice(0, 20), [], `seed ${seed}`);
  });
});
