// SPDX-License-Identifier: Apache-2.0
// What the server does when somebody takes too much: connections, rooms, messages, memory, time. In
// each case the others must not notice.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { join } from './support/client.mjs';
import { RawSocket, errorOf, handshake } from './support/http.mjs';
import { forEachEngine } from './support/matrix.mjs';
import { startServer } from './support/server.mjs';
import { deadline, until } from './support/wait.mjs';

const kUnlimited = { 'messages-per-second': 1_000_000, 'messages-burst': 1_000_000 };

/** A connection by hand, so that nothing answers by itself. It ends with the test. */
async function open(t, server, target = '/ws/room/1', headers = {}) {
  const answer = await handshake(server.port, target, { headers });
  t.after(() => answer.socket?.destroy());
  return answer;
}

forEachEngine('protection', (flags) => {
  test('connections beyond the bound get 503 and are told when to come back', async (t) => {
    const server = await startServer(t, { ...flags, 'connections-max': 3 });
    const members = [];
    for (let id = 0; id < 3; ++id) members.push(await join(t, server, { room: 'full', id }));
    const refused = await open(t, server, '/ws/full/9');
    assert.equal(refused.status, 503);
    assert.match(refused.headers['retry-after'], /^\d+$/);
    errorOf(refused);
    members[0].send('still fine');
    await members[2].count(1);
    await members[0].leave();
    await until(
      async () => (await open(t, server, '/ws/full/9')).status === 101,
      5_000,
      'a free place',
    );
  });

  test('connections of one address are bounded behind a proxy', async (t) => {
    const bounds = { 'connections-per-ip-max': 2, 'trusted-hops': 1 };
    const server = await startServer(t, { ...flags, ...bounds });
    const from = (addresses) => open(t, server, '/ws/room/1', { 'X-Forwarded-For': addresses });
    assert.equal((await from('203.0.113.7')).status, 101);
    // Only the last hop is the proxy's word; what stands before it is the client's.
    assert.equal((await from('198.51.100.1, 203.0.113.7')).status, 101);
    const third = await from('203.0.113.7');
    assert.equal(third.status, 429);
    errorOf(third);
    assert.equal((await from('198.51.100.2, 203.0.113.7')).status, 429);
    assert.equal((await from('203.0.113.8')).status, 101);
  });

  test('a refused handshake leaves nothing for the next one on its connection', async (t) => {
    const bounds = { 'connections-per-ip-max': 1, 'trusted-hops': 1 };
    const server = await startServer(t, { ...flags, ...bounds });
    const from = (address) => ({ 'X-Forwarded-For': address });
    assert.equal((await open(t, server, '/ws/room/1', from('203.0.113.7'))).status, 101);
    const socket = await RawSocket.connect(server.port);
    t.after(() => socket.destroy());
    const ask = (target, address) =>
      socket.write(
        `GET ${target} HTTP/1.1\r\nHost: chat\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n` +
          `X-Forwarded-For: ${address}\r\n\r\n`,
      );
    ask('/connection/websocket', '203.0.113.7');
    await socket.expect(/^HTTP\/1.1 429 /);
    ask('/ws/room/2', '203.0.113.8');
    await socket.expect(/HTTP\/1.1 101 /);
    const headers = from('203.0.113.9');
    const member = await join(t, server, { room: 'room', id: 3, headers });
    member.send('hello');
    await socket.expect(/\] hello \(3\)$/); // a line of the article's protocol, which it asked for
  });

  test('rooms beyond the bound get 503, open ones stay open to all', async (t) => {
    const server = await startServer(t, { ...flags, 'rooms-max': 2 });
    const first = await join(t, server, { room: 'one', id: 1 });
    await join(t, server, { room: 'two', id: 1 });
    const refused = await open(t, server, '/ws/three/1');
    assert.equal(refused.status, 503);
    errorOf(refused);
    await join(t, server, { room: 'two', id: 2 });
    await first.leave();
    await until(
      async () => (await open(t, server, '/ws/three/1')).status === 101,
      5_000,
      'a free room',
    );
  });

  test('who sends too fast is closed 1008', async (t) => {
    const rates = { 'messages-per-second': 5, 'messages-burst': 10 };
    const server = await startServer(t, { ...flags, ...rates });
    const listener = await join(t, server, { room: 'rate', id: 1 });
    const polite = await join(t, server, { room: 'rate', id: 2 });
    const flooder = await join(t, server, { room: 'rate', id: 3 });
    for (let i = 0; i < 200; ++i) flooder.send(`spam ${i}`);
    assert.equal((await flooder.end()).code, 1008);
    polite.send('excuse me');
    await listener.until((lines) => / excuse me /.test(lines.at(-1)), 'the polite one');
    const spam = listener.texts.filter((text) => text.startsWith('spam'));
    assert.ok(spam.length >= 10 && spam.length <= 15, `${spam.length} passed`);
    const pinger = await join(t, server, { room: 'rate', id: 4 });
    for (let i = 0; i < 200; ++i) pinger.socket.ping();
    assert.equal((await pinger.end()).code, 1008, 'control frames count');
  });

  test('a reader that does not read is cut off, and the others are not delayed', async (t) => {
    const server = await startServer(t, { ...flags, ...kUnlimited, 'outbox-bytes-max': 262_144 });
    const slow = await open(t, server, '/ws/flood/1');
    slow.socket.pause();
    const writer = await join(t, server, { room: 'flood', id: 2 });
    const reader = await join(t, server, { room: 'flood', id: 3 });
    const text = 'x'.repeat(60_000);
    const kMessages = 400; // 24 MB: more than the kernel can hide.
    const delays = [];
    for (let i = 1; i <= kMessages; ++i) {
      const sent = Date.now();
      writer.send(text);
      await reader.count(i);
      delays.push(Date.now() - sent);
    }
    delays.sort((a, b) => a - b);
    const p99 = delays[Math.floor(kMessages * 0.99)];
    assert.ok(p99 < 250, `99% within ${p99} ms`);
    const raw = new RawSocket(slow.socket, slow.head);
    slow.socket.resume();
    // The Close is the last that comes, or it did not fit and the reset is the end.
    let reset = false;
    raw.closed.then(() => (reset = true));
    const closeAt = () => raw.text.indexOf('\x88', Math.max(0, raw.text.length - 128));
    await until(() => reset || closeAt() >= 0, 15_000, 'the slow reader to be cut off');
    assert.ok(raw.text.length < kMessages * text.length, 'it got everything');
    if (closeAt() >= 0) {
      await until(() => raw.text.length >= closeAt() + 4, 5_000, 'the close code');
      const [high, low] = [2, 3].map((offset) => raw.text.charCodeAt(closeAt() + offset));
      assert.equal(high * 256 + low, 1008);
    }
  });

  test('a peer that does not answer pings is dropped, one that does stays', async (t) => {
    const server = await startServer(t, { ...flags, 'ping-interval': '500ms' });
    const alive = await join(t, server, { room: 'pulse', id: 1 });
    let pings = 0;
    alive.socket.on('ping', () => ++pings);
    const dead = await open(t, server, '/ws/pulse/2');
    const raw = new RawSocket(dead.socket, dead.head);
    await raw.expect(/\x89/, 5_000);
    await deadline(raw.closed, 10_000, 'the dead peer to be dropped');
    await until(() => pings >= 3, 5_000, 'three pings');
    alive.send('still here');
    await alive.count(1);
  });
});
