// SPDX-License-Identifier: Apache-2.0
// Redis servers that replace each other, ready for a failover when they have started: a primary
// with its replica and three sentinels, and a cluster of six. Each belongs to the test `t`.

import { kPatienceMs, startRedis } from './redis.mjs';
import { until } from './wait.mjs';

const pairsOf = (list) =>
  Object.fromEntries(
    list.flatMap((word, index) => (index % 2 === 0 ? [[word, list[index + 1]]] : [])),
  );

async function all(items, condition) {
  for (const item of items) if (!(await condition(item))) return false;
  return true;
}

const logsOf = (servers) => servers.map(({ log }) => log).join('\n');

// Who the replica and the sentinels are to a server: without them it is alone, and does not know.
const kPeers = ['replica', 'sentinel'];
const kPeerPassword = 'peer';

/** A killed or frozen primary is replaced after about 2.5 seconds. */
class RedisSentinels {
  name = 'palaver'; // of the primary, to ask a sentinel for
  servers = [];
  sentinels = [];

  get sentinelPorts() {
    return this.sentinels.map(({ port }) => port);
  }

  /** As the first sentinel that answers has it, which can be one that has just died; or null. */
  async primary() {
    for (const sentinel of this.sentinels) {
      if (!sentinel.running) continue;
      const found = await sentinel.tryCommand('SENTINEL', 'get-master-addr-by-name', this.name);
      if (found) return this.servers.find(({ port }) => port === Number(found[1])) ?? null;
    }
    return null;
  }

  async replica() {
    const primary = await this.primary();
    return this.servers.find((server) => server !== primary);
  }

  /**
   * Cuts a server off from the replica and the sentinels; it goes on serving everybody else. Only
   * where there is a password: else they could come as anybody.
   */
  async separate(server) {
    for (const peer of kPeers) await server.command('ACL', 'SETUSER', peer, 'off');
    for (const peer of kPeers) await server.command('CLIENT', 'KILL', 'USER', peer);
  }

  async rejoin(server) {
    for (const peer of kPeers) await server.command('ACL', 'SETUSER', peer, 'on');
  }

  /** What is killed from here on is replaced. */
  async waitUntilReady() {
    const everybody = [...this.servers, ...this.sentinels];
    const what = () => `the sentinels to be ready:\n${logsOf(everybody)}`;
    await until(() => this.#isReady(), kPatienceMs, what);
    return this;
  }

  /** @returns the new primary, when it says so itself. */
  waitForFailover(old) {
    const replaced = async () => {
      const primary = await this.primary();
      const done = primary && primary !== old && (await primary.info('role')) === 'master';
      return done ? primary : null;
    };
    return until(replaced, kPatienceMs, () => `another primary:\n${logsOf(this.sentinels)}`);
  }

  async #isReady() {
    const primary = await this.primary();
    if ((await primary?.info('role')) !== 'master') return false;
    if ((await (await this.replica()).info('master_link_status')) !== 'up') return false;
    return all(this.sentinels, async (sentinel) => {
      if (!sentinel.running) return true;
      const seen = (await sentinel.info('master0')) ?? '';
      if (!seen.includes('status=ok') || !seen.endsWith('slaves=1,sentinels=3')) return false;
      // A failover waits until the replica has told how far it is.
      const replicas = (await sentinel.tryCommand('SENTINEL', 'replicas', this.name)) ?? [];
      const known = replicas.map(pairsOf);
      return known.every((of) => of.flags === 'slave' && of['master-link-status'] === 'ok');
    });
  }
}

/** @param options Of startRedis, and `sentinelPassword`, which the sentinels ask for. */
export async function startSentinels(t, { sentinelPassword, ...options } = {}) {
  const group = new RedisSentinels();
  const rules = '~* &* +@all';
  const peers = kPeers.map((peer) => ({ name: peer, password: kPeerPassword, rules }));
  const users = [...(options.users ?? []), ...peers];
  const replication = [`masteruser ${kPeers[0]}`, `masterauth ${kPeerPassword}`];
  const server = { ...options, users, config: [...(options.config ?? []), ...replication] };
  const primary = await startRedis(t, server);
  const replica = await startRedis(t, { ...server, replicaOf: primary.port });
  group.servers.push(primary, replica);
  // Before the sentinels look: a replica that was never in step is no candidate.
  const inStep = async () => (await replica.info('master_link_status')) === 'up';
  await until(inStep, kPatienceMs, () => `the replica to be in step:\n${replica.log}`);
  const { name } = group;
  const config = [
    ...(sentinelPassword ? [`sentinel sentinel-pass ${sentinelPassword}`] : []),
    `sentinel monitor ${name} 127.0.0.1 ${primary.port} 2`,
    `sentinel down-after-milliseconds ${name} 1000`,
    `sentinel failover-timeout ${name} 3000`,
    `sentinel auth-user ${name} ${kPeers[1]}`,
    `sentinel auth-pass ${name} ${kPeerPassword}`,
  ];
  const { tls } = options;
  for (let i = 0; i < 3; i += 1) {
    const of = { kind: 'sentinel', tls, password: sentinelPassword, config };
    const sentinel = await startRedis(t, of);
    group.sentinels.push(sentinel);
    // By default a primary that comes back stays one for four periods of 2 s, and each server is
    // looked at every 10 s: half a minute that no test needs.
    const periods = ['info-period', 500, 'publish-period', 300];
    await sentinel.command('SENTINEL', 'DEBUG', ...periods);
  }
  return group.waitUntilReady();
}

const kPrimaries = 3;
const kSlots = 16_384;
const kSlotsEach = Math.ceil(kSlots / kPrimaries);

/** A killed or frozen primary is replaced after about 3 seconds. */
class RedisCluster {
  nodes = []; // the first three were made primaries, the others their replicas, in the same order

  get ports() {
    return this.nodes.map(({ port }) => port);
  }

  slotOf(key) {
    return this.nodes.find(({ running }) => running).command('CLUSTER', 'KEYSLOT', key);
  }

  /** As the newest view among the nodes has it, which can be one that has just died; or null. */
  async primaryOf(slot) {
    let newest = 0;
    let found = null;
    for (const node of this.nodes) {
      for (const line of await this.#view(node)) {
        if (line.epoch <= newest || !line.slots.some(([a, b]) => a <= slot && slot <= b)) continue;
        newest = line.epoch;
        found = this.nodes.find(({ plainPort }) => plainPort === line.port) ?? null;
      }
    }
    return found;
  }

  /** Every node that runs finds the cluster well, and each replica has all of its primary. */
  async waitUntilOk() {
    const what = () => `the cluster to be well:\n${logsOf(this.nodes)}`;
    await until(() => this.#isOk(), kPatienceMs, what);
    return this;
  }

  /** @returns the new primary of the slot, when it says so itself. */
  waitForFailover(old, slot) {
    const replaced = async () => {
      const primary = await this.primaryOf(slot);
      const done = primary && primary !== old && (await primary.info('role')) === 'master';
      return done ? primary : null;
    };
    return until(replaced, kPatienceMs, () => `another primary of a slot:\n${logsOf(this.nodes)}`);
  }

  async #view(node) {
    const text = (node.running && (await node.tryCommand('CLUSTER', 'NODES'))) || '';
    return text.split('\n').map((line) => {
      const [, address = '', flags = '', , , , epoch, , ...slots] = line.split(' ');
      const range = (slot) => slot.split('-').map(Number);
      return {
        port: Number(/:(\d+)@/.exec(address)?.[1]), // for those who ask without TLS
        flags,
        epoch: Number(epoch),
        slots: slots.map(range).map(([first, last = first]) => [first, last]),
      };
    });
  }

  #isOk() {
    const running = this.nodes.filter((node) => node.running);
    return all(running, async (node) => {
      const state = (await node.tryCommand('CLUSTER', 'INFO')) ?? '';
      if (!state.includes('cluster_state:ok') || !state.includes('cluster_known_nodes:6')) {
        return false;
      }
      // All agree on who is a replica, and those are in step: a failover needs both.
      const replicas = (await this.#view(node)).filter(({ flags }) => flags.includes('slave'));
      const link = await node.info('master_link_status');
      return replicas.length >= running.length - kPrimaries && (link ?? 'up') === 'up';
    });
  }
}

/** @param options Of startRedis, for all nodes. */
export async function startCluster(t, options = {}) {
  const cluster = new RedisCluster();
  const { nodes } = cluster;
  for (let i = 0; i < 2 * kPrimaries; i += 1) {
    const node = await startRedis(t, { ...options, kind: 'cluster node' });
    nodes.push(node);
    // Epochs that differ from the start: the nodes need not agree on who gets which.
    await node.command('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
    if (i > 0) await nodes[0].command('CLUSTER', 'MEET', '127.0.0.1', node.port);
    if (i >= kPrimaries) continue;
    const first = i * kSlotsEach;
    const last = Math.min(first + kSlotsEach, kSlots) - 1;
    await node.command('CLUSTER', 'ADDSLOTSRANGE', first, last);
  }
  for (const [i, replica] of nodes.slice(kPrimaries).entries()) {
    const id = await nodes[i].command('CLUSTER', 'MYID');
    const follows = () => replica.tryCommand('CLUSTER', 'REPLICATE', id); // it has heard of it
    await until(follows, kPatienceMs, () => `the nodes to know each other:\n${logsOf(nodes)}`);
  }
  return cluster.waitUntilOk();
}
