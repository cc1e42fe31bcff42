// SPDX-License-Identifier: Apache-2.0
// The official `centrifuge` SDK, unmodified, against the real binary: what a program that uses it
// does with rooms, and what its users see when a connection breaks. Raw sockets only where the SDK
// would never do what is tried.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';

import WebSocket from 'ws';

import { Client } from './support/client.mjs';
import { forEachEngine } from './support/matrix.mjs';
import { connected, cut, kMs, newSdk, seen, subscribed } from './support/sdk.mjs';
import { startServer } from './support/server.mjs';
import { deadline, until } from './support/wait.mjs';

async function rawSocket(t, server) {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/connection/websocket`);
  t.after(() => socket.terminate());
  await deadline(once(socket, 'open'), kMs, 'a socket');
  return socket;
}

forEachEngine('the centrifuge SDK', (flags) => {
  test('publishes to everybody in the room, the sender included, in one order', async (t) => {
    const server = await startServer(t, flags);
    const [ann, bob] = [await connected(t, server), await connected(t, server)];
    const [a, b] = [await subscribed(ann, 'sdk room'), await subscribed(bob, 'sdk room')];
    const texts = Array.from({ length: 50 }, (_, i) => ({ text: `message ${i} “ü” 👍` }));
    await Promise.all(texts.map((data, i) => (i % 2 ? a : b).publish(data)));
    await Promise.all([seen(a, 50), seen(b, 50)]);
    assert.deepEqual(a.seen, b.seen);
    assert.deepEqual(a.offsets, b.offsets);
    assert.deepEqual([...a.offsets].sort((x, y) => x - y), a.offsets);
    assert.equal(new Set(a.seen.map(({ text }) => text)).size, 50);
  });

  test('meets the clients of the article in one room', async (t) => {
    const server = await startServer(t, flags);
    const subscription = await subscribed(await connected(t, server), 'both');
    const old = new Client(server, { room: 'both', id: 17 });
    t.after(() => old.socket.terminate());
    await old.opened;
    old.send('from the page');
    await seen(subscription, 1);
    assert.deepEqual(subscription.seen, [{ text: 'from the page' }]);
    await subscription.publish({ text: 'from the SDK' });
    const [, line] = await old.count(2);
    assert.match(line, /^\[[-0-9: ]{19}\] from the SDK \(guest-[\w-]{4}\)$/);
  });

  test('recovers what it missed over a cut, nothing twice', async (t) => {
    const fast = { 'messages-per-second': 100_000, 'messages-burst': 100_000 };
    const server = await startServer(t, { ...flags, ...fast });
    const [ann, bob] = [await connected(t, server), await connected(t, server)];
    const [a, b] = [await subscribed(ann, 'cut'), await subscribed(bob, 'cut')];
    const count = 700; // more than one reply carries
    await b.publish({ n: 0 });
    await seen(a, 1);
    cut(ann);
    for (let n = 1; n < count; n += 1) await b.publish({ n });
    await deadline(ann.ready(), kMs, 'the SDK to come back');
    await Promise.all([seen(a, count), seen(b, count)]);
    assert.deepEqual(
      a.seen.map(({ n }) => n),
      Array.from({ length: count }, (_, n) => n),
    );
    const last = a.contexts.at(-1);
    assert.equal(last.wasRecovering, true);
    assert.equal(last.recovered, true);
  });

  test('gets later what it did not take when it came back', async (t) => {
    const server = await startServer(t, flags);
    const [ann, bob] = [await connected(t, server), await connected(t, server)];
    const [a, b] = [await subscribed(ann, 'hasty'), await subscribed(bob, 'hasty')];
    await b.publish({ n: 0 });
    await seen(a, 1);
    ann.disconnect();
    for (let n = 1; n < 4; n += 1) await b.publish({ n });
    a.once('subscribed', () => a.unsubscribe()); // before any of the three is there
    ann.connect();
    await deadline(once(a, 'unsubscribed'), kMs, 'the hasty end');
    a.subscribe();
    await seen(a, 4);
    assert.deepEqual(a.seen, b.seen);
  });

  test('is told when its position cannot be recovered', async (t) => {
    const server = await startServer(t, { ...flags, 'history-entries-max': 5 });
    const bob = await subscribed(await connected(t, server), 'short');
    for (let n = 0; n < 9; n += 1) await bob.publish({ n });
    await seen(bob, 9);
    const { epoch } = bob.contexts[0].streamPosition;
    for (const since of [{ epoch, offset: bob.offsets[2] }, { epoch: 'other', offset: 0 }]) {
      const sdk = await connected(t, server);
      const late = await subscribed(sdk, 'short', { since });
      assert.equal(late.contexts[0].wasRecovering, true);
      assert.equal(late.contexts[0].recovered, false);
      assert.deepEqual(late.seen, []);
    }
    const exact = await subscribed(await connected(t, server), 'short', {
      since: { epoch, offset: bob.offsets[5] },
    });
    assert.equal(exact.contexts[0].recovered, true);
    await seen(exact, 3);
    assert.deepEqual(exact.offsets, bob.offsets.slice(6));
  });

  test('reads history forward, backward and from a position', async (t) => {
    const server = await startServer(t, flags);
    const room = await subscribed(await connected(t, server), 'history');
    for (let n = 0; n < 5; n += 1) await room.publish({ n });
    const numbers = ({ publications }) => publications.map(({ data }) => data.n);
    assert.deepEqual(numbers(await room.history({ limit: 10 })), [0, 1, 2, 3, 4]);
    assert.deepEqual(numbers(await room.history({ limit: 2, reverse: true })), [4, 3]);
    const top = await room.history({ limit: 0 });
    assert.deepEqual(top.publications, []);
    const { publications: first } = await room.history({ limit: 2 });
    const since = { epoch: top.epoch, offset: first[1].offset };
    assert.deepEqual(numbers(await room.history({ limit: -1, since })), [2, 3, 4]);
    const foreign = { epoch: 'other', offset: 1 };
    await assert.rejects(room.history({ limit: 1, since: foreign }), { code: 112 });
  });

  test('comes back after a restart that told it so', async (t) => {
    const server = await startServer(t, flags);
    const sdk = await connected(t, server);
    const codes = [];
    sdk.on('connecting', ({ code }) => codes.push(code));
    await server.stop();
    const again = await startServer(t, { ...flags, port: server.port });
    await deadline(sdk.ready(), kMs, 'the SDK to find the new server');
    assert.equal(codes[0], 3001);
    assert.ok(again.running);
  });

  test('keeps its connection by pings', async (t) => {
    const server = await startServer(t, { ...flags, 'ping-interval': '1s' });
    const sdk = await connected(t, server, { maxServerPingDelay: 1500 });
    const states = [];
    sdk.on('state', ({ newState }) => states.push(newState));
    const end = Date.now() + 3500; // the SDK gives up 2.5 s after a ping that does not come
    await until(() => states.length > 0 || Date.now() > end, kMs, 'three pings');
    assert.deepEqual(states, []);
  });

  test('answers commands in their order, many in one frame', async (t) => {
    const server = await startServer(t, flags);
    const socket = await rawSocket(t, server);
    const lines = [];
    socket.on('message', (frame) => lines.push(...String(frame).split('\n').map(JSON.parse)));
    const commands = [{ id: 1, connect: {} }];
    for (let id = 2; id < 60; id += 3) {
      commands.push({ id, subscribe: { channel: 'order' } });
      commands.push({ id: id + 1, publish: { channel: 'order', data: { id } } });
      commands.push({ id: id + 2, unsubscribe: { channel: 'order' } });
    }
    socket.send(commands.map((command) => JSON.stringify(command)).join('\n'));
    await until(() => lines.some(({ id }) => id === 61), kMs, 'the last reply');
    assert.deepEqual(
      lines.filter(({ id }) => id).map(({ id }) => id),
      Array.from({ length: 61 }, (_, i) => i + 1),
    );
    assert.ok(lines.every(({ error }) => error === undefined));
  });

  test('a publish beyond the rate fails for now, later ones succeed', async (t) => {
    const limits = { 'messages-per-second': 20, 'messages-burst': 5 };
    const server = await startServer(t, { ...flags, ...limits });
    const room = await subscribed(await connected(t, server), 'rate');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, n) => room.publish({ n })),
    );
    const failed = outcomes.filter(({ status }) => status === 'rejected');
    assert.ok(failed.length > 0 && failed.length <= 25, `${failed.length} failed`);
    for (const { reason } of failed) {
      assert.equal(reason.code, 111);
      assert.equal(reason.temporary, true);
    }
    const again = () => room.publish({ n: 'again' }).then(() => true, () => false);
    await until(again, kMs, 'the bucket to fill again');
    await seen(room, 30 - failed.length + 1);
  });

  test('a flood of WebSocket pings ends its connection', async (t) => {
    const server = await startServer(t, { ...flags, 'messages-burst': 10 });
    const socket = await rawSocket(t, server);
    const closed = once(socket, 'close');
    for (let i = 0; i < 50; i += 1) socket.ping();
    const [code] = await deadline(closed, kMs, 'an end');
    assert.equal(code, 3013);
  });

  test('bad commands end their own connection and harm nobody', async (t) => {
    const server = await startServer(t, flags);
    const witness = await subscribed(await connected(t, server), 'calm');
    const early = '{"id":2,"publish":{"channel":"calm","data":1}}'; // before a connect
    for (const bad of ['{', '[]', '{"id":1}', early, '\u0000']) {
      const socket = await rawSocket(t, server);
      socket.send(bad);
      const [code] = await deadline(once(socket, 'close'), kMs, `an end after ${bad}`);
      assert.equal(code, 3501);
    }
    const sdk = await connected(t, server);
    for (const room of ['', 'x'.repeat(256)]) {
      await assert.rejects(sdk.publish(room, {}), { code: 107 });
    }
    await assert.rejects(sdk.publish('$private', {}), { code: 103 });
    await assert.rejects(sdk.rpc('nothing', {}), { code: 108 });
    await witness.publish({ text: 'all well' });
    await seen(witness, 1);
  });

  test('recovers more rooms at once than it may owe at one time', async (t) => {
    const bounds = { 'outbox-bytes-max': '256K', 'messages-burst': 1000, 'admin-key': 'key' };
    const server = await startServer(t, { ...flags, ...bounds });
    const bob = await connected(t, server);
    const rooms = Array.from({ length: 32 }, (_, i) => `large ${i}`);
    const text = randomBytes(5000).toString('base64'); // which deflate does not make small
    for (const room of rooms) for (let n = 0; n < 14; ++n) await bob.publish(room, { text, n });
    const socket = await rawSocket(t, server);
    let publications = 0;
    const replies = [];
    socket.on('message', (frame) => {
      for (const line of frame.toString().split('\n').map((text) => JSON.parse(text))) {
        publications += line.push?.pub ? 1 : (line.subscribe?.publications?.length ?? 0);
        if (line.subscribe) replies.push(line.subscribe);
      }
    });
    const commands = rooms.map((channel, i) => ({
      id: i + 2,
      subscribe: { channel, recover: true, offset: 0, epoch: '' },
    }));
    socket.pause(); // it does not read while the server answers
    const lines = [{ id: 1, connect: {} }, ...commands].map((line) => JSON.stringify(line));
    socket.send(lines.join('\n'));
    const sent = async () => {
      const { body } = await server.get('/metrics', { authorization: 'Bearer key' });
      return Number(/^palaver_bytes_sent_total (\d+)/m.exec(body)[1]);
    };
    let [before, still] = [-Infinity, 0];
    const stalled = async () => {
      const now = await sent();
      still = now - before < 20_000 ? still + 1 : 0; // it answers this question, too
      before = now;
      return still === 20;
    };
    await until(stalled, kMs, 'the server to have sent what it may');
    socket.resume();
    await until(() => replies.length === rooms.length, kMs, 'all rooms');
    await until(() => publications === 14 * rooms.length, kMs, 'all that was missed');
    assert.ok(replies.every(({ recovered }) => recovered));
    assert.equal(socket.readyState, WebSocket.OPEN);
  });
});
