// SPDX-License-Identifier: Apache-2.0
// A crowd on two nodes that meet through Redis, while its connections break, and one thing more:
// a node dies, Redis dies or is silent, the network between them is bad. Whatever it is, each sees
// every publication of its rooms once and in order; only where Redis itself forgot something, all
// are told so (support/oracle.mjs).
//
//   PALAVER_SEED             decides the plan and the fault's time; printed
//   PALAVER_ORACLE_CLIENTS   16
//   PALAVER_ORACLE_SECONDS   4

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Crowd, judge, planOf } from './support/crowd.mjs';
import { startNode, startNodes } from './support/nodes.mjs';
import { randomOf } from './support/oracle.mjs';
import { startProxy } from './support/proxy.mjs';
import { kNoRedis, startRedis } from './support/redis.mjs';

const kSeed = Number(process.env.PALAVER_SEED ?? Date.now() % 2 ** 32);
const kClients = Number(process.env.PALAVER_ORACLE_CLIENTS ?? 16);
const kSeconds = Number(process.env.PALAVER_ORACLE_SECONDS ?? 4);
const kRooms = 3;
const kMessagesPerSecond = 60;
const kKept = 100_000;
const kFlags = { 'history-entries-max': kKept, 'broker-timeout': '1s' };

/**
 * @param faults Of (random, world), steps of a plan: [{at, run}]. world: {redis, nodes, restart},
 *   and the proxies of the nodes, if `proxied`.
 */
async function play(t, faults, { redisOptions, proxied = false, mayLose = false } = {}) {
  const redis = await startRedis(t, redisOptions);
  const proxies = proxied ? [await startProxy(t, redis.port), await startProxy(t, redis.port)] : [];
  const urls = proxies.map(({ port }) => `redis://127.0.0.1:${port}`);
  const nodes = proxied
    ? await Promise.all(urls.map((url) => startNode(t, url, kFlags)))
    : await startNodes(t, redis.url(), kFlags);
  const random = randomOf(kSeed);
  const [clients, rooms, seconds] = [kClients, kRooms, kSeconds];
  const plan = planOf(random, { clients, rooms, seconds, rate: kMessagesPerSecond });
  const steps = faults(random, { t, redis, nodes, proxies });
  plan.steps = [...plan.steps, ...steps].sort((a, b) => a.at - b.at);
  const crowd = new Crowd(t, nodes, plan);
  crowd.mayLose = mayLose;
  await crowd.gather();
  await crowd.play();
  await crowd.settle();
  const record = crowd.recordByHistory(kKept, await crowd.readAll());
  const named = steps.map(({ at }) => at.toFixed(2)).join(', ');
  t.diagnostic(`faults at ${named} s`);
  judge(t, kSeed, crowd, record);
  return { crowd, record };
}

/** One, in the middle of it. */
const once = (run) => (random, world) => [
  { at: kSeconds * (0.3 + 0.3 * random()), run: () => run(world, random) },
];

/** Several, all the time. */
const often = (count, run) => (random, world) =>
  Array.from({ length: count }, (_, index) => ({
    at: (kSeconds * (index + random())) / count,
    run: () => run(world, index),
  }));

/** One, and after some seconds another that ends it. */
const between = (seconds, begin, end) => (random, world) => {
  const at = kSeconds * (0.1 + 0.2 * random());
  return [
    { at, run: () => begin(world) },
    { at: at + seconds, run: () => end(world) },
  ];
};

async function killNode({ t, redis, nodes }, random) {
  const index = Math.floor(random() * nodes.length);
  const { port } = nodes[index];
  nodes[index].kill('SIGKILL');
  await nodes[index].exit;
  nodes[index] = await startNode(t, redis.url(), { ...kFlags, port });
}

const killClients = (type) => ({ redis }) =>
  redis.command('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');

const freeze = ({ redis }) => redis.freeze();
const thaw = ({ redis }) => redis.thaw();
const restartRedis = ({ redis }) => redis.restart();

/** A proxy to spoil, one after the other. */
const withProxy = (run) => async ({ proxies }, index) =>
  run(proxies[index % proxies.length], index);

describe('a crowd on two nodes misses nothing', { skip: kNoRedis }, () => {
  test('when a node is killed and comes back', (t) => play(t, once(killNode)));

  test('when Redis ends the connections that subscribe', (t) =>
    play(t, often(4, killClients('pubsub'))));

  test('when Redis ends the connections that ask', (t) => play(t, often(4, killClients('normal'))));

  test('when Redis is silent for a moment', (t) => play(t, between(0.6, freeze, thaw)));

  test('when Redis is silent for longer than a message may wait', (t) =>
    play(t, between(2.2, freeze, thaw)));

  test('when Redis is killed and has all on disk', (t) =>
    play(t, once(restartRedis), { redisOptions: { appendOnly: true } }));

  test('when the way to Redis is cut', (t) =>
    play(t, often(6, withProxy((proxy) => proxy.cut())), { proxied: true }));

  test('when replies and commands are torn', (t) => {
    const tear = withProxy((proxy, index) => proxy.halve(index % 4 < 2 ? 'down' : 'up'));
    return play(t, often(8, tear), { proxied: true });
  });

  test('when the way to Redis is long for one of them', (t) => {
    const delay = (ms) => ({ proxies }) => Promise.resolve(proxies[0].delay(ms));
    return play(t, between(2, delay(150), delay(0)), { proxied: true });
  });
});

test('when Redis is killed and forgets, all are told', { skip: kNoRedis }, async (t) => {
  const { crowd, record } = await play(t, once(restartRedis), { mayLose: true });
  for (const [room, { lost }] of record.rooms) assert.equal(lost.length, 1, room);
  const memberships = crowd.people.reduce((sum, { rooms }) => sum + rooms.length, 0);
  assert.ok(crowd.counts.losses >= memberships, `${crowd.counts.losses} of ${memberships} told`);
});
