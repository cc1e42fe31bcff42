// SPDX-License-Identifier: Apache-2.0
// Two nodes that meet through one Redis are one chat: who is on which of them makes no difference,
// and while Redis is away everybody is told so and stays.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ask, failing } from './support/api.mjs';
import { newCertificates } from './support/certificates.mjs';
import { join } from './support/client.mjs';
import { nodeFlags, startNode, startNodes } from './support/nodes.mjs';
import { startProxy } from './support/proxy.mjs';
import { kNoRedis, palaverUser, startRedis } from './support/redis.mjs';
import { cut, kMs, seen, subscribed } from './support/sdk.mjs';
import { Server, commandLine, freePort, run, startServer } from './support/server.mjs';
import { user } from './support/tokens.mjs';
import { deadline, until } from './support/wait.mjs';

const spoken = ({ lines }) => lines.map((line) => /^\[.{19}\] (.*) \(([^()]*)\)$/.exec(line));
const textsOf = (member) => spoken(member).map(([, text]) => text);
const texts = (subscription) => subscription.seen.map(({ text }) => text);

async function start(t, flags = {}) {
  const redis = await startRedis(t);
  const [a, b] = await startNodes(t, redis.url(), flags);
  return { redis, a, b };
}

// All that Palaver asks of Redis, its scripts included.
const kCommands = [
  ...['ping', 'evalsha', 'script|load', 'subscribe', 'unsubscribe', 'publish', 'time'],
  ...['get', 'set', 'del', 'pexpire', 'hget', 'hset', 'hdel', 'hgetall'],
  ...['xadd', 'xlen', 'xdel', 'xtrim', 'xrange', 'xrevrange'],
  ...['zadd', 'zcard', 'zrange', 'zrangebyscore', 'zrevrangebyscore'],
  ...['zremrangebyrank', 'zremrangebyscore', 'cluster|nodes'],
];

/** Everything that Redis holds, as a text. */
async function dump(redis) {
  const reads = {
    string: (key) => ['GET', key],
    hash: (key) => ['HGETALL', key],
    stream: (key) => ['XRANGE', key, '-', '+'],
    zset: (key) => ['ZRANGE', key, 0, -1],
  };
  const found = [];
  for (const key of await redis.command('KEYS', '*')) {
    const type = await redis.command('TYPE', key);
    assert.ok(reads[type], `${key} is a ${type}`);
    found.push([key, await redis.command(...reads[type](key))]);
  }
  return JSON.stringify(found);
}

describe('a room on two nodes', { skip: kNoRedis }, () => {
  test('is seen in one order by all, whatever they speak', async (t) => {
    const { a, b } = await start(t);
    const ann = await subscribed(await user(t, a, 'ann'), 'both');
    const bob = await subscribed(await user(t, b, 'bob'), 'both');
    const carl = await join(t, a, { room: 'both', id: 7 });
    const dora = await join(t, b, { room: 'both', id: 8 });
    const each = 20;
    const sent = Array.from({ length: each }, (_, n) => {
      carl.send(`carl ${n}`);
      dora.send(`dora ${n}`);
      return [ann.publish({ text: `ann ${n}` }), bob.publish({ text: `bob ${n}` })];
    });
    await Promise.all(sent.flat());
    const all = 4 * each;
    await Promise.all([seen(ann, all), seen(bob, all), carl.count(all), dora.count(all)]);
    assert.equal(new Set(texts(ann)).size, all);
    for (const name of ['ann', 'bob', 'carl', 'dora']) {
      const said = texts(ann).filter((text) => text.startsWith(name));
      assert.deepEqual(said, Array.from({ length: each }, (_, n) => `${name} ${n}`));
    }
    assert.deepEqual(texts(bob), texts(ann));
    assert.deepEqual(bob.offsets, ann.offsets);
    assert.deepEqual(textsOf(carl), texts(ann));
    assert.deepEqual(dora.lines, carl.lines);
    const authors = new Set(spoken(dora).map(([, , author]) => author));
    assert.deepEqual([...authors].sort(), ['7', '8', 'ann', 'bob']);
  });

  test('has one presence, and tells of joins and leaves', async (t) => {
    const { a, b } = await start(t);
    const ann = await subscribed(await user(t, a, 'ann'), 'lobby', { joinLeave: true });
    const told = [];
    ann.on('join', ({ info }) => told.push(`+${info.user}`));
    ann.on('leave', ({ info }) => told.push(`-${info.user}`));
    const phone = await user(t, b, 'ann');
    const bob = await subscribed(await user(t, b, 'bob'), 'lobby', { joinLeave: true });
    await until(() => told.includes('+bob'), kMs, 'the join of bob');
    await subscribed(phone, 'lobby');
    const article = await join(t, b, { room: 'lobby', id: 7 });
    const present = async (subscription) => {
      const { clients } = await subscription.presence();
      return Object.values(clients).map((client) => client.user).sort();
    };
    for (const member of [ann, bob]) {
      await until(async () => (await present(member)).length === 4, kMs, 'four members');
      assert.deepEqual(await present(member), ['ann', 'ann', 'article:7', 'bob']);
      assert.deepEqual(await member.presenceStats(), { numClients: 4, numUsers: 3 });
    }
    for (const node of [a, b]) {
      const stats = await ask(node, 'presence_stats', { channel: 'lobby' });
      assert.deepEqual(stats, { num_clients: 4, num_users: 3 });
    }
    await article.leave();
    bob.unsubscribe();
    phone.disconnect();
    await until(() => told.includes('-bob'), kMs, 'the leave of bob');
    await until(async () => (await present(ann)).length === 1, kMs, 'three to leave');
    assert.deepEqual(await ann.presenceStats(), { numClients: 1, numUsers: 1 });
  });

  test('has one history, and recovers on the other node', async (t) => {
    const { a, b } = await start(t);
    const bob = await subscribed(await user(t, b, 'bob'), 'news');
    const here = await user(t, a, 'ann');
    const before = await subscribed(here, 'news');
    await bob.publish({ text: 'one' });
    await seen(before, 1);
    const since = { offset: before.offsets[0], epoch: before.contexts[0].streamPosition.epoch };
    here.disconnect();
    for (const text of ['two', 'three']) await bob.publish({ text });
    const there = await user(t, b, 'ann');
    const after = await subscribed(there, 'news', { since });
    assert.equal(after.contexts[0].recovered, true);
    await seen(after, 2);
    assert.deepEqual(texts(after), ['two', 'three']);
    await seen(bob, 3);
    assert.deepEqual(after.offsets, bob.offsets.slice(1));
    const histories = [];
    for (const node of [a, b]) {
      const history = await ask(node, 'history', { channel: 'news', limit: 10 });
      assert.equal(history.epoch, since.epoch);
      assert.deepEqual(history.publications.map(({ offset }) => offset), bob.offsets);
      histories.push(history);
    }
    assert.deepEqual(histories[0], histories[1]);
    const late = await join(t, a, { room: 'news', id: 8, query: '?history=10' });
    await late.count(3);
    assert.deepEqual(textsOf(late), ['one', 'two', 'three']);
    cut(there);
    await ask(a, 'publish', { channel: 'news', data: { text: 'four' } });
    await seen(after, 3);
    assert.deepEqual(texts(after), ['two', 'three', 'four']);
  });

  test('takes a member that comes from a node that is ahead', async (t) => {
    const redis = await startRedis(t);
    const proxy = await startProxy(t, redis.port);
    const behind = await startNode(t, `redis://127.0.0.1:${proxy.port}`);
    const ahead = await startNode(t, redis.url());
    const carl = await subscribed(await user(t, behind, 'carl'), 'news');
    const bob = await subscribed(await user(t, ahead, 'bob'), 'news');
    const traveller = await user(t, behind, 'ann');
    proxy.delay(800);
    const text = 'x'.repeat(2000);
    for (let n = 0; n < 5; n += 1) await bob.publish({ n, text });
    await seen(bob, 5);
    await until(() => proxy.heldBytes > 5 * text.length, kMs, 'all of it to be late');
    proxy.delay(0); // what was published stays late, what is asked from now on does not
    const since = { offset: bob.offsets[3], epoch: bob.contexts[0].streamPosition.epoch };
    assert.equal(carl.seen.length, 0, 'which it is not yet');
    const ann = await subscribed(traveller, 'news', { since });
    assert.equal(ann.contexts[0].recovered, true);
    await bob.publish({ n: 5 });
    await Promise.all([seen(ann, 2), seen(carl, 6)]);
    assert.deepEqual(ann.offsets, [bob.offsets[4], carl.offsets[5]]);
  });

  test('obeys the HTTP API of either node', async (t) => {
    const { redis, a, b } = await start(t);
    const bob = await user(t, b, 'bob');
    const closes = [];
    bob.on('disconnected', ({ code }) => closes.push(code));
    const room = await subscribed(bob, 'news');
    await ask(a, 'publish', { channel: 'news', data: { text: 'from afar' } });
    await seen(room, 1);
    assert.deepEqual(texts(room), ['from afar']);
    await ask(a, 'disconnect', { user: 'bob', disconnect: { code: 4501, reason: 'moved' } });
    await until(() => closes.length === 1, kMs, 'bob to be sent away');
    bob.connect();
    await bob.ready(kMs);
    await ask(a, 'block_user', { user: 'bob' });
    await until(() => closes.length === 2, kMs, 'bob to be blocked');
    bob.connect();
    await until(() => closes.length === 3, kMs, 'bob to be refused');
    assert.deepEqual(closes, [4501, 4500, 4500]);
    const later = await startNode(t, redis.url());
    const refused = [];
    await user(t, later, 'ann');
    const again = user(t, later, 'bob').catch((error) => refused.push(error));
    await again;
    assert.equal(refused.length, 1, 'a node that came later knows of the block');
    await ask(later, 'unblock_user', { user: 'bob' });
    const back = async () => {
      bob.connect();
      return bob.ready(1000).then(() => true, () => false);
    };
    await until(back, kMs, 'bob to be let in again');
  });

  test('is known by the HTTP API of either node, as long as its nodes live', async (t) => {
    const { redis, a, b } = await start(t);
    const ann = await user(t, a, 'ann');
    for (const room of ['lobby', 'news']) await subscribed(ann, room);
    await subscribed(await user(t, b, 'bob'), 'lobby');
    await subscribed(await user(t, b, 'ann'), 'lobby');
    await join(t, b, { room: 'weather', id: 7 });
    const channels = async (node, pattern) => {
      const { channels: found } = await ask(node, 'channels', { pattern });
      const counts = Object.entries(found).map(([name, { num_clients: n }]) => `${name} ${n}`);
      return counts.sort();
    };
    const nodes = async (node) => {
      const { nodes: found } = await ask(node, 'info');
      return found.sort((one, other) => one.num_clients - other.num_clients);
    };
    for (const node of [a, b]) {
      assert.deepEqual(await channels(node), ['lobby 3', 'news 1', 'weather 1']);
      assert.deepEqual(await channels(node, '[n-w]e*'), ['news 1', 'weather 1']);
      const found = await nodes(node);
      const counted = found.map((each) => [each.num_clients, each.num_users, each.num_channels]);
      assert.deepEqual(counted, [[1, 1, 2], [3, 3, 2]]);
      assert.deepEqual(found.map(({ num_subs: subscriptions }) => subscriptions), [2, 3]);
      assert.notEqual(found[0].uid, found[1].uid);
      assert.ok(found.every(({ name, version }) => name && version));
    }
    b.kill('SIGKILL');
    await until(async () => (await nodes(a)).length === 1, kMs, 'the dead node to be left out');
    assert.deepEqual(await channels(a), ['lobby 1', 'news 1']);
    const hung = await startNode(t, redis.url());
    await until(async () => (await nodes(a)).length === 2, kMs, 'another node');
    hung.kill('SIGSTOP');
    const began = Date.now();
    assert.equal((await nodes(a)).length, 1);
    const took = Date.now() - began;
    assert.ok(took >= 900 && took < 3000, `${took} ms`);
    hung.kill('SIGCONT');
    assert.equal((await nodes(hung)).length, 2);
    await redis.kill();
    assert.equal(await failing(a, 'info'), 100, 'nobody knows of the others');
    assert.equal(await failing(a, 'channels'), 100);
  });

  test('edits and deletes for both, and Redis forgets it, too', async (t) => {
    const { redis, a, b } = await start(t);
    const ann = await subscribed(await user(t, a, 'ann'), 'lobby');
    const bob = await subscribed(await user(t, b, 'bob'), 'lobby');
    const mod = await subscribed(await user(t, b, 'mod', { role: 'moderator' }), 'lobby');
    await ann.publish({ kind: 'message', id: 'm1', text: 'xyzzy the first' });
    await seen(bob, 1);
    const [target] = bob.offsets;
    const elsewhere = await user(t, b, 'ann');
    await elsewhere.publish('lobby', { kind: 'edit', id: 'e1', target, text: 'xyzzy again' });
    await bob.publish({ kind: 'message', id: 'm2', text: 'harmless' });
    await assert.rejects(bob.publish({ kind: 'edit', target, text: 'mine' }), { code: 403 });
    assert.match(await dump(redis), /xyzzy the first[^]*xyzzy again/);
    await mod.publish({ kind: 'delete', id: 'd1', target });
    await Promise.all([seen(ann, 4), seen(bob, 4)]);
    for (const member of [ann, bob]) {
      const kinds = member.seen.map(({ kind }) => kind);
      assert.deepEqual(kinds, ['message', 'edit', 'message', 'delete']);
      const { publications } = await member.history({ limit: 10 });
      assert.deepEqual(publications.map(({ offset }) => offset), ann.offsets);
      const gone = publications.map(({ data }) => data.kind);
      assert.deepEqual(gone, ['gone', 'gone', 'message', 'delete']);
      assert.ok(!JSON.stringify(publications).includes('xyzzy'));
    }
    const left = await dump(redis);
    assert.ok(!left.includes('xyzzy'), left);
    assert.ok(left.includes('harmless'));
    await assert.rejects(ann.publish({ kind: 'edit', target, text: 'no' }), { code: 404 });
  });
});

describe('a node whose Redis is away', { skip: kNoRedis }, () => {
  test('is up and not ready, and serves when Redis comes', async (t) => {
    const redis = await startRedis(t);
    await redis.kill();
    const port = await freePort();
    const flags = { host: '127.0.0.1', port, drain: '400ms', ...nodeFlags(redis.url()) };
    const node = new Server(port, commandLine(flags));
    t.after(() => node.stop());
    const status = async (target) => (await node.get(target)).status;
    await until(() => status('/health').catch(() => 0), kMs, () => node.output);
    await until(() => node.output.includes('Redis is away'), kMs, 'the node to say so');
    assert.deepEqual([await status('/health'), await status('/ready')], [200, 503]);
    assert.equal(await status('/startup'), 503);
    assert.ok(node.running);
    await redis.restart();
    await node.ready();
    assert.equal(await status('/startup'), 200);
    const room = await subscribed(await user(t, node, 'ann'), 'lobby');
    await room.publish({ text: 'at last' });
    await seen(room, 1);
    await redis.kill();
    await until(async () => (await status('/ready')) === 503, kMs, 'it not to be ready');
    assert.equal(await status('/startup'), 200, 'it has started once');
  });

  test('says so to who publishes, and keeps everybody', async (t) => {
    const redis = await startRedis(t, { appendOnly: true });
    const [a, b] = await startNodes(t, redis.url(), { 'broker-timeout': '1s' });
    const people = [await user(t, a, 'ann'), await user(t, b, 'bob')];
    const [ann, bob] = await Promise.all(people.map((person) => subscribed(person, 'lobby')));
    const reader = await join(t, b, { room: 'lobby', id: 7 });
    const writer = await join(t, a, { room: 'lobby', id: 8 });
    await ann.publish({ text: 'before' });
    await Promise.all([seen(bob, 1), reader.count(1), writer.count(1)]);
    const events = [];
    for (const person of people) {
      person.on('connecting', (context) => events.push(context));
      person.on('disconnected', (context) => events.push(context));
    }
    await redis.kill();
    const start = Date.now();
    writer.send('nobody hears me');
    const refused = await ann.publish({ text: 'lost' }).catch((error) => error);
    assert.ok(refused.temporary, JSON.stringify(refused));
    assert.ok(Date.now() - start >= 900, 'after the time that it may take');
    assert.equal((await writer.end()).code, 1013);
    assert.equal(reader.socket.readyState, reader.socket.OPEN);
    assert.deepEqual(events, []);
    await redis.restart();
    await Promise.all([a.ready(), b.ready()]);
    await ann.publish({ text: 'after' });
    await Promise.all([seen(ann, 2), seen(bob, 2), reader.count(2)]);
    for (const member of [ann, bob]) assert.deepEqual(texts(member), ['before', 'after']);
    assert.deepEqual(textsOf(reader), ['before', 'after']);
    assert.deepEqual(events, []);
  });

  test('answers who published what Redis has forgotten since', async (t) => {
    const redis = await startRedis(t);
    const proxy = await startProxy(t, redis.port);
    const node = await startNode(t, `redis://127.0.0.1:${proxy.port}`);
    const other = await startNode(t, redis.url());
    const room = await subscribed(await user(t, node, 'ann'), 'news');
    proxy.delay(2000);
    const text = 'x'.repeat(2000);
    await ask(other, 'publish', { channel: 'news', data: { n: 1, text } });
    await until(() => proxy.heldBytes > text.length, kMs, 'it to be late');
    proxy.delay(0); // what follows waits for its turn behind that; the answer to it does not
    const answered = ask(node, 'publish', { channel: 'news', data: { n: 2 } });
    const stored = async () => (await dump(redis)).includes('\\"n\\":2');
    await until(stored, kMs, 'it to be stored');
    proxy.refuse();
    proxy.cut();
    await redis.restart();
    proxy.accept();
    await until(() => room.contexts.length === 2, kMs, 'the member to be told of the loss');
    assert.equal(room.contexts[1].recovered, false);
    await deadline(answered, 3000, 'an answer');
    assert.deepEqual(room.seen, []);
    await room.publish({ n: 3 });
    await seen(room, 1);
  });
});

describe('the way to Redis', { skip: kNoRedis }, () => {
  test('is nowhere with a wrong URL, which is not shown', async () => {
    const wrong = [
      'redis://ann:hunter2@host:port',
      'redis://ann:hunter2@host:99999',
      'redis://ann:hunter2@host/database',
      'http://ann:hunter2@host',
      'redis://ann:hunter2@',
    ];
    for (const url of wrong) {
      const named = run(['--port=0', `--redis-url=${url}`]);
      const runs = [named, run(['--port=0'], { REDIS_HOST: url })];
      for (const { code, stdout, stderr } of await Promise.all(runs)) {
        assert.equal(code, 2, `${url}: ${stdout}${stderr}`);
        assert.match(stderr, /redis-url|REDIS_HOST/);
        assert.ok(!(stdout + stderr).includes('hunter2'), stderr);
      }
    }
  });

  test('may be named by REDIS_HOST, as the article has it', async (t) => {
    const redis = await startRedis(t);
    const { 'redis-url': url, ...flags } = nodeFlags(redis.url());
    const node = await startServer(t, flags, { REDIS_HOST: url });
    const other = await startNode(t, url);
    const room = await subscribed(await user(t, other, 'ann'), 'lobby');
    await ask(node, 'publish', { channel: 'lobby', data: { text: 'hello' } });
    await seen(room, 1);
  });

  test('is TLS with a CA of our own, and a user with few rights', async (t) => {
    const tls = await newCertificates(t);
    const chat = palaverUser('chat', 'p@ss:wörd/?', kCommands);
    const redis = await startRedis(t, { tls, password: 'quiet', users: [chat] });
    const login = { name: chat.name, password: encodeURIComponent(chat.password) };
    const flags = { 'redis-ca-file': tls.authority };
    const [a, b] = await startNodes(t, redis.url(login), flags);
    const ann = await subscribed(await user(t, a, 'ann'), 'lobby');
    const bob = await subscribed(await user(t, b, 'bob'), 'lobby');
    await ann.publish({ kind: 'message', id: 'm1', text: 'hello' });
    await seen(bob, 1);
    const [target] = bob.offsets;
    await ann.publish({ kind: 'react', id: 'r1', target, emoji: '👍', on: true });
    await ann.publish({ kind: 'delete', id: 'd1', target });
    await ask(a, 'block_user', { user: 'carl' });
    await ask(a, 'unblock_user', { user: 'carl' });
    assert.equal((await ask(b, 'info')).nodes.length, 2);
    await seen(bob, 3);
    assert.deepEqual(await bob.presenceStats(), { numClients: 2, numUsers: 2 });
    assert.equal((await bob.history({ limit: 10 })).publications.length, 3);
    await ask(b, 'history_remove', { channel: 'lobby' });
    bob.unsubscribe();
    await until(async () => (await ann.presenceStats()).numClients === 1, kMs, 'bob to leave');
    const denied = (await redis.command('ACL', 'LOG')).map((entry) => entry.join(' '));
    assert.deepEqual(denied, []);
    for (const node of [a, b]) assert.ok(!node.output.includes('refuses'), node.output);
  });

  test('does not lead to a Redis with a certificate of others', async (t) => {
    const redis = await startRedis(t, { tls: await newCertificates(t) });
    const other = await newCertificates(t);
    const port = await freePort();
    const flags = { host: '127.0.0.1', port, drain: '400ms', ...nodeFlags(redis.url()) };
    const all = { ...flags, 'redis-ca-file': other.authority };
    const node = new Server(port, commandLine(all));
    t.after(() => node.stop());
    await until(() => node.output.includes('Redis is away'), kMs, () => node.output);
    assert.match(node.output, /certificate/);
    assert.equal((await node.get('/ready')).status, 503);
    assert.ok(node.running);
  });
});
