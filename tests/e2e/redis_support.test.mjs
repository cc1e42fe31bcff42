// SPDX-License-Identifier: Apache-2.0
// What the tests with Redis stand on does what it says: servers that are killed, frozen and
// replaced, a proxy that spoils the network, and the article's backend. Without the binary.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net from 'node:net';
import { describe, test } from 'node:test';

import { kNoPython, startArticleBackend } from './support/article_backend.mjs';
import { newCertificates } from './support/certificates.mjs';
import { join, parse } from './support/client.mjs';
import { startProxy } from './support/proxy.mjs';
import { kNoRedis, palaverUser, startRedis, subscribeRedis } from './support/redis.mjs';
import { startCluster, startSentinels } from './support/redis_groups.mjs';
import { encodeCommand, parseReply, redisCommand } from './support/resp.mjs';
import { deadline, until } from './support/wait.mjs';

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

/** Sends back what comes. */
async function startEcho(t) {
  const server = net.createServer((socket) => socket.on('error', () => {}).pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return server.address().port;
}

async function throughProxy(t) {
  const proxy = await startProxy(t, await startEcho(t));
  const socket = net.connect({ host: '127.0.0.1', port: proxy.port });
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  const got = { text: '', closed: false };
  socket.setEncoding('utf8').on('data', (text) => (got.text += text));
  socket.on('close', () => (got.closed = true));
  await once(socket, 'connect');
  const receives = (text) => until(() => got.text === text, kMs, () => `${text}; got ${got.text}`);
  const closes = () => until(() => got.closed, kMs, 'the connection to close');
  return { proxy, socket, got, receives, closes };
}

describe('a proxy', () => {
  test('forwards, and ends what one side has ended', async (t) => {
    const { proxy, socket, receives, closes } = await throughProxy(t);
    socket.write('a');
    await receives('a');
    assert.equal(proxy.open, 1);
    socket.end('b');
    await receives('ab');
    await closes();
    await until(() => proxy.open === 0, kMs, 'the proxy to forget the connection');
  });

  test('cuts what is connected, and lets others in', async (t) => {
    const { proxy, socket, receives, closes } = await throughProxy(t);
    socket.write('a');
    await receives('a');
    proxy.cut();
    await closes();
    assert.equal(proxy.open, 0);
    proxy.refuse();
    const refused = net.connect(proxy.port, '127.0.0.1').on('error', () => {});
    await deadline(once(refused, 'close'), kMs, 'the proxy to refuse');
    proxy.accept();
    const again = net.connect(proxy.port, '127.0.0.1');
    t.after(() => again.destroy());
    again.write('b');
    const [bytes] = await deadline(once(again, 'data'), kMs, 'an echo');
    assert.equal(bytes.toString(), 'b');
    assert.equal(proxy.accepted, 3);
  });

  test('delays in both directions, in order', async (t) => {
    const { proxy, socket, receives } = await throughProxy(t);
    proxy.delay(150);
    const start = Date.now();
    socket.write('a');
    await until(() => socket.bytesWritten === 1, kMs, 'a byte to leave');
    await receives('a');
    assert.ok(Date.now() - start >= 290, `${Date.now() - start} ms`);
    socket.write('b');
    await until(() => socket.bytesWritten === 2, kMs, 'a byte to leave');
    proxy.delay(0);
    socket.write('c');
    await receives('abc');
  });

  for (const direction of ['up', 'down']) {
    test(`halves a chunk on its way ${direction} and cuts`, async (t) => {
      const { proxy, socket, got, closes } = await throughProxy(t);
      proxy.halve(direction);
      socket.write('abcdef');
      await closes();
      assert.equal(got.text, direction === 'down' ? 'abc' : '');
    });
  }

  test('pauses with connections open, and resumes with all of it', async (t) => {
    const { proxy, socket, got, receives } = await throughProxy(t);
    proxy.pause();
    socket.write('a');
    await until(() => proxy.heldBytes === 1, kMs, 'a byte to be held');
    const other = net.connect(proxy.port, '127.0.0.1');
    t.after(() => other.destroy());
    await until(() => proxy.open === 2, kMs, 'a connection during the pause');
    assert.equal(got.text, '');
    assert.ok(!got.closed);
    proxy.resume();
    await receives('a');
  });

  test('makes who sends too much wait, and loses nothing of it', async (t) => {
    const { proxy, socket, got } = await throughProxy(t);
    const much = 32 * 1024 * 1024; // more than the system's buffers and the proxy hold
    proxy.pause();
    let taken = false;
    socket.write('x'.repeat(much), () => (taken = true));
    await until(() => proxy.heldBytes >= 256 * 1024, kMs, 'the proxy to be full');
    assert.ok(!taken && proxy.heldBytes < much / 8, `${proxy.heldBytes} bytes held`);
    proxy.resume();
    await until(() => got.text.length === much, kMs, () => `all of it; got ${got.text.length}`);
    assert.ok(taken);
  });

  test('stands before Redis, and goes over to another one', { skip: kNoRedis }, async (t) => {
    const first = await startRedis(t);
    const second = await startRedis(t);
    const proxy = await startProxy(t, first.port);
    const port = () => redisCommand({ port: proxy.port }, 'CONFIG', 'GET', 'port');
    assert.deepEqual(await port(), ['port', String(first.port)]);
    proxy.retarget(second.port);
    assert.deepEqual(await port(), ['port', String(second.port)]);
    proxy.pause();
    await assert.rejects(port(), /waited/);
  });
});

const kNoBackend = kNoRedis || kNoPython;
test("two of the article's backends chat through Redis", { skip: kNoBackend }, async (t) => {
  const redis = await startRedis(t);
  const room = 'röom';
  const published = await subscribeRedis(t, redis, room);
  const one = await startArticleBackend(t, redis.url());
  const two = await startArticleBackend(t, redis.url());
  const ann = await join(t, one, { room, id: 1 });
  const bob = await join(t, two, { room, id: 22 });
  const elsewhere = await join(t, two, { room: 'other', id: 3 });
  const text = 'hello "Böb"';
  const long = 'x'.repeat(70_000);
  ann.send(text);
  await bob.count(1);
  bob.send(''); // which is not published
  bob.send(long);
  for (const member of [ann, bob]) {
    await member.count(2);
    assert.deepEqual(member.texts, [text, long]);
    assert.deepEqual(
      member.lines.map((line) => parse(line).id),
      ['1', '22'],
    );
  }
  await until(() => published.messages.length === 2, kMs, 'both on the channel');
  // What json.dumps writes: a space after each colon and comma, and ASCII alone.
  const { time } = parse(ann.lines[0]);
  assert.equal(
    published.messages[0],
    `{"channel_id": "r\\u00f6om", "client_id": 1, "time": "${time}", ` +
      '"message": "hello \\"B\\u00f6b\\""}',
  );
  assert.deepEqual(elsewhere.lines, []);
  assert.equal((await ann.leave()).code, 1005);
  await assert.rejects(join(t, one, { room, id: 'ann' }), /403/);
});
