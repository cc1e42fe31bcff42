// SPDX-License-Identifier: Apache-2.0
// HTTP as the tests need it: one request on a connection of its own, a WebSocket handshake that
// shows the refusal a browser would hide, and a raw socket for what no well-behaved client sends.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';

import { deadline } from './wait.mjs';

const kTimeoutMs = 10_000;

function collect(response) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    response.on('data', (chunk) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      resolve({ status: response.statusCode, headers: response.headers, body });
    });
  });
}

/** One request, then close. The target is sent as it is. @returns {status, headers, body}. */
export function request(port, { target, method = 'GET', headers = {}, body = '' }) {
  const answer = new Promise((resolve, reject) => {
    const outgoing = http.request(
      { host: '127.0.0.1', port, path: target, method, headers, agent: false },
      (response) => collect(response).then(resolve, reject),
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  return deadline(answer, kTimeoutMs, `${method} ${target}`);
}

/**
 * A handshake by hand. @returns {status, headers, body, socket, head}: with status 101 the socket
 * is the caller's and `head` holds the bytes that came after the answer.
 */
export function handshake(port, target, { headers = {}, method = 'GET', omit = [] } = {}) {
  const all = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...headers,
  };
  for (const name of omit) delete all[name];
  const answer = new Promise((resolve, reject) => {
    const outgoing = http.request({
      host: '127.0.0.1',
      port,
      path: target,
      method,
      headers: all,
      agent: false,
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => collect(response).then(resolve, reject));
    outgoing.on('upgrade', (response, socket, head) => {
      socket.on('error', () => {}); // A reset is a valid end; tests look at 'close'.
      resolve({ status: 101, headers: response.headers, body: '', socket, head });
    });
    outgoing.end();
  });
  return deadline(answer, kTimeoutMs, `the handshake of ${target}`);
}

/** The JSON of an error answer; throws when it is none. */
export function errorOf(answer) {
  if (!/^application\/json\b/.test(answer.headers['content-type'] ?? '')) {
    throw new Error(`not JSON: ${answer.status} ${answer.headers['content-type']} ${answer.body}`);
  }
  return JSON.stringify(JSON.parse(answer.body));
}

/** A TCP connection that collects what comes as latin1 text, so that a character is a byte. */
export class RawSocket {
  static async connect(port) {
    const socket = net.connect(port, '127.0.0.1');
    await deadline(once(socket, 'connect'), kTimeoutMs, 'a TCP connection');
    return new RawSocket(socket);
  }

  constructor(socket, head = Buffer.alloc(0)) {
    this.socket = socket;
    this.text = head.toString('latin1');
    this.closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('data', (chunk) => (this.text += chunk.toString('latin1')));
    socket.on('error', () => {});
  }

  write(data) {
    this.socket.write(data);
  }

  /** Resolves to the text when `pattern` is in it. */
  async expect(pattern, ms = kTimeoutMs) {
    const found = new Promise((resolve) => {
      const look = () => {
        if (!pattern.test(this.text)) return;
        this.socket.off('data', look);
        resolve(this.text);
      };
      this.socket.on('data', look);
      look();
    });
    const ended = this.closed.then(() => {
      if (!pattern.test(this.text)) throw new Error(`closed before ${pattern}: ${this.text}`);
      return this.text;
    });
    ended.catch(() => {});
    return deadline(Promise.race([found, ended]), ms, () => `${pattern} in ${this.text}`);
  }

  destroy() {
    this.socket.destroy();
  }
}
