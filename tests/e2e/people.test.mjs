// SPDX-License-Identifier: Apache-2.0
// People in a room, by the official SDK against the real binary: who is there, joins and leaves,
// typing, edits, deletes and reactions, and what happens to those who try what is not theirs.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { join } from './support/client.mjs';
import { forEachEngine } from './support/matrix.mjs';
import { connected, kMs, seen, subscribed } from './support/sdk.mjs';
import { startServer } from './support/server.mjs';
import { kTokenKey, mint, user } from './support/tokens.mjs';
import { until } from './support/wait.mjs';

/** A subscription that also keeps its publications whole. */
async function member(sdk, room) {
  const subscription = await subscribed(sdk, room, { joinLeave: true });
  subscription.entries = [];
  subscription.on('publication', (context) => subscription.entries.push(context));
  return subscription;
}

const users = async (subscription) => {
  const { clients } = await subscription.presence();
  return Object.values(clients)
    .map(({ user }) => user)
    .sort();
};

forEachEngine('people in a room', (flags) => {
  test('presence tells who is there, by connection and by user', async (t) => {
    const server = await startServer(t, { ...flags, 'token-key': kTokenKey, guests: 'true' });
    const ann = await member(await user(t, server, 'ann'), 'lobby');
    const phone = await user(t, server, 'ann');
    await member(phone, 'lobby');
    const guest = await connected(t, server, { data: { name: 'Zoë' } });
    await member(guest, 'lobby');
    const article = await join(t, server, { room: 'lobby', id: 7 });
    await until(async () => (await users(ann)).length === 4, kMs, 'four connections');
    const all = await users(ann);
    assert.deepEqual(all.slice(0, 3), ['ann', 'ann', 'article:7']);
    assert.match(all[3], /^guest:/);
    assert.deepEqual(await ann.presenceStats(), { numClients: 4, numUsers: 3 });
    const { clients } = await ann.presence();
    const zoe = Object.values(clients).find(({ user }) => user.startsWith('guest:'));
    assert.deepEqual(zoe.connInfo, { name: 'Zoë' });
    await article.leave();
    phone.disconnect();
    await until(async () => (await users(ann)).length === 2, kMs, 'two to leave');
    assert.deepEqual(await ann.presenceStats(), { numClients: 2, numUsers: 2 });
  });

  test('joins and leaves are told to those who asked for them', async (t) => {
    const server = await startServer(t, { ...flags, 'token-key': kTokenKey });
    const ann = await member(await user(t, server, 'ann'), 'lobby');
    const quiet = await subscribed(await user(t, server, 'quiet'), 'lobby');
    const told = [];
    ann.on('join', ({ info }) => told.push(`+${info.user}`));
    ann.on('leave', ({ info }) => told.push(`-${info.user}`));
    for (const event of ['join', 'leave']) quiet.on(event, () => told.push('not asked for'));
    const bob = await user(t, server, 'bob');
    const room = await member(bob, 'lobby');
    await until(() => told.includes('+bob'), kMs, 'the join');
    room.unsubscribe();
    await until(() => told.includes('-bob'), kMs, 'the leave');
    await member(await user(t, server, 'carl'), 'lobby');
    await until(() => told.includes('+carl'), kMs, 'another join');
    assert.ok(!told.includes('not asked for'));
  });

  test('typing is live, rare and leaves nothing behind', async (t) => {
    const server = await startServer(t, { ...flags, 'token-key': kTokenKey, guests: 'true' });
    const ann = await member(await user(t, server, 'ann'), 'lobby');
    const bob = await member(await user(t, server, 'bob'), 'lobby');
    const article = await join(t, server, { room: 'lobby', id: 7 });
    await ann.publish({ kind: 'typing' });
    await seen(bob, 1);
    assert.equal(bob.entries[0].info.user, 'ann');
    assert.ok(!bob.entries[0].offset);
    await assert.rejects(ann.publish({ kind: 'typing' }), { code: 111 });
    await ann.publish({ text: 'done' });
    await article.count(1);
    assert.match(article.lines[0], / done \(ann\)$/);
    assert.equal((await ann.history({ limit: 10 })).publications.length, 1);
  });

  test('a message is edited by its author and deleted for everybody', async (t) => {
    const server = await startServer(t, { ...flags, 'token-key': kTokenKey, guests: 'true' });
    const ann = await member(await user(t, server, 'ann'), 'lobby');
    const bob = await member(await user(t, server, 'bob'), 'lobby');
    const mod = await member(await user(t, server, 'mod', { role: 'moderator' }), 'lobby');
    const article = await join(t, server, { room: 'lobby', id: 7 });
    await ann.publish({ kind: 'message', id: 'm1', text: 'secrret' });
    await seen(bob, 1);
    const target = bob.offsets[0];
    await ann.publish({ kind: 'edit', id: 'e1', target, text: 'secret' });
    await bob.publish({ kind: 'react', id: 'r1', target, emoji: '👍', on: true });
    await assert.rejects(bob.publish({ kind: 'edit', target, text: 'mine' }), { code: 403 });
    await assert.rejects(bob.publish({ kind: 'delete', target }), { code: 403 });
    await mod.publish({ kind: 'delete', id: 'd1', target });
    await seen(bob, 4);
    assert.deepEqual(bob.seen.map(({ kind }) => kind), ['message', 'edit', 'react', 'delete']);
    const { publications } = await bob.history({ limit: 10 });
    const data = publications.slice(0, 3).map((entry) => entry.data);
    assert.deepEqual(data, Array(3).fill({ kind: 'gone' }));
    assert.deepEqual(publications.map(({ offset }) => offset), bob.offsets);
    assert.ok(!JSON.stringify(publications).includes('secret'));
    await assert.rejects(ann.publish({ kind: 'edit', target, text: 'again' }), { code: 404 });
    const react = { kind: 'react', target, emoji: '👍', on: true };
    await assert.rejects(bob.publish(react), { code: 404 });
    assert.equal(article.lines.length, 1, 'the article shows messages alone');
    assert.match(article.lines[0], / secrret \(ann\)$/);
    const late = await join(t, server, { room: 'lobby', id: 8, query: '?history=10' });
    await ann.publish({ text: 'after' });
    await late.count(1);
    assert.match(late.lines[0], / after \(ann\)$/);
  });

  test('what is not theirs is refused, and nobody notices', async (t) => {
    const server = await startServer(t, { ...flags, 'token-key': kTokenKey, guests: 'true' });
    const ann = await member(await user(t, server, 'ann'), 'lobby');
    const mallory = await member(await user(t, server, 'mallory'), 'lobby');
    const guest = await member(await connected(t, server), 'lobby');
    await ann.publish({ kind: 'message', id: 'same', text: 'hers' });
    await mallory.publish({ kind: 'message', id: 'same', text: 'his own' });
    await seen(ann, 2);
    const [target] = ann.offsets;
    const elsewhere = await subscribed(await user(t, server, 'ann'), 'another room');
    await elsewhere.publish({ text: 'elsewhere' });
    await seen(elsewhere, 1);
    const attacks = [
      [{ kind: 'edit', target, text: 'forged' }, 403],
      [{ kind: 'delete', target }, 403],
      [{ kind: 'delete', target: elsewhere.offsets[0] }, 404],
      [{ kind: 'edit', target: 1, text: 'x' }, 404],
      [{ kind: 'react', target, emoji: 'x'.repeat(33), on: true }, 400],
      [{ kind: 'react', target, emoji: '', on: true }, 400],
      [{ kind: 'message', text: 'x'.repeat(8193) }, 400],
      [{ kind: 'message', text: 'x', id: 'i'.repeat(65) }, 400],
      [{ kind: 'message', text: '' }, 400],
      [{ kind: 'edit', target: -1, text: 'x' }, 400],
      [{ kind: 'edit', target: 2 ** 53, text: 'x' }, 400],
      [{ kind: 'gone' }, 400],
    ];
    for (const attacker of [mallory, guest]) {
      for (const [data, code] of attacks) {
        await assert.rejects(attacker.publish(data), { code }, JSON.stringify(data));
      }
    }
    await ann.publish({ text: 'still fine' });
    await seen(ann, 3);
    assert.deepEqual(ann.seen.map(({ text }) => text), ['hers', 'his own', 'still fine']);
    assert.equal((await ann.history({ limit: 10 })).publications.length, 3);
  });

  test('moderators act on users through rpc, others do not', async (t) => {
    const server = await startServer(t, { ...flags, 'token-key': kTokenKey });
    const mod = await user(t, server, 'mod', { role: 'moderator' });
    const bob = await user(t, server, 'bob');
    await assert.rejects(bob.rpc('block_user', { user: 'mod' }), { code: 103 });
    await assert.rejects(bob.rpc('sudo', {}), { code: 108 });
    const gone = new Promise((resolve) => bob.on('disconnected', resolve));
    await mod.rpc('block_user', { user: 'bob', seconds: 60 });
    assert.equal((await gone).code, 4500);
    bob.connect();
    const again = await new Promise((resolve) => bob.on('disconnected', resolve));
    assert.equal(again.code, 4500);
    const token = await mint('--user=bob');
    const query = `?token=${token}`;
    await assert.rejects(join(t, server, { room: 'lobby', id: 1, query }), /403/);
    await mod.rpc('unblock_user', { user: 'bob' });
    bob.connect();
    await bob.ready(kMs);
  });
});
