// SPDX-License-Identifier: Apache-2.0
// A member of a room that speaks the article's protocol: keeps every line it received and how it
// was closed. One client belongs to one test; what is still open ends with it.

import WebSocket from 'ws';

import { deadline } from './wait.mjs';

const kTimeoutMs = 10_000;
const kLine = /^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\] ([^]*) \((-?\d+)\)$/;

export function parse(line) {
  const match = kLine.exec(line);
  if (!match) throw new Error(`not a line of the protocol: ${JSON.stringify(line)}`);
  return { time: match[1], text: match[2], id: match[3] };
}

export class Client {
  lines = [];
  #waiters = new Set();

  constructor(server, { room, id, query = '', origin, headers, deflate = false }) {
    const url = `ws://127.0.0.1:${server.port}/ws/${encodeURIComponent(room)}/${id}${query}`;
    this.socket = new WebSocket(url, {
      origin,
      headers,
      perMessageDeflate: deflate,
      handshakeTimeout: kTimeoutMs,
    });
    this.opened = new Promise((resolve, reject) => {
      this.socket.on('open', resolve);
      this.socket.on('error', reject);
    });
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString(), at: Date.now() });
        this.#wake();
      });
    });
    this.socket.on('message', (data) => {
      this.lines.push(data.toString());
      this.#wake();
    });
  }

  get texts() {
    return this.lines.map((line) => parse(line).text);
  }

  send(text) {
    this.socket.send(text);
  }

  /** Resolves when `condition(lines)` holds, asked after each message. */
  async until(condition, what, ms = kTimeoutMs) {
    let waiter;
    const met = new Promise((resolve) => {
      waiter = () => condition(this.lines) && resolve();
      this.#waiters.add(waiter);
      waiter();
    });
    try {
      await deadline(
        met,
        ms,
        () => `${what}; ${this.lines.length} lines, the last: ${this.lines.at(-1)}`,
      );
    } finally {
      this.#waiters.delete(waiter);
    }
    return this.lines;
  }

  count(n, ms) {
    return this.until((lines) => lines.length >= n, `${n} lines`, ms);
  }

  /** Waits for the close. @returns {code, reason, at}. */
  end(ms = kTimeoutMs) {
    return deadline(this.closed, ms, 'the close of a connection');
  }

  /** Leaves, and waits until the server has agreed. */
  async leave() {
    this.socket.close();
    return this.end();
  }

  #wake() {
    for (const waiter of this.#waiters) waiter();
  }
}

/** A member that has joined; it ends with the test `t`. */
export async function join(t, server, options) {
  const client = new Client(server, options);
  t.after(() => client.socket.terminate());
  await client.opened;
  return client;
}
