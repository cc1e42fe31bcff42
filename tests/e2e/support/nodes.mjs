// SPDX-License-Identifier: Apache-2.0
// Nodes that meet through Redis: each a server like any other, with the keys that all of them have
// to share.

import { kApiKey } from './api.mjs';
import { startServer } from './server.mjs';
import { kTokenKey } from './tokens.mjs';

/** The flags of a node whose Redis is at `url`. */
export const nodeFlags = (url) => ({
  'redis-url': url,
  'api-key': kApiKey,
  'token-key': kTokenKey,
  guests: 'true',
  'guest-key': 'the guests of the tests',
});

export const startNode = (t, url, flags = {}) => startServer(t, { ...nodeFlags(url), ...flags });

/** Two of them, which differ in their shards. */
export async function startNodes(t, url, flags = {}) {
  const one = startNode(t, url, { shards: 1, ...flags });
  return Promise.all([one, startNode(t, url, { shards: 2, ...flags })]);
}
