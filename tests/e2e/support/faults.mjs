// SPDX-License-Identifier: Apache-2.0
// A crowd on two nodes while something fails: where the nodes meet, when the fault comes, and what
// everybody has to have seen afterwards. The seed decides the plan and the fault's time.
//
//   PALAVER_SEED             the first seed; printed
//   PALAVER_SEEDS            how many of them, each a test (1)
//   PALAVER_ORACLE_CLIENTS   16
//   PALAVER_ORACLE_SECONDS   4, of a fault that does not take longer

import { test } from 'node:test';

import { Crowd, judge, planOf } from './crowd.mjs';
import { startNode } from './nodes.mjs';
import { randomOf } from './oracle.mjs';
import { startProxy } from './proxy.mjs';
import { startRedis } from './redis.mjs';
import { startCluster, startSentinels } from './redis_groups.mjs';
import { connectRedis } from './resp.mjs';

const kSeed = Number(process.env.PALAVER_SEED ?? Date.now() % 2 ** 32);
const kSeeds = Array.from({ length: Number(process.env.PALAVER_SEEDS ?? 1) }, (_, i) => kSeed + i);
const kClients = Number(process.env.PALAVER_ORACLE_CLIENTS ?? 16);
const kSeconds = Number(process.env.PALAVER_ORACLE_SECONDS ?? 4);
const kRooms = 3;
const kMessagesPerSecond = 60;
const kKept = 100_000;
export const kFlags = { 'history-entries-max': kKept, 'broker-timeout': '1s' };

/** `run(t, seed)` is a test for each seed. */
export function testEachSeed(name, run) {
  for (const seed of kSeeds) {
    test(kSeeds.length > 1 ? `${name}: ${seed}` : name, (t) => run(t, seed));
  }
}

// Where the nodes meet: what the faults may spoil, and `flags(index)`, of each node.

const at = (port, login = '') => ({ 'redis-url': `redis://${login}127.0.0.1:${port}` });

export const oneRedis = (options) => async (t) => {
  const redis = await startRedis(t, options);
  const line = await connectRedis(redis.address); // who orders a fault does not connect first
  t.after(() => line.close());
  return { redis, line, flags: () => at(redis.port) };
};

export const behindProxies = async (t) => {
  const redis = await startRedis(t);
  const proxies = [await startProxy(t, redis.port), await startProxy(t, redis.port)];
  return { redis, proxies, flags: (index) => at(proxies[index].port) };
};

export const sentinels = async (t) => {
  const group = await startSentinels(t, { password: 'secret' });
  const list = group.sentinelPorts.map((port) => `127.0.0.1:${port}`).join(',');
  const flags = { 'redis-sentinels': list, 'redis-sentinel-master': group.name };
  return { group, flags: () => ({ ...at(1, ':secret@'), ...flags }) }; // nobody is at port 1
};

export const sixNodes = async (t) => {
  const cluster = await startCluster(t);
  return { cluster, flags: (index) => at(cluster.ports[index]) };
};

/**
 * @param place Of the above. @param faults Of (random, world), steps of a plan: [{at, run}];
 *   world: what `place` made, and {t, nodes, seconds}. @param options {seconds, mayLose, flags of
 *   the nodes, record: what more the oracle has to know}.
 */
export async function play(t, seed, place, faults, options = {}) {
  const { seconds = kSeconds, mayLose = false, flags = {}, record: rules = {} } = options;
  const world = { t, seconds, ...(await place(t)) };
  world.start = (index, more) =>
    startNode(t, '', { ...kFlags, shards: index + 1, ...flags, ...world.flags(index), ...more });
  world.nodes = await Promise.all([world.start(0), world.start(1)]);
  const random = randomOf(seed);
  const size = { clients: kClients, rooms: kRooms, seconds, rate: kMessagesPerSecond };
  const plan = planOf(random, size);
  const steps = faults(random, world);
  plan.steps = [...plan.steps, ...steps].sort((a, b) => a.at - b.at);
  const crowd = new Crowd(t, world.nodes, plan);
  crowd.mayLose = mayLose;
  const named = steps.map(({ at: when }) => when.toFixed(2)).join(', ');
  t.diagnostic(`faults at ${named} s`);
  try {
    await crowd.gather();
    await crowd.play();
    await crowd.settle();
    const all = crowd.recordByHistory(kKept, await crowd.readAll());
    const record = { ...all, ...rules };
    judge(t, seed, crowd, record);
    return { crowd, record, world };
  } catch (error) {
    for (const { output } of world.nodes) t.diagnostic(output);
    throw error;
  }
}

/** One, in the middle of it. */
export const once = (run) => (random, world) => [
  { at: world.seconds * (0.3 + 0.3 * random()), inFlight: true, run: () => run(world, random) },
];

/** Several, all the time. */
export const often = (count, run) => (random, world) =>
  Array.from({ length: count }, (_, index) => ({
    at: (world.seconds * (index + random())) / count,
    inFlight: true,
    run: () => run(world, index),
  }));

/** One, and after some seconds another that ends it. */
export const between = (seconds, begin, end) => (random, world) => {
  const when = world.seconds * (0.1 + 0.2 * random());
  return [
    { at: when, inFlight: true, run: () => begin(world) },
    { at: when + seconds, run: () => end(world) },
  ];
};
