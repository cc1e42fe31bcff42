// SPDX-License-Identifier: Apache-2.0
// What the tests with Redis stand on does what it says: servers that are killed, frozen and
// replaced. Without the binary.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';

import { newCertificates } from './support/certificates.mjs';
import { kNoRedis, palaverUser, startRedis } from './support/redis.mjs';
import { startCluster, startSentinels } from './support/redis_groups.mjs';
import { encodeCommand, parseReply, redisCommand } from './support/resp.mjs';
import { until } from './support/wait.mjs';

const kMs = 10_000;

test('a reply is read when all of it is here', () => {
  const bytes = Buffer.from('*4\r\n$5\r\nhéll\r\n:-7\r\n$-1\r\n*1\r\n+OK\r\n');
  const value = ['héll', -7, null, ['OK']];
  for (let size = 0; size < bytes.length; size += 1) {
    assert.equal(parseReply(bytes.subarray(0, size)), null);
  }
  assert.deepEqual(parseReply(bytes), { value, end: bytes.length });
  assert.equal(encodeCommand(['GET', 'hé']).toString(), '*2\r\n$3\r\nGET\r\n$3\r\nhé\r\n');
});

describe('a Redis server', { skip: kNoRedis }, () => {
  test('forgets when it is killed, and comes back on the same port', async (t) => {
    const server = await startRedis(t);
    const { port } = server;
    assert.equal(server.url(), `redis://127.0.0.1:${port}`);
    assert.equal(await server.command('SET', 'key', 'value'), 'OK');
    await server.kill();
    assert.ok(!server.running);
    await assert.rejects(server.command('PING'), /ECONNREFUSED/);
    await server.restart();
    assert.equal(server.port, port);
    assert.equal(await server.command('GET', 'key'), null);
  });

  test('keeps what it answered with an append-only file', async (t) => {
    const server = await startRedis(t, { appendOnly: true });
    await server.command('SET', 'key', 'value');
    await server.kill();
    await server.restart();
    assert.equal(await server.command('GET', 'key'), 'value');
  });

  test('is silent while it is frozen', async (t) => {
    const server = await startRedis(t);
    await server.freeze();
    assert.ok(server.running);
    await assert.rejects(server.command('PING'), /waited/);
    await server.thaw();
    assert.equal(await server.command('PING'), 'PONG');
    await server.freeze();
    assert.deepEqual(await server.terminate(), { code: 0, signal: null });
    assert.ok(existsSync(server.folder));
    await server.stop();
    assert.ok(!existsSync(server.folder));
  });

  test('holds people to their passwords, commands, keys and channels', async (t) => {
    const user = palaverUser('chat', 'secret', ['get', 'set', 'publish']);
    const server = await startRedis(t, { password: 'quiet', users: [user] });
    assert.equal(server.url(), `redis://:quiet@127.0.0.1:${server.port}`);
    assert.equal(server.url(user), `redis://chat:secret@127.0.0.1:${server.port}`);
    await assert.rejects(redisCommand({ port: server.port }, 'GET', 'key'), /NOAUTH/);
    assert.equal(await server.commandAs(user, 'SET', 'palaver:key', 'value'), 'OK');
    assert.equal(await server.commandAs(user, 'PUBLISH', 'palaver:room', 'text'), 0);
    for (const words of [['GET', 'key'], ['PUBLISH', 'room', 'text'], ['FLUSHALL']]) {
      await assert.rejects(server.commandAs(user, ...words), /NOPERM/);
    }
    assert.equal(await server.command('GET', 'palaver:key'), 'value');
  });

  test('speaks TLS with a certificate of the authority', async (t) => {
    const tls = await newCertificates(t);
    const other = await newCertificates(t);
    const server = await startRedis(t, { tls });
    assert.equal(server.url(), `rediss://127.0.0.1:${server.port}`);
    const { port } = server;
    assert.equal(await redisCommand({ port, authority: tls.authority }, 'PING'), 'PONG');
    const stranger = redisCommand({ port, authority: other.authority }, 'PING');
    await assert.rejects(stranger, /certificate/);
  });

  test('says why it does not start', async (t) => {
    await assert.rejects(startRedis(t, { config: ['nonsense yes'] }), /nonsense/);
  });
});

describe('Redis servers that replace each other', { skip: kNoRedis }, () => {
  test('sentinels replace a killed primary and take it back as a replica', async (t) => {
    const group = await startSentinels(t, { password: 'secret', sentinelPassword: 'quiet' });
    assert.equal(group.sentinelPorts.length, 3);
    const old = await group.primary();
    const next = await group.replica();
    await old.kill();
    assert.equal(await group.waitForFailover(old), next);
    assert.equal(await next.command('SET', 'key', 'value'), 'OK');
    await old.restart();
    await group.waitUntilReady();
    assert.equal(await group.replica(), old);
  });

  test('a cluster replaces a frozen primary and takes it back as a replica', async (t) => {
    const cluster = await startCluster(t);
    assert.equal(cluster.ports.length, 6);
    const slot = await cluster.slotOf('{lobby}:log');
    assert.equal(await cluster.slotOf('{lobby}:meta'), slot);
    const old = await cluster.primaryOf(slot);
    assert.equal(await old.command('SET', '{lobby}:log', 'value'), 'OK');
    const stranger = cluster.nodes.slice(0, 3).find((node) => node !== old);
    await assert.rejects(stranger.command('GET', '{lobby}:log'), /^Error: MOVED/);
    await old.freeze();
    const next = await cluster.waitForFailover(old, slot);
    assert.notEqual(next, old);
    await old.thaw();
    await until(async () => (await old.info('role')) === 'slave', kMs, 'the old one to follow');
    await cluster.waitUntilOk();
  });
});
