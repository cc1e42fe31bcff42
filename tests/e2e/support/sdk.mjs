// SPDX-License-Identifier: Apache-2.0
// The official SDK as tests use it: a client of a server of theirs that ends with the test, and
// subscriptions that keep what they got. A client of several servers takes the next one each time
// it connects.

import { Centrifuge } from 'centrifuge';
import WebSocket from 'ws';

import { deadline, until } from './wait.mjs';

export const kMs = 10_000;

/** A WebSocket that goes to one server after the other, whatever URL it is given. */
function inTurn(servers, first) {
  let next = first;
  return class extends WebSocket {
    constructor(url, ...rest) {
      const { port } = servers[next % servers.length];
      next += 1;
      super(Object.assign(new URL(url), { port }), ...rest);
    }
  };
}

/** @param server One, or a list. @param first Which of a list comes first. */
export function newSdk(t, server, { first = 0, ...options } = {}) {
  const servers = [server].flat();
  const sdk = new Centrifuge(`ws://127.0.0.1:${servers[0].port}/connection/websocket`, {
    websocket: inTurn(servers, first),
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
