// SPDX-License-Identifier: Apache-2.0
// Who may come and what they may do, as users of the official SDK and of the article's protocol
// meet it: tokens that `palaver token` mints, guests, namespaces, private rooms.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { UnauthorizedError } from 'centrifuge';
import WebSocket from 'ws';

import { join } from './support/client.mjs';
import { connected, kMs, newSdk, seen, subscribed } from './support/sdk.mjs';
import { startServer } from './support/server.mjs';
import { kTokenKey, mint } from './support/tokens.mjs';
import { deadline, until } from './support/wait.mjs';

/** The path of a configuration file that ends with the test. */
function configFile(t, config) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'palaver-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  return file;
}

// Not once(): it would end with the first `error`, which an SDK goes on after.
const disconnected = (sdk) =>
  deadline(new Promise((resolve) => sdk.on('disconnected', resolve)), kMs, 'the end');

test('a token is who the user is, and what others see', async (t) => {
  const server = await startServer(t, { 'token-key': kTokenKey });
  const token = await mint('--user=ann', '--info={"name":"Ann"}');
  const ann = await connected(t, server, { token });
  const room = await subscribed(ann, 'general');
  const infos = [];
  room.on('publication', ({ info }) => infos.push(info));
  await room.publish({ text: 'hi' });
  await seen(room, 1);
  assert.equal(infos[0].user, 'ann');
  assert.deepEqual(infos[0].connInfo, { name: 'Ann' });
  const query = `?history=1&token=${token}`;
  const article = await join(t, server, { room: 'general', id: 1, query });
  await article.count(1);
  assert.match(article.lines[0], / hi \(Ann\)$/);
  article.send('me too');
  await seen(room, 2);
  assert.equal(infos[1].user, 'ann');
});

test('without a token nobody comes in where a key is set', async (t) => {
  const server = await startServer(t, { 'token-key': kTokenKey });
  const sdk = newSdk(t, server);
  sdk.connect();
  const context = await disconnected(sdk);
  assert.equal(context.code, 101);
  const refused = join(t, server, { room: 'general', id: 1 });
  await assert.rejects(refused, /Unexpected server response: 401/);
});

test('forged tokens end the connection for good', async (t) => {
  const server = await startServer(t, { 'token-key': kTokenKey });
  const good = await mint('--user=ann');
  const [header, payload, signature] = good.split('.');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  for (const token of [
    `${header}.${payload}.`,
    `${none}.${payload}.`,
    `${none}.${payload}.${signature}`,
    `${header}.${Buffer.from('{"sub":"root"}').toString('base64url')}.${signature}`,
    'nonsense',
  ]) {
    const sdk = newSdk(t, server, { token });
    sdk.connect();
    const context = await disconnected(sdk);
    assert.equal(context.code, 3500, token);
  }
});

test('a token is refreshed before the connection expires', async (t) => {
  const server = await startServer(t, { 'token-key': kTokenKey, 'ping-interval': '200ms' });
  let asked = 0;
  const sdk = await connected(t, server, {
    getToken: async () => {
      asked += 1;
      return mint('--user=ann', '--expires=2s');
    },
  });
  const room = await subscribed(sdk, 'general');
  let ends = 0;
  sdk.on('connecting', () => (ends += 1));
  await until(() => asked >= 3, kMs, 'two refreshes');
  await room.publish({ text: 'still here' });
  await seen(room, 1);
  assert.equal(ends, 0);
});

test('an expired token is renewed, and who gets none any more stays away', async (t) => {
  const server = await startServer(t, { 'token-key': kTokenKey });
  const past = await mint('--user=ann', '--expires=1s');
  await until(() => Date.now() / 1000 > JSON.parse(atob(past.split('.')[1])).exp, kMs, 'its end');
  const renewed = await connected(t, server, { token: past, getToken: () => mint('--user=ann') });
  assert.equal(renewed.state, 'connected');
  const refused = newSdk(t, server, {
    token: past,
    getToken: async () => {
      throw new UnauthorizedError();
    },
  });
  refused.connect();
  const context = await disconnected(refused);
  assert.equal(context.code, 1, 'unauthorized');
});

test('private rooms are for those with a subscription token', async (t) => {
  const server = await startServer(t, { 'token-key': kTokenKey });
  const ann = await connected(t, server, { token: await mint('--user=ann') });
  const closed = ann.newSubscription('$council');
  closed.subscribe();
  const [refusal] = await deadline(once(closed, 'unsubscribed'), kMs, 'a refusal');
  assert.equal(refusal.code, 103);
  ann.removeSubscription(closed);
  const token = await mint('--user=ann', '--channel=$council', '--expires=1h');
  const room = await subscribed(ann, '$council', { token });
  await room.publish({ text: 'in' });
  await seen(room, 1);
  await assert.rejects(ann.publish('$other', {}), { code: 103 });
  const bob = await connected(t, server, { token: await mint('--user=bob') });
  bob.newSubscription('$council', { token }).subscribe();
  const context = await disconnected(bob);
  assert.equal(context.code, 3500, "another user's token");
});

test('a subscription token is refreshed', async (t) => {
  const server = await startServer(t, { 'token-key': kTokenKey });
  const ann = await connected(t, server, { token: await mint('--user=ann') });
  let asked = 0;
  const room = await subscribed(ann, '$council', {
    getToken: async () => {
      asked += 1;
      return mint('--user=ann', '--channel=$council', '--expires=1s');
    },
  });
  let ends = 0;
  room.on('subscribing', () => (ends += 1));
  await until(() => asked >= 3, kMs, 'two refreshes');
  assert.equal(ends, 0);
});

test('the rooms of a token are there from the start, and are recovered', async (t) => {
  const server = await startServer(t, { 'token-key': kTokenKey });
  const other = await connected(t, server, { token: await mint('--user=bob') });
  const sdk = newSdk(t, server, { token: await mint('--user=ann', '--channels=news,$mine') });
  const data = [];
  const contexts = [];
  sdk.on('subscribed', (context) => contexts.push(context));
  sdk.on('publication', (context) => data.push([context.channel, context.data.n]));
  sdk.connect();
  await until(() => contexts.length === 2, kMs, 'both rooms');
  assert.deepEqual(contexts.map(({ channel }) => channel).sort(), ['$mine', 'news']);
  await other.publish('news', { n: 1 });
  await until(() => data.length === 1, kMs, 'a publication');
  sdk.disconnect();
  for (let n = 2; n <= 4; ++n) await other.publish('news', { n });
  sdk.connect();
  await until(() => data.length === 4, kMs, 'what was missed');
  assert.deepEqual(
    data.map(([, n]) => n),
    [1, 2, 3, 4],
  );
  assert.ok(contexts.slice(2).every(({ wasRecovering, recovered }) => wasRecovering && recovered));
});

test('a guest comes back as the same person, and nobody else does', async (t) => {
  const server = await startServer(t, {}, { PALAVER_GUEST_KEY: 'for guests' });
  const connect = async (options) => {
    const sdk = newSdk(t, server, options);
    sdk.connect();
    const [context] = await deadline(once(sdk, 'connected'), kMs, 'a guest');
    return { sdk, ...context.data };
  };
  const first = await connect({ data: { name: 'Zoë' } });
  assert.match(first.user, /^guest:/);
  const again = await connect({ token: first.token, data: { name: 'Zoë' } });
  assert.equal(again.user, first.user);
  assert.notEqual((await connect({})).user, first.user);
  const forged = first.token.slice(0, -4) + 'AAAA';
  assert.notEqual((await connect({ token: forged })).user, first.user);
  const article = await join(t, server, { room: 'general', id: 5 });
  await first.sdk.publish('general', { text: 'hello' });
  await article.count(1);
  assert.match(article.lines[0], / hello \(Zoë\)$/);
  const bad = newSdk(t, server, { data: { name: '\u202Eevil' } });
  bad.connect();
  const context = await disconnected(bad);
  assert.equal(context.code, 400);
});

test('namespaces say what is allowed', async (t) => {
  const config = {
    channel: {
      namespaces: [
        { name: 'news', allow_publish_for_client: false, allow_publish_for_subscriber: false },
        { name: 'talk', allow_publish_for_client: false, history_size: 2 },
        { name: 'staff', allow_subscribe_for_anonymous: false },
      ],
    },
  };
  const server = await startServer(t, { config: configFile(t, config) });
  const sdk = await connected(t, server);
  await assert.rejects(sdk.publish('news:a', {}), { code: 103 });
  await assert.rejects(sdk.publish('talk:a', {}), { code: 103 });
  await assert.rejects(sdk.history('nowhere:a', { limit: 1 }), { code: 102 });
  const talk = await subscribed(sdk, 'talk:a');
  for (let n = 0; n < 3; ++n) await talk.publish({ n });
  const { publications } = await talk.history({ limit: 10 });
  assert.deepEqual(
    publications.map(({ data }) => data.n),
    [1, 2],
  );
  const staff = sdk.newSubscription('staff:a');
  staff.subscribe();
  const [refusal] = await deadline(once(staff, 'unsubscribed'), kMs, 'a refusal');
  assert.equal(refusal.code, 103, 'guests are anonymous');
  const article = await join(t, server, { room: 'news:a', id: 5 });
  article.send('may I?');
  assert.equal((await article.end()).code, 1008);
});

test('insecure lifts every right and is named in the log', async (t) => {
  const server = await startServer(t, { 'token-key': kTokenKey, insecure: 'true' });
  const sdk = await connected(t, server);
  const room = await subscribed(sdk, '$secret');
  await room.publish({ n: 1 });
  await seen(room, 1);
  assert.match(server.output, /client\.insecure is set/);
});

test('a socket that never connects is closed', async (t) => {
  const server = await startServer(t, { 'handshake-timeout': '300ms' });
  const silent = new WebSocket(`ws://127.0.0.1:${server.port}/connection/websocket`);
  const [code] = await deadline(once(silent, 'close'), kMs, 'the close');
  assert.equal(code, 3502);
});
