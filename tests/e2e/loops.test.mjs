// SPDX-License-Identifier: Apache-2.0
// A client that comes and goes a thousand times, by the official SDK: nothing of it stays behind,
// and what was said between two visits is there at the next one.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { forEachEngine } from './support/matrix.mjs';
import { connected, kMs, seen, subscribed } from './support/sdk.mjs';
import { startServer } from './support/server.mjs';
import { deadline, until } from './support/wait.mjs';

const kRounds = 1000;
const kKey = 'the operator';
const kFast = { 'messages-per-second': 1e6, 'messages-burst': 1e6 };
// A thousand rooms that are at rest, with what the allocator rounds up; a leak of one connection's
// buffers in each round would be far above.
const kGrowthMaxBytes = 8 * 1024 * 1024;

const start = (t, flags) =>
  startServer(t, { ...flags, ...kFast, 'api-key': kKey, 'admin-key': kKey });

async function api(server, method, body = {}) {
  const answer = await fetch(`${server.origin}/api/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': kKey },
    body: JSON.stringify(body),
  });
  return (await answer.json()).result;
}

async function metric(server, name) {
  const { body } = await server.get('/metrics', { authorization: `Bearer ${kKey}` });
  const [, value] = new RegExp(`^${name} (\\d+)$`, 'm').exec(body) ?? [];
  assert.ok(value !== undefined, `no metric ${name}`);
  return Number(value);
}

function residentBytes(server) {
  const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) * 1024;
}

async function comeAndGo(sdk, room, options) {
  const subscription = sdk.newSubscription(room, options);
  subscription.subscribe();
  await deadline(subscription.ready(), kMs, `a subscription to ${room}`);
  subscription.unsubscribe();
  sdk.removeSubscription(subscription);
}

/** Nobody is in any room, by all who count. */
async function assertEmpty(server, rooms) {
  const none = async () => Object.keys((await api(server, 'channels')).channels).length === 0;
  await until(none, kMs, 'the last room to be empty');
  await until(async () => (await metric(server, 'palaver_rooms')) === 0, kMs, 'no rooms');
  assert.equal((await api(server, 'info')).nodes[0].num_subs, 0);
  for (const channel of rooms) {
    assert.deepEqual(await api(server, 'presence', { channel }), { presence: {} });
    const stats = await api(server, 'presence_stats', { channel });
    assert.deepEqual(stats, { num_clients: 0, num_users: 0 });
  }
}

forEachEngine('a thousand visits', (flags) => {
  test('of a few rooms leave nothing behind', async (t) => {
    const server = await start(t, flags);
    const sdk = await connected(t, server);
    const rooms = ['loop 0', 'loop 1', 'loop 2'];
    const visit = async () => {
      for (let n = 0; n < kRounds; n += 1) await comeAndGo(sdk, rooms[n % 3], { joinLeave: true });
      await assertEmpty(server, rooms);
    };
    await visit();
    const before = residentBytes(server);
    await visit();
    const growth = residentBytes(server) - before;
    assert.ok(growth < kGrowthMaxBytes, `grown by ${growth} bytes`);
    const room = await subscribed(sdk, rooms[0]);
    await room.publish({ text: 'still here' });
    await seen(room, 1);
  });

  test('of a thousand rooms leave next to nothing behind', async (t) => {
    const server = await start(t, flags);
    const sdk = await connected(t, server);
    await comeAndGo(sdk, 'room', {});
    const before = residentBytes(server);
    for (let n = 0; n < kRounds; n += 1) await comeAndGo(sdk, `room ${n}`, { joinLeave: true });
    await assertEmpty(server, ['room 0', `room ${kRounds - 1}`]);
    const growth = residentBytes(server) - before;
    assert.ok(growth < kGrowthMaxBytes, `grown by ${growth} bytes`);
  });

  test('bring what was said since the position that getState gave', async (t) => {
    const server = await start(t, flags);
    const [sdk, author] = [await connected(t, server), await connected(t, server)];
    let position = { epoch: '', offset: 0 };
    for (let n = 0; n < kRounds; n += 1) {
      await author.publish('state', { n });
      const visit = await subscribed(sdk, 'state', { getState: async () => position });
      assert.equal(visit.contexts[0].recovered, true);
      await seen(visit, 1);
      assert.deepEqual(visit.seen, [{ n }]);
      position = { ...visit.contexts[0].streamPosition, offset: visit.offsets[0] };
      visit.unsubscribe();
      sdk.removeSubscription(visit);
    }
    await assertEmpty(server, ['state']);
  });

  test('ask getState again when its position is too old', async (t) => {
    const server = await start(t, { ...flags, 'history-entries-max': 5 });
    const [sdk, author] = [await connected(t, server), await connected(t, server)];
    for (let n = 0; n < 9; n += 1) await author.publish('state', { n });
    const { epoch, offset } = await api(server, 'history', { channel: 'state', limit: 0 });
    const positions = [
      { epoch, offset: 0 },
      { epoch: 'other', offset },
      { epoch, offset },
    ];
    const visit = await subscribed(sdk, 'state', {
      getState: async () => positions.shift(),
      minResubscribeDelay: 20,
      maxResubscribeDelay: 50,
    });
    assert.deepEqual(positions, []);
    assert.equal(visit.contexts.length, 1);
    assert.equal(visit.contexts[0].recovered, true);
    await author.publish('state', { n: 'live' });
    await seen(visit, 1);
    assert.deepEqual(visit.seen, [{ n: 'live' }]);
  });
});
