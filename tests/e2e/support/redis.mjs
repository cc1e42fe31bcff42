// SPDX-License-Identifier: Apache-2.0
// A real redis-server for a test, on a free port of 127.0.0.1 with its files in a folder of its
// own. It belongs to the test that started it and ends with it, and the folder goes with it. Groups
// of them: redis_groups.mjs.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { Child, isInstalled } from './child.mjs';
import { connectRedis, redisCommand } from './resp.mjs';
import { until } from './wait.mjs';

/** For `skip` of a test: why there is none, or false. */
export const kNoRedis = isInstalled('redis-server')
  ? false
  : 'no redis-server in the PATH: script/bootstrap test installs it';
if (kNoRedis) console.log(`skipping what needs Redis: ${kNoRedis}`);

export const kPatienceMs = 30_000; // of a failover on a busy machine
const kAttempts = 20;
// A cluster node's bus is this far above its port. Both stay below the ports that the system gives
// to outgoing connections, which could take one while its server is down.
const kBusDistance = 10_000;

function isFree(port) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.on('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

async function freeRedisPort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 10_000);
    if ((await isFree(port)) && (await isFree(port + kBusDistance))) return port;
  }
}

/** A user that may use nothing but the keys and channels of Palaver, with these commands only. */
export function palaverUser(name, password, commands) {
  const allowed = commands.map((command) => `+${command}`).join(' ');
  return { name, password, rules: `~palaver:* &palaver:* -@all ${allowed}` };
}

/**
 * Options, all of them optional:
 *   kind         'cluster node' or 'sentinel'
 *   appendOnly   true: what was answered is on disk
 *   tls          of newCertificates(): TLS on a second port, also between replicas and nodes
 *   password     of the default user
 *   users        [{name, password, rules}], beside the default user, which may do everything
 *   replicaOf    the port of a server with the same tls and password
 *   config       more lines of redis.conf
 */
export class RedisServer {
  #options;
  #child;
  #log = '';

  constructor(options) {
    this.#options = options;
  }

  /** Where clients connect: the port with TLS, if there is TLS. */
  get port() {
    return this.#options.tls ? this.tlsPort : this.plainPort;
  }

  get address() {
    return { port: this.plainPort, password: this.#options.password };
  }

  get running() {
    return this.#child?.running ?? false;
  }

  get log() {
    return this.#log + (this.#child?.output ?? '');
  }

  /** With the default user's password, or with this user and theirs. */
  url({ name = '', password = this.#options.password } = {}) {
    const login = password ? `${name}:${password}@` : '';
    return `${this.#options.tls ? 'rediss' : 'redis'}://${login}127.0.0.1:${this.port}`;
  }

  async start() {
    this.folder = await mkdtemp(path.join(tmpdir(), 'palaver-redis-'));
    for (let attempt = 0; attempt < kAttempts; attempt += 1) {
      this.plainPort = await freeRedisPort();
      if (this.#options.tls) this.tlsPort = await freeRedisPort();
      await this.#writeFiles();
      if (await this.#launch()) return this;
      if (!this.log.includes('Address already in use')) break;
      this.#child = null;
    }
    throw new Error(`redis-server does not start:\n${this.log}`);
  }

  async stop() {
    await this.#child?.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  kill() {
    return this.#child.kill();
  }

  terminate() {
    return this.#child.terminate();
  }

  freeze() {
    return this.#child.freeze();
  }

  thaw() {
    return this.#child.thaw();
  }

  /** On the same ports, with the same files, redis.conf as a sentinel left it. */
  async restart() {
    await this.kill();
    if (!(await this.#launch())) throw new Error(`redis-server does not come back:\n${this.log}`);
  }

  /** The default user says it. Rejects with a RedisError, or when nobody answers. */
  command(...words) {
    return redisCommand(this.address, ...words);
  }

  /** Null instead, when nobody answers or the answer is an error. */
  tryCommand(...words) {
    return this.command(...words).catch(() => null);
  }

  commandAs({ name, password }, ...words) {
    return redisCommand({ port: this.plainPort, user: name, password }, ...words);
  }

  /** A field of INFO; undefined when there is none, or nobody answers. */
  async info(field) {
    const all = (await this.tryCommand('INFO')) ?? '';
    return new RegExp(`^${field}:(.*?)\r?$`, 'm').exec(all)?.[1];
  }

  async #launch() {
    if (this.#child) this.#log = this.log;
    const sentinel = this.#options.kind === 'sentinel' ? ['--sentinel'] : [];
    this.#child = new Child('redis-server', [path.join(this.folder, 'redis.conf'), ...sentinel]);
    // Another server may have got the port meanwhile: who answers has to be this one.
    const answers = async () =>
      (await this.tryCommand('PING')) === 'PONG' &&
      Number(await this.info('process_id')) === this.#child.pid;
    const decided = async () => !this.running || answers();
    await until(decided, kPatienceMs, () => `redis-server to answer PING:\n${this.log}`);
    if (!this.running) await this.#child.end(); // with all that it said
    return this.running;
  }

  async #writeFiles() {
    const { password, users = [] } = this.#options;
    await writeFile(path.join(this.folder, 'redis.conf'), this.#config().join('\n'));
    if (users.length === 0) return;
    const lines = [
      `user default on ${password ? `>${password}` : 'nopass'} ~* &* +@all`,
      ...users.map((user) => `user ${user.name} on >${user.password} ${user.rules}`),
    ];
    await writeFile(path.join(this.folder, 'users.acl'), `${lines.join('\n')}\n`);
  }

  #config() {
    const { kind, appendOnly, password, users = [], replicaOf, config = [] } = this.#options;
    const lines = [`port ${this.plainPort}`, 'bind 127.0.0.1', 'protected-mode no'];
    lines.push(`dir "${this.folder}"`, ...this.#tlsConfig());
    if (users.length > 0) lines.push(`aclfile "${path.join(this.folder, 'users.acl')}"`);
    else if (password) lines.push(`requirepass ${password}`);
    if (kind !== 'sentinel') {
      lines.push('save ""', 'enable-debug-command local', 'repl-diskless-sync-delay 0');
      lines.push('shutdown-timeout 0'); // no good-bye to replicas that a test has frozen
      if (password) lines.push(`masterauth ${password}`);
      if (appendOnly) lines.push('appendonly yes', 'appendfsync always');
      if (replicaOf) lines.push(`replicaof 127.0.0.1 ${replicaOf}`);
    }
    if (kind === 'cluster node') {
      lines.push('cluster-enabled yes', 'cluster-node-timeout 1500');
      lines.push('cluster-allow-replica-migration no');
    }
    return [...lines, ...config, ''];
  }

  #tlsConfig() {
    const { tls, kind } = this.#options;
    if (!tls) return [];
    return [
      `tls-port ${this.tlsPort}`,
      'tls-auth-clients no',
      `tls-cert-file "${tls.certificate}"`,
      `tls-key-file "${tls.key}"`,
      `tls-ca-cert-file "${tls.authority}"`,
      'tls-replication yes',
      ...(kind === 'cluster node' ? ['tls-cluster yes'] : []),
    ];
  }
}

/** Resolves when it answers. */
export async function startRedis(t, options = {}) {
  const server = new RedisServer(options);
  t.after(() => server.stop());
  return server.start();
}

/** A connection that has subscribed: `messages` are what is published there, as texts. */
export async function subscribeRedis(t, server, channel) {
  const connection = await connectRedis(server.address);
  t.after(() => connection.close());
  await connection.command('SUBSCRIBE', channel);
  return {
    get messages() {
      return connection.messages.map(([, , text]) => text);
    },
  };
}
