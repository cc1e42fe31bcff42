// SPDX-License-Identifier: Apache-2.0
// What the operator's backend would mint, by `palaver token`, and the users that come with it. The
// server under test has kTokenKey as its --token-key.

import assert from 'node:assert/strict';

import { connected } from './sdk.mjs';
import { run } from './server.mjs';

export const kTokenKey = 'the key of the tests';

export async function mint(...flags) {
  const { code, stdout, stderr } = await run(['token', `--token-key=${kTokenKey}`, ...flags]);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

/** A client of the SDK that is this user; `info` is what others see. */
export async function user(t, server, name, info = { name }) {
  const token = await mint(`--user=${name}`, `--info=${JSON.stringify(info)}`);
  return connected(t, server, { token });
}
