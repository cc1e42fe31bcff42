// SPDX-License-Identifier: Apache-2.0
// The official SDK as tests use it: a client of a server of theirs that ends with the test, and
// subscriptions that keep what they got.

import { Centrifuge } from 'centrifuge';
import WebSocket from 'ws';

import { deadline, until } from './wait.mjs';

export const kMs = 10_000;

export function newSdk(t, server, options = {}) {
  const sdk = new Centrifuge(`ws://127.0.0.1:${server.port}/connection/websocket`, {
    websocket: WebSocket,
    minReconnectDelay: 20,
    maxReconnectDelay: 200,
    ...options,
  });
  t.after(() => sdk.disconnect());
  return sdk;
}

export async function connected(t, server, options) {
  const sdk = newSdk(t, server, options);
  sdk.connect();
  await deadline(sdk.ready(), kMs, 'the SDK to connect');
  return sdk;
}

/** Breaks the transport under the SDK, as a network does. */
export const cut = (sdk) => sdk._transport._transport?.terminate();

/** A live subscription that keeps what it got: `seen` is the data, `events` the event names. */
export async function subscribed(sdk, room, options) {
  const subscription = sdk.newSubscription(room, options);
  subscription.seen = [];
  subscription.offsets = [];
  subscription.contexts = [];
  subscription.on('publication', ({ data, offset }) => {
    subscription.seen.push(data);
    subscription.offsets.push(offset);
  });
  subscription.on('subscribed', (context) => subscription.contexts.push(context));
  subscription.subscribe();
  await deadline(subscription.ready(), kMs, `a subscription to ${room}`);
  return subscription;
}

export const seen = (subscription, count) =>
  until(
    () => subscription.seen.length >= count,
    kMs,
    () => `${count} publications; there are ${subscription.seen.length}`,
  );
