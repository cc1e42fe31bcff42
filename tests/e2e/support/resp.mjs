// SPDX-License-Identifier: Apache-2.0
// What tests themselves say to Redis, beside what they test: a connection that speaks RESP2.

import net from 'node:net';
import tls from 'node:tls';
import { readFileSync } from 'node:fs';

import { deadline } from './wait.mjs';

const kMs = 1_000;

/** An answer of Redis that is an error: "NOPERM ...". */
export class RedisError extends Error {}

/** @returns {value, end} of the reply that begins at `at`, null while it is not all here. */
export function parseReply(bytes, at = 0) {
  const line = bytes.indexOf('\r\n', at);
  if (line < 0) return null;
  const type = String.fromCharCode(bytes[at]);
  const text = bytes.toString('utf8', at + 1, line);
  const next = line + 2;
  if (type === '+') return { value: text, end: next };
  if (type === '-') return { value: new RedisError(text), end: next };
  if (type === ':') return { value: Number(text), end: next };
  const size = Number(text);
  if (size < 0) return { value: null, end: next };
  if (type === '$') {
    const end = next + size + 2;
    return bytes.length < end ? null : { value: bytes.toString('utf8', next, end - 2), end };
  }
  if (type !== '*') throw new Error(`not a reply of RESP2: ${type}${text}`);
  const value = [];
  let end = next;
  while (value.length < size) {
    const element = parseReply(bytes, end);
    if (element === null) return null;
    value.push(element.value);
    end = element.end;
  }
  return { value, end };
}

export function encodeCommand(words) {
  const parts = words.map((word) => {
    const bytes = Buffer.from(String(word));
    return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]);
  });
  return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...parts]);
}

export class RespConnection {
  /** What came when nobody waited for an answer: the messages of a subscriber, as arrays. */
  messages = [];
  #waiting = [];
  #bytes = Buffer.alloc(0);

  /** @param address {port, user, password, authority}: a file of the last one means TLS. */
  constructor({ port, authority }) {
    const to = { host: '127.0.0.1', port };
    this.socket = authority
      ? tls.connect({ ...to, ca: readFileSync(authority) })
      : net.connect(to);
    this.socket.on('data', (bytes) => this.#take(bytes));
    this.socket.on('error', (error) => this.#fail(error));
    this.socket.on('close', () => this.#fail(new Error(`the connection to Redis ${port} closed`)));
  }

  /** Rejects with a RedisError when that is the answer. */
  command(...words) {
    if (this.socket.destroyed) return Promise.reject(new Error('the connection is closed'));
    const answer = new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.socket.write(encodeCommand(words));
    return answer;
  }

  close() {
    this.socket.destroy();
  }

  #take(bytes) {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    for (let reply; (reply = parseReply(this.#bytes)) !== null; ) {
      this.#bytes = this.#bytes.subarray(reply.end);
      const { value } = reply;
      const waiter = this.#waiting.shift();
      if (!waiter) this.messages.push(value);
      else if (value instanceof RedisError) waiter.reject(value);
      else waiter.resolve(value);
    }
  }

  #fail(error) {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** A connection that has logged in. Rejects when nobody answers within a second. */
export async function connectRedis({ user, password, ...address }) {
  const connection = new RespConnection(address);
  const login = user ? ['AUTH', user, password] : ['AUTH', password];
  const hello = password ? login : ['PING'];
  try {
    const ready = connection.command(...hello).catch((error) => {
      if (!(error instanceof RedisError) || password) throw error; // a PING may be forbidden
    });
    await deadline(ready, kMs, `Redis ${address.port} to answer`);
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}

/** One command on a connection of its own, so a server that was restarted is no special case. */
export async function redisCommand(address, ...words) {
  const connection = await connectRedis(address);
  try {
    return await deadline(
      connection.command(...words),
      kMs,
      () => `Redis ${address.port} to answer ${words[0]}`,
    );
  } finally {
    connection.close();
  }
}
