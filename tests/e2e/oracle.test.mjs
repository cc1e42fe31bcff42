// SPDX-License-Identifier: Apache-2.0
// Recovery, as a crowd lives through it: SDK clients in a few rooms whose connections break all the
// time while they talk, edit, delete and react. Whatever happens to them, each sees every
// publication of its rooms once and in order, or is told that it cannot (support/oracle.mjs).
//
//   PALAVER_SEED             decides the plan; printed, so that a failure can be had again
//   PALAVER_ORACLE_CLIENTS   40
//   PALAVER_ORACLE_SECONDS   6

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Crowd, judge, planOf } from './support/crowd.mjs';
import { forEachEngine } from './support/matrix.mjs';
import { randomOf } from './support/oracle.mjs';
import { startServer } from './support/server.mjs';
import { kTokenKey } from './support/tokens.mjs';

const kSeed = Number(process.env.PALAVER_SEED ?? Date.now() % 2 ** 32);
const kClients = Number(process.env.PALAVER_ORACLE_CLIENTS ?? 40);
const kSeconds = Number(process.env.PALAVER_ORACLE_SECONDS ?? 6);
const kRooms = 4;
const kMessagesPerSecond = 100;

async function play(t, flags, options) {
  const plan = planOf(randomOf(kSeed), {
    clients: kClients,
    rooms: kRooms,
    seconds: kSeconds,
    rate: kMessagesPerSecond,
    ...options,
  });
  const people = { 'token-key': kTokenKey, guests: 'true' };
  const crowd = new Crowd(t, await startServer(t, { ...flags, ...people }), plan);
  await crowd.gather();
  await crowd.play();
  await crowd.settle();
  return crowd;
}

forEachEngine('a crowd with breaking connections', (flags) => {
  test('misses nothing, and sees nothing twice', async (t) => {
    const kept = 100_000;
    const crowd = await play(t, { ...flags, 'history-entries-max': kept }, {});
    judge(t, kSeed, crowd, crowd.recordByHistory(kept, await crowd.readAll()));
    assert.ok(crowd.counts.recoveries > 0 || kSeconds < 2, 'nobody had anything to recover');
  });

  test('is told what it missed when the history is too short', async (t) => {
    const kept = 5;
    const steady = 2; // the first is the order, the second has to agree
    const options = { steady, seconds: kSeconds / 2 };
    const crowd = await play(t, { ...flags, 'history-entries-max': kept }, options);
    judge(t, kSeed, crowd, crowd.recordByWitness(kept, 0));
    assert.ok(crowd.counts.losses > 0 || kSeconds < 2, 'nobody was told of a loss');
  });
});
