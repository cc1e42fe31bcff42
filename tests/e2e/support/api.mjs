// SPDX-License-Identifier: Apache-2.0
// The HTTP API of a server whose --api-key is kApiKey.

import assert from 'node:assert/strict';

export const kApiKey = 'the backend';

/** @returns {status, json}, whatever they are. */
export async function call(server, method, body, headers = { 'x-api-key': kApiKey }) {
  const answer = await fetch(`${server.origin}/api/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, json: JSON.parse(text) };
}

/** The result of a call that has to succeed. */
export async function ask(server, method, body = {}) {
  const { status, json } = await call(server, method, body);
  assert.equal(status, 200);
  assert.ok(json.result ?? json.replies, JSON.stringify(json));
  return json.result ?? json.replies;
}

/** The error code of a call that has to fail. */
export async function failing(server, method, body) {
  const { status, json } = await call(server, method, body);
  assert.equal(status, 200);
  return json.error.code;
}
