// SPDX-License-Identifier: Apache-2.0
// pycent 5, the Python library for Centrifugo's HTTP API, unmodified, with an SDK client on the
// other side. The library comes from PyPI into a folder that ends with the test; where that is not
// possible the test is skipped and says why. PALAVER_PYCENT_PYTHON names a Python that has it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { kMs, subscribed } from './support/sdk.mjs';
import { startServer } from './support/server.mjs';
import { kTokenKey, user } from './support/tokens.mjs';
import { deadline, until } from './support/wait.mjs';

const kCheck = path.join(path.dirname(fileURLToPath(import.meta.url)), 'pycent_check.py');
const kPackage = 'cent==5.2.0';
const kInstallMs = 120_000;
const kApiKey = 'the backend';
// What the check prints: that none was forgotten is asserted here.
const kSteps = [
  'presence',
  'presence_stats',
  'channels',
  'info',
  'publish',
  'broadcast',
  'history',
  'history_remove',
  'subscribe',
  'unsubscribe',
  'refresh',
  'batch',
  'block_user',
  'asynchronous',
  'errors',
  'disconnect',
];

/** Runs a program to its end, or to the end of the test. @returns {code, output}. */
async function execute(t, ms, program, ...args) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  const end = new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: -1, output: error.message }));
    child.on('close', (code) => resolve({ code, output }));
  });
  return deadline(end, ms, () => `${program} ${args.join(' ')}; it said:\n${output}`);
}

/** @returns {python}, one that has pycent, or {reason}. */
async function findPycent(t) {
  const given = process.env.PALAVER_PYCENT_PYTHON;
  if (given) return { python: given };
  const folder = mkdtempSync(path.join(os.tmpdir(), 'palaver-pycent-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const venv = await execute(t, kInstallMs, 'python3', '-m', 'venv', folder);
  if (venv.code !== 0) return { reason: `no python3 with venv here: ${venv.output.trim()}` };
  const python = path.join(folder, 'bin', 'python');
  const pip = ['-m', 'pip', '--disable-pip-version-check', '--no-input', '--retries=0', 'install'];
  const install = await execute(t, kInstallMs, python, ...pip, '--quiet', kPackage);
  if (install.code !== 0) return { reason: `pip has no ${kPackage}: ${install.output.trim()}` };
  return { python };
}

/** Keeps what happens to a client, each event as a text. */
function eventsOf(sdk, room) {
  const events = [];
  const keep = (name, of) => (context) => events.push(`${name} ${JSON.stringify(of(context))}`);
  room.on('publication', keep('news', ({ data }) => data));
  sdk.on('subscribed', keep('subscribed', ({ channel, data }) => [channel, data]));
  sdk.on('publication', keep('publication', ({ channel, data }) => [channel, data]));
  sdk.on('unsubscribed', keep('unsubscribed', ({ channel }) => channel));
  sdk.on('disconnected', keep('disconnected', ({ code, reason }) => [code, reason]));
  return events;
}

test('pycent finds what it expects of Centrifugo', async (t) => {
  const { python, reason } = await findPycent(t);
  if (reason !== undefined) {
    console.log(`skipping pycent: ${reason}`);
    return t.skip(reason);
  }
  const flags = { 'api-key': kApiKey, 'token-key': kTokenKey };
  const server = await startServer(t, flags);
  const ann = await user(t, server, 'ann', { name: 'Ann' });
  const events = eventsOf(ann, await subscribed(ann, 'news'));
  const check = await execute(t, 6 * kMs, python, kCheck, `${server.origin}/api`, kApiKey);
  t.diagnostic(check.output.trim().replaceAll('\n', ', '));
  assert.equal(check.code, 0, check.output);
  for (const step of kSteps) assert.match(check.output, new RegExp(`^ok ${step}$`, 'm'));
  await until(() => events.at(-1)?.startsWith('disconnected'), kMs, 'Ann to be sent away');
  assert.deepEqual(events, [
    'news {"text":"hello"}',
    'news {"text":"base64"}',
    'news 7',
    'news {"text":"to all"}',
    'subscribed ["deals",{"why":"vip"}]',
    'publication ["deals",{"n":1}]',
    'unsubscribed "deals"',
    'disconnected [4501,"moved"]',
  ]);
});
