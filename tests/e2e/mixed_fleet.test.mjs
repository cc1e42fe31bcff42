// SPDX-License-Identifier: Apache-2.0
// A fleet in the middle of its migration: the article's Python backend and nodes with
// --redis-mode=pubsub serve the same rooms through one Redis, and nobody can tell who is where.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ask } from './support/api.mjs';
import { kNoPython, startArticleBackend } from './support/article_backend.mjs';
import { join } from './support/client.mjs';
import { nodeFlags, startNode } from './support/nodes.mjs';
import { kNoRedis, startRedis, subscribeRedis } from './support/redis.mjs';
import { startCluster } from './support/redis_groups.mjs';
import { kMs, seen, subscribed } from './support/sdk.mjs';
import { commandLine, run } from './support/server.mjs';
import { user } from './support/tokens.mjs';
import { until } from './support/wait.mjs';

const kRoom = 'räume/1';
const kTexts = [
  'hello',
  'grüß "Gott" \\ 日本語',
  '👋🏽 👨‍👩‍👧‍👦 𝒳',
  'tab\tline\nreturn\rdel\x7f nul\0 \b\f \u2028',
  '[2026-01-01 00:00:00] not me (7)',
];

const startPubsub = (t, redis, flags = {}) =>
  startNode(t, redis.url(), { 'redis-mode': 'pubsub', ...flags });
const texts = ({ seen: data }) => data.map(({ text }) => text);

const later = (subscription, count) =>
  until(() => subscription.contexts.length >= count, kMs, `${count} subscriptions`);

/** A subscription that also keeps who published: `authors`, and its `ends`. */
async function listening(sdk, room, options) {
  const subscription = await subscribed(sdk, room, options);
  subscription.authors = [];
  subscription.ends = [];
  subscription.on('publication', ({ info }) => subscription.authors.push(info?.user));
  subscription.on('subscribing', ({ code }) => subscription.ends.push(code));
  return subscription;
}

/** What Python makes of these fields, without Python. */
function payload({ room, id, time, text }) {
  const quote = (string) =>
    JSON.stringify(string)
      .replace(/[\x7f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const client = typeof id === 'number' ? id : quote(id);
  return (
    `{"channel_id": ${quote(room)}, "client_id": ${client}, "time": "${time}", ` +
    `"message": ${quote(text)}}`
  );
}

const timeOf = (line) => /^\[([^\]]*)\] /.exec(line)[1];

describe('a mixed fleet', { skip: kNoRedis || kNoPython }, () => {
  test('serves one room, in both directions and byte for byte', async (t) => {
    const redis = await startRedis(t);
    const published = await subscribeRedis(t, redis, kRoom);
    const python = await startArticleBackend(t, redis.url());
    const node = await startPubsub(t, redis, { shards: 2 });
    const old = await join(t, python, { room: kRoom, id: 1 });
    const fresh = await join(t, node, { room: kRoom, id: -22 });
    const deflated = await join(t, node, { room: kRoom, id: 3, deflate: true });
    const ann = await listening(await user(t, node, 'ann', { name: 'Änn' }), kRoom);
    const elsewhere = await join(t, node, { room: 'other', id: 4 });
    let count = 0;
    const expected = [];
    for (const text of kTexts) {
      for (const [id, say] of [
        [1, () => old.send(text)],
        [-22, () => fresh.send(text)],
        ['Änn', () => ann.publish({ kind: 'message', id: `m${count}`, text })],
      ]) {
        await say();
        count += 1;
        await Promise.all([old, fresh, deflated].map((member) => member.count(count)));
        expected.push({ room: kRoom, id, time: timeOf(old.lines.at(-1)), text });
      }
    }
    await seen(ann, count);
    assert.deepEqual(fresh.lines, old.lines);
    assert.deepEqual(deflated.lines, old.lines);
    const said = expected.map(({ id, time, text }) => `[${time}] ${text} (${id})`);
    assert.deepEqual(old.lines, said);
    await until(() => published.messages.length === count, kMs, 'all on the channel');
    assert.deepEqual(published.messages, expected.map(payload));
    assert.deepEqual(texts(ann), expected.map(({ text }) => text));
    const users = expected.map(({ id }) => (typeof id === 'number' ? `article:${id}` : 'ann'));
    assert.deepEqual(ann.authors, users);
    assert.deepEqual(elsewhere.lines, []);
    const now = Date.now();
    for (const { time } of expected.filter(({ id }) => id !== 1)) {
      const age = now - Date.parse(`${time.replace(' ', 'T')}Z`);
      assert.ok(age > -2000 && age < 60_000, `${time} is in UTC`);
    }
  });

  test('has one order for all', async (t) => {
    const redis = await startRedis(t);
    const python = await startArticleBackend(t, redis.url());
    const nodes = [await startPubsub(t, redis), await startPubsub(t, redis, { shards: 2 })];
    const article = [];
    for (const [n, server] of [python, python, ...nodes, ...nodes].entries()) {
      article.push(await join(t, server, { room: 'busy', id: n }));
    }
    const people = await Promise.all(nodes.map((node, n) => user(t, node, `user${n}`)));
    const members = await Promise.all(people.map((person) => listening(person, 'busy')));
    const each = 15;
    const acknowledged = [];
    for (let n = 0; n < each; n += 1) {
      for (const [index, member] of article.entries()) member.send(`${index}/${n}`);
      for (const [index, member] of members.entries()) {
        acknowledged.push(member.publish({ text: `user${index}/${n}` }));
      }
    }
    await Promise.all(acknowledged);
    const all = each * (article.length + members.length);
    await Promise.all(article.map((member) => member.count(all)));
    await Promise.all(members.map((member) => seen(member, all)));
    for (const member of article) assert.deepEqual(member.lines, article[0].lines);
    const order = article[0].lines.map((line) => /\] (.*) \(/.exec(line)[1]);
    for (const member of members) assert.deepEqual(texts(member), order);
    assert.equal(new Set(order).size, all);
    for (const name of ['0', '3', 'user0', 'user1']) {
      const own = order.filter((text) => text.startsWith(`${name}/`));
      assert.deepEqual(own, Array.from({ length: each }, (_, n) => `${name}/${n}`));
    }
  });

  test('outlives a Redis that goes and comes back', async (t) => {
    const redis = await startRedis(t);
    const python = await startArticleBackend(t, redis.url());
    const node = await startPubsub(t, redis, { 'broker-timeout': '8s' });
    const old = await join(t, python, { room: 'lobby', id: 1 });
    const fresh = await join(t, node, { room: 'lobby', id: 2 });
    const ann = await listening(await user(t, node, 'ann'), 'lobby');
    old.send('before');
    await Promise.all([old.count(1), fresh.count(1), seen(ann, 1)]);
    await redis.kill();
    await old.end(); // a Python backend ends its members then
    const notReady = async () => (await node.get('/ready')).status === 503;
    await until(notReady, kMs, 'the node not to be ready');
    fresh.send('while it was away');
    const acknowledged = ann.publish({ text: 'and this' });
    await redis.restart();
    await node.ready();
    await Promise.all([acknowledged, fresh.count(3)]);
    const back = await join(t, python, { room: 'lobby', id: 1 });
    back.send('after');
    await Promise.all([back.count(1), fresh.count(4), seen(ann, 4)]);
    const order = fresh.lines.map((line) => /\] (.*) \(/.exec(line)[1]);
    assert.deepEqual([order[0], order[3]], ['before', 'after']);
    assert.deepEqual(order.slice(1, 3).sort(), ['and this', 'while it was away']);
    assert.deepEqual(texts(ann), order);
    assert.deepEqual(ann.ends, []);
    assert.equal(fresh.socket.readyState, fresh.socket.OPEN);
  });
});

describe('nodes with redis-mode=pubsub', { skip: kNoRedis }, () => {
  test('tell each other what the article has no word for', async (t) => {
    const redis = await startRedis(t);
    const published = await subscribeRedis(t, redis, 'lobby');
    const [a, b] = [await startPubsub(t, redis), await startPubsub(t, redis, { shards: 2 })];
    const ann = await listening(await user(t, a, 'ann'), 'lobby', { joinLeave: true });
    const joins = [];
    ann.on('join', ({ info }) => joins.push(info.user));
    const bob = await listening(await user(t, b, 'bob'), 'lobby');
    const article = await join(t, b, { room: 'lobby', id: 7 });
    await until(() => joins.includes('bob') && joins.includes('article:7'), kMs, 'two joins');
    const data = [
      { kind: 'message', id: 'm1', text: 'hi', reply: 5, mood: 'fine' },
      { pixels: [1, 2, 3] },
      { kind: 'typing' },
      { text: 'again' },
    ];
    for (const each of data) await ann.publish(each);
    await ask(b, 'publish', { channel: 'lobby', data: { text: 'from the API' } });
    await Promise.all([seen(bob, 5), seen(ann, 5), article.count(3)]);
    assert.deepEqual(bob.seen, [...data, { text: 'from the API' }]);
    assert.deepEqual(ann.seen, bob.seen);
    assert.deepEqual(bob.authors, ['ann', 'ann', 'ann', 'ann', undefined]);
    const said = /\] (.*) \((.*)\)$/;
    assert.deepEqual(
      article.lines.map((line) => said.exec(line).slice(1)),
      [['hi', 'ann'], ['again', 'ann'], ['from the API', 'anonymous']],
    );
    await until(() => published.messages.length === 3, kMs, 'three payloads');
    assert.deepEqual(await bob.presenceStats(), { numClients: 3, numUsers: 3 });
    article.socket.close();
    await until(async () => (await ann.presenceStats()).numClients === 2, kMs, 'one to leave');
  });

  test('keep nothing, and say so', async (t) => {
    const redis = await startRedis(t);
    const node = await startPubsub(t, redis, { 'history-entries-max': 50 });
    assert.match(node.output, /rooms keep no history/);
    const options = { recoverable: true, positioned: true };
    const ann = await listening(await user(t, node, 'ann'), 'lobby', options);
    const [context] = ann.contexts;
    assert.equal(context.recoverable, false);
    assert.equal(context.positioned, false);
    assert.equal(context.recovered, false);
    await ann.publish({ kind: 'message', id: 'm1', text: 'hi' });
    await seen(ann, 1);
    assert.deepEqual(ann.offsets, [undefined]);
    await assert.rejects(ann.history({ limit: 10 }), { code: 108 });
    for (const act of [
      { kind: 'react', emoji: '👍', on: true },
      { kind: 'edit', text: 'no' },
      { kind: 'delete' },
    ]) {
      const refused = { code: 108, message: /keeps no messages/ };
      await assert.rejects(ann.publish({ ...act, target: 4096 }), refused);
      const data = { ...act, target: 4096 };
      const request = { channel: 'lobby', data };
      await assert.rejects(ask(node, 'publish', request), /keeps no messages/);
    }
    assert.equal((await redis.command('KEYS', 'palaver:*:stream:*')).length, 0);
    const since = { offset: 0, epoch: '' };
    const bob = await subscribed(await user(t, node, 'bob'), 'lobby', { since });
    assert.equal(bob.contexts[0].recovered, false);
    assert.deepEqual(bob.seen, []);
    const late = await join(t, node, { room: 'lobby', id: 9, query: '?history=10' });
    await ann.publish({ text: 'next' });
    await late.count(1);
    assert.match(late.lines[0], /\] next \(ann\)$/);
  });

  test('leave out what is not of the article, and say so', async (t) => {
    const redis = await startRedis(t);
    const node = await startPubsub(t, redis);
    const member = await join(t, node, { room: 'lobby', id: 1 });
    const ann = await listening(await user(t, node, 'ann'), 'lobby');
    const good = { channel_id: 'lobby', client_id: 5, time: '2026-03-01 12:00:00', message: 'x' };
    const { time, ...timeless } = good;
    const strange = [
      '', 'hello', 'null', '[]', '{}', '"text"', '{"channel_id": ', '\xff', '[[['.repeat(1000),
      JSON.stringify(timeless),
      ...[
        { nick: 'Ann' }, { client_id: null }, { client_id: 1.5 }, { client_id: true },
        { message: 7 }, { message: null }, { time: 5 }, { channel_id: 1 },
      ].map((other) => JSON.stringify({ ...good, ...other })),
    ];
    for (const each of strange) assert.ok((await redis.command('PUBLISH', 'lobby', each)) > 0);
    const last = [
      { ...good, message: 'hälf' },
      { ...good, client_id: 'Bob', time: 'noon' },
    ];
    for (const each of last) await redis.command('PUBLISH', 'lobby', JSON.stringify(each));
    const half = JSON.stringify({ ...good, message: '@' }).replace('@', '\\ud83d!');
    await redis.command('PUBLISH', 'lobby', half);
    await Promise.all([member.count(3), seen(ann, 3)]);
    assert.equal(member.lines[0], '[2026-03-01 12:00:00] hälf (5)');
    assert.match(member.lines[1], /^\[20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\] x \(Bob\)$/);
    assert.equal(member.lines[2], `[${time}] \ufffd! (5)`);
    assert.deepEqual(texts(ann), ['hälf', 'x', '\ufffd!']);
    assert.deepEqual(ann.authors, ['article:5', 'article:Bob', 'article:5']);
    const warned = () => node.output.includes("not the article's payload");
    await until(warned, kMs, 'a warning in the log');
  });

  test('tell who asked of a cut, once, and send nobody away', async (t) => {
    const redis = await startRedis(t);
    const node = await startPubsub(t, redis, { shards: 2, 'admin-key': 'metrics' });
    const rooms = ['a', 'b', 'c'];
    const person = await user(t, node, 'ann');
    const ended = [];
    person.on('connecting', (context) => ended.push(context));
    const careful = await user(t, node, 'bob');
    const members = await Promise.all(rooms.map((room) => listening(person, room)));
    const asked = { positioned: true };
    const told = await Promise.all(rooms.map((room) => listening(careful, room, asked)));
    const article = await Promise.all(rooms.map((room) => join(t, node, { room, id: 1 })));
    await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await Promise.all(told.map((member) => later(member, 2)));
    for (const [index, member] of members.entries()) {
      await member.publish({ text: 'on we go' });
      await Promise.all([seen(member, 1), seen(told[index], 1), article[index].count(1)]);
      assert.deepEqual(member.ends, [], 'who does not ask stays');
      assert.deepEqual(told[index].ends, [2500]);
      assert.equal(told[index].contexts[1].recovered, false);
      assert.equal(article[index].socket.readyState, article[index].socket.OPEN);
    }
    assert.deepEqual(ended, []);
    await redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
    const data = { text: 'the other socket' };
    await until(() => members[0].publish(data).then(() => true, () => false), kMs, 'a publish');
    await article[0].count(2);
    assert.deepEqual(told.map(({ ends }) => ends), [[2500], [2500], [2500]]);
    const metrics = (await node.get('/metrics', { authorization: 'Bearer metrics' })).body;
    assert.match(metrics, /^palaver_rooms_interrupted_total 3$/m);
    assert.match(metrics, /^palaver_rooms_lost_total 0$/m);
    assert.equal(article[0].lines.length, 2);
  });

  test('tell a sender when Redis does not come back', async (t) => {
    const redis = await startRedis(t);
    const node = await startPubsub(t, redis, { 'broker-timeout': '1s' });
    const ann = await listening(await user(t, node, 'ann'), 'lobby');
    const writer = await join(t, node, { room: 'lobby', id: 8 });
    const reader = await join(t, node, { room: 'lobby', id: 9 });
    await redis.kill();
    writer.send('nobody hears me');
    const refused = await ann.publish({ text: 'lost' }).catch((error) => error);
    assert.ok(refused.temporary, JSON.stringify(refused));
    assert.equal((await writer.end()).code, 1013);
    await redis.restart();
    await node.ready();
    await ann.publish({ text: 'after' });
    await Promise.all([reader.count(1), seen(ann, 1)]);
    assert.deepEqual(texts(ann), ['after']);
  });

  test('say that a cluster is not for them', async (t) => {
    const cluster = await startCluster(t);
    const node = await startNode(t, `redis://127.0.0.1:${cluster.ports[0]}`, {
      'redis-mode': 'pubsub',
    });
    const told = () => node.output.includes('does not work with Redis Cluster');
    await until(told, kMs, () => `the node to say so:\n${node.output}`);
  });

  test('are not had with options that do not go together', async () => {
    const url = 'redis://127.0.0.1:1';
    const pubsub = { 'redis-mode': 'pubsub' };
    const table = [
      [pubsub, /redis-mode.*redis-url/],
      [{ ...nodeFlags(url), ...pubsub, 'redis-min-replicas': 1 }, /redis-min-replicas/],
      [{ ...nodeFlags(url), 'redis-mode': 'lists' }, /redis-mode.*streams, pubsub/],
    ];
    for (const [flags, words] of table) {
      const { code, stderr } = await run(['--check-config', ...commandLine(flags)]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, words);
    }
  });
});
