// SPDX-License-Identifier: Apache-2.0
// The HTTP API as a company's backend uses it, with clients of the official SDK on the other side.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ask, call, failing, kApiKey } from './support/api.mjs';
import { join } from './support/client.mjs';
import { forEachEngine } from './support/matrix.mjs';
import { kMs, seen, subscribed } from './support/sdk.mjs';
import { startServer } from './support/server.mjs';
import { kTokenKey, user } from './support/tokens.mjs';
import { until } from './support/wait.mjs';

const start = (t, flags) =>
  startServer(t, { 'api-key': kApiKey, 'token-key': kTokenKey, guests: 'true', ...flags });

forEachEngine('the HTTP API', (flags) => {
  test('publishes and broadcasts, once for each key', async (t) => {
    const server = await start(t, flags);
    const room = await subscribed(await user(t, server, 'ann'), 'news');
    const article = await join(t, server, { room: 'news', id: 7 });
    const tags = [];
    room.on('publication', (context) => tags.push(context.tags));
    const publish = { channel: 'news', data: { text: 'hello' }, idempotency_key: 'k1' };
    const first = await ask(server, 'publish', { ...publish, tags: { lang: 'en' } });
    assert.ok(first.offset > 0);
    assert.deepEqual(await ask(server, 'publish', publish), first);
    const b64data = Buffer.from('{"text":"base64"}').toString('base64');
    await ask(server, 'publish', { channel: 'news', b64data });
    const live = await ask(server, 'publish', { channel: 'news', data: 7, skip_history: true });
    assert.equal(live.offset, 0);
    const { responses } = await ask(server, 'broadcast', {
      channels: ['news', 'unknown:a', 'other'],
      data: { text: 'to all' },
    });
    assert.ok(responses[0].result.offset > first.offset);
    assert.equal(responses[1].error.code, 102);
    assert.ok(responses[2].result.offset > 0);
    await seen(room, 4);
    assert.deepEqual(room.seen, [{ text: 'hello' }, { text: 'base64' }, 7, { text: 'to all' }]);
    assert.deepEqual(tags[0], { lang: 'en' });
    await article.count(3);
    assert.match(article.lines[0], / hello \(anonymous\)$/);
    const history = await ask(server, 'history', { channel: 'news', limit: 10 });
    assert.equal(history.publications.length, 3);
    assert.deepEqual(history.publications[0].tags, { lang: 'en' });
    const position = await ask(server, 'history', { channel: 'news', limit: 0 });
    assert.deepEqual(position.publications, []);
    assert.equal(position.offset, history.offset);
  });

  test('obeys the rules of the chat, as a moderator', async (t) => {
    const server = await start(t, flags);
    const room = await subscribed(await user(t, server, 'ann'), 'news');
    await room.publish({ text: 'rude' });
    await seen(room, 1);
    const [target] = room.offsets;
    const edit = { kind: 'edit', target, text: 'polite' };
    assert.equal(await failing(server, 'publish', { channel: 'news', data: edit }), 403);
    await ask(server, 'publish', { channel: 'news', data: { kind: 'delete', target } });
    const { publications } = await ask(server, 'history', { channel: 'news', limit: 10 });
    assert.deepEqual(publications[0].data, { kind: 'gone' });
    const gone = { kind: 'gone' };
    assert.equal(await failing(server, 'publish', { channel: 'news', data: gone }), 400);
  });

  test('a removed history is told to all, and is gone', async (t) => {
    const server = await start(t, flags);
    const room = await subscribed(await user(t, server, 'ann'), 'news');
    await room.publish({ text: 'old' });
    await seen(room, 1);
    await ask(server, 'history_remove', { channel: 'news' });
    await until(() => room.contexts.length === 2, kMs, 'the SDK to subscribe again');
    assert.equal(room.contexts[1].recovered, false);
    const history = await ask(server, 'history', { channel: 'news', limit: 10 });
    assert.deepEqual(history.publications, []);
  });

  test('knows who is there', async (t) => {
    const server = await start(t, flags);
    const ann = await user(t, server, 'ann');
    await subscribed(ann, 'news');
    await subscribed(await user(t, server, 'ann'), 'news');
    await join(t, server, { room: 'news', id: 7 });
    await join(t, server, { room: 'weather', id: 7 });
    const stats = { num_clients: 3, num_users: 2 };
    const present = () => ask(server, 'presence_stats', { channel: 'news' });
    await until(async () => (await present()).num_clients === 3, kMs, 'three members');
    assert.deepEqual(await present(), stats);
    const { presence } = await ask(server, 'presence', { channel: 'news' });
    assert.equal(Object.keys(presence).length, 3);
    for (const [client, info] of Object.entries(presence)) assert.equal(info.client, client);
    assert.deepEqual(await ask(server, 'presence', { channel: 'empty' }), { presence: {} });
    const all = await ask(server, 'channels');
    assert.deepEqual(all, { channels: { news: { num_clients: 3 }, weather: { num_clients: 1 } } });
    const some = await ask(server, 'channels', { pattern: 'we*' });
    assert.deepEqual(Object.keys(some.channels), ['weather']);
    const { nodes } = await ask(server, 'info');
    assert.equal(nodes.length, 1);
    assert.equal(nodes[0].num_clients, 4);
    assert.equal(nodes[0].num_channels, 2);
    assert.equal(nodes[0].num_subs, 4);
    assert.equal(nodes[0].num_users, 2);
    assert.ok(nodes[0].uid && nodes[0].name && nodes[0].version);
  });

  test('acts on the connections of a user', async (t) => {
    const server = await start(t, flags);
    const ann = await user(t, server, 'ann');
    const events = [];
    for (const event of ['subscribed', 'unsubscribed', 'publication', 'message', 'disconnected']) {
      ann.on(event, (context) => events.push([event, context]));
    }
    const happened = (event) => until(() => events.some(([name]) => name === event), kMs, event);
    await ask(server, 'publish', { channel: 'deals', data: { n: 1 } });
    const { epoch } = await ask(server, 'history', { channel: 'deals', limit: 0 });
    await ask(server, 'subscribe', {
      user: 'ann',
      channel: 'deals',
      data: { why: 'vip' },
      recover_since: { offset: 0, epoch },
    });
    await happened('publication');
    assert.deepEqual(events.map(([name]) => name), ['subscribed', 'publication']);
    assert.deepEqual(events[0][1].data, { why: 'vip' });
    await ask(server, 'publish', { channel: 'deals', data: { n: 2 } });
    await until(() => events.length === 3, kMs, 'a live publication');
    await ask(server, 'unsubscribe', { user: 'ann', channel: 'deals' });
    await happened('unsubscribed');
    await ask(server, 'send', { user: 'ann', data: { note: 1 } });
    await happened('message');
    await ask(server, 'refresh', { user: 'ann', expire_at: Math.floor(Date.now() / 1000) + 3600 });
    await ask(server, 'disconnect', { user: 'bob' });
    assert.equal(ann.state, 'connected');
    await ask(server, 'disconnect', { user: 'ann', disconnect: { code: 4501, reason: 'moved' } });
    await happened('disconnected');
    assert.equal(events.at(-1)[1].code, 4501);
    assert.equal(events.at(-1)[1].reason, 'moved');
    await ask(server, 'block_user', { user: 'ann' });
    ann.connect();
    await until(() => events.at(-1)[1].code === 4500, kMs, 'a blocked user to be refused');
    await ask(server, 'unblock_user', { user: 'ann' });
    ann.connect();
    await ann.ready(kMs);
  });

  test('a batch is done in its order, and each command has its reply', async (t) => {
    const server = await start(t, flags);
    const replies = await ask(server, 'batch', {
      commands: [
        { publish: { channel: 'news', data: { n: 1 } } },
        { publish: { channel: 'unknown:a', data: 1 } },
        { nonsense: {} },
        { history: { channel: 'news', limit: 5 } },
      ],
    });
    assert.ok(replies[0].publish.offset > 0);
    assert.equal(replies[1].error.code, 102);
    assert.equal(replies[2].error.code, 104);
    assert.deepEqual(replies[3].history.publications.map(({ data }) => data), [{ n: 1 }]);
    const publish = (n) => ({ publish: { channel: 'many', data: n } });
    const many = Array.from({ length: 1000 }, (_, n) => publish(n));
    const thousand = await ask(server, 'batch', { commands: many });
    assert.equal(thousand.length, 1000);
    assert.ok(thousand.every(({ publish }) => publish.offset > 0));
    assert.equal(await failing(server, 'batch', { commands: [...many, many[0]] }), 107);
  });
});

test('the key opens it, and nothing else does', async (t) => {
  const server = await start(t, {});
  const publish = { channel: 'news', data: 1 };
  for (const headers of [
    {},
    { 'x-api-key': 'wrong' },
    { 'x-api-key': kApiKey + 'x' },
    { authorization: `Bearer ${kApiKey}` },
    { authorization: `apikey ${kApiKey}x` },
    { authorization: 'apikey' },
  ]) {
    assert.equal((await call(server, 'publish', publish, headers)).status, 401);
  }
  for (const headers of [
    { authorization: `apikey ${kApiKey}` },
    { authorization: `ApiKey ${kApiKey}` },
    { 'x-api-key': kApiKey, authorization: 'apikey wrong' },
  ]) {
    assert.equal((await call(server, 'publish', publish, headers)).status, 200);
  }
  const unknown = await call(server, 'nonsense', {});
  assert.deepEqual([unknown.status, unknown.json.error.code], [404, 104]);
  const get = await fetch(`${server.origin}/api/info`, { headers: { 'x-api-key': kApiKey } });
  assert.equal(get.status, 405);
  assert.equal(get.headers.get('allow'), 'POST');
  const closed = await startServer(t, {});
  assert.equal((await closed.get('/api/info')).status, 404, 'without a key it is not there');
});

test('bad bodies are errors of their own', async (t) => {
  const server = await start(t, {});
  const bodies = ['', '{', '[]', '"x"', '{"channel":7,"data":1}', '{"channel":"news"}', '\xff'];
  for (const body of bodies) {
    assert.equal(await failing(server, 'publish', body), 107, body);
  }
  const sized = (bytes) => ({ channel: 'news', data: 'x'.repeat(bytes - 2) });
  assert.ok((await ask(server, 'publish', sized(393_216))).offset > 0);
  assert.equal(await failing(server, 'publish', sized(393_217)), 106);
  const larger = JSON.stringify({ channel: 'news', data: 'x'.repeat(1_048_576) });
  const answer = await fetch(`${server.origin}/api/publish`, {
    method: 'POST',
    headers: { 'x-api-key': kApiKey },
    body: larger,
  }).catch(() => ({ status: 413 })); // it may be cut off while it is still sending
  assert.equal(answer.status, 413);
  assert.ok((await ask(server, 'publish', { channel: 'news', data: 1 })).offset > 0);
});
