// SPDX-License-Identifier: Apache-2.0
// How the server ends: no longer ready at once, what is owed is sent, clients are asked to come
// back at different times, and the exit code is 0.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import { join } from './support/client.mjs';
import { errorOf, handshake } from './support/http.mjs';
import { forEachEngine } from './support/matrix.mjs';
import { startServer } from './support/server.mjs';
import { deadline, until } from './support/wait.mjs';

const kUnlimited = { 'messages-per-second': 1_000_000, 'messages-burst': 1_000_000 };

const draining = (server) =>
  until(async () => (await server.get('/ready')).status === 503, 2_000, '/ready to answer 503');

forEachEngine('stop', (flags) => {
  test('clients are closed 1012 over the drain, newcomers get 503', async (t) => {
    const server = await startServer(t, { ...flags, drain: '2s' });
    const members = [];
    for (let id = 0; id < 30; ++id) members.push(await join(t, server, { room: 'drain', id }));
    const started = Date.now();
    server.kill('SIGTERM');
    await draining(server);
    assert.ok(Date.now() - started < 500, 'not ready at once');
    const late = await handshake(server.port, '/ws/drain/99');
    assert.equal(late.status, 503);
    errorOf(late);
    assert.equal((await server.get('/health')).status, 200, 'a draining server is healthy');
    const ends = await Promise.all(members.map((member) => member.end()));
    assert.deepEqual([...new Set(ends.map((end) => end.code))], [1012]);
    const after = ends.map((end) => end.at - started).sort((a, b) => a - b);
    const spread = after.at(-1) - after[0];
    assert.ok(spread > 400 && after.at(-1) < 1_900, `closed after ${after.join(', ')} ms`);
    const { code } = await deadline(server.exit, 3_000, 'the exit');
    assert.equal(code, 0, server.output);
    assert.ok(Date.now() - started < 2_600, `took ${Date.now() - started} ms`);
  });

  test('what is in the outboxes is delivered before the close', async (t) => {
    const server = await startServer(t, {
      ...flags,
      ...kUnlimited,
      drain: '4s',
      'outbox-bytes-max': 8_000_000,
    });
    const writer = await join(t, server, { room: 'flush', id: 1 });
    const reader = await join(t, server, { room: 'flush', id: 2 });
    reader.socket.pause();
    const text = 'x'.repeat(60_000);
    for (let i = 0; i < 100; ++i) writer.send(text);
    await writer.count(100);
    server.kill('SIGTERM');
    await draining(server);
    reader.socket.resume();
    assert.equal((await reader.end()).code, 1012);
    assert.equal(reader.lines.length, 100);
    const { code } = await deadline(server.exit, 6_000, 'the exit');
    assert.equal(code, 0, server.output);
  });

  test('without clients the exit is immediate', async (t) => {
    const server = await startServer(t, { ...flags, drain: '8s' });
    const started = Date.now();
    await server.stop(5_000);
    assert.ok(Date.now() - started < 1_000, `took ${Date.now() - started} ms`);
  });

  test('when the last client is gone the exit does not wait for the drain', async (t) => {
    const server = await startServer(t, { ...flags, drain: '20s' });
    const members = [];
    for (let id = 0; id < 5; ++id) members.push(await join(t, server, { room: 'leaving', id }));
    server.kill('SIGTERM');
    await draining(server);
    await Promise.all(members.map((member) => member.leave()));
    const { code } = await deadline(server.exit, 3_000, 'the exit after the last client');
    assert.equal(code, 0, server.output);
  });

  test('a second SIGTERM ends it at once', async (t) => {
    const server = await startServer(t, { ...flags, drain: '20s' });
    for (let id = 0; id < 5; ++id) await join(t, server, { room: 'hurry', id });
    server.kill('SIGTERM');
    await draining(server);
    const started = Date.now();
    server.kill('SIGTERM');
    await deadline(server.exit, 3_000, 'the exit after a second SIGTERM');
    assert.ok(Date.now() - started < 1_000, `took ${Date.now() - started} ms`);
  });

  test('a peer that never answers the close does not hold the exit', async (t) => {
    const server = await startServer(t, { ...flags, drain: '1500ms' });
    const { socket } = await handshake(server.port, '/ws/deaf/1');
    t.after(() => socket.destroy());
    socket.resume();
    const gone = once(socket, 'close');
    server.kill('SIGTERM');
    const { code } = await deadline(server.exit, 4_000, 'the exit');
    assert.equal(code, 0, server.output);
    await deadline(gone, 2_000, 'the end of the connection');
  });
});
