// SPDX-License-Identifier: Apache-2.0
// The road to one room: a WebSocket that is opened again whenever it ends, with full-jitter
// backoff. The app owns one while a room is open. It knows no DOM; socket, timers, clock and dice
// come in by `environment`. It never queues: send() answers false while there is no connection.

import { backoffMs, closeWords, firstAttempt } from './backoff.js';

const kConnectTimeoutMs = 10_000;
// A connection that lived this long was a good one: the next failure starts from small waits.
const kStableMs = 10_000;
const kOpen = 1; // WebSocket.OPEN

export class Connection {
  #environment;
  #handlers;
  #socket = null;
  #timer = null;
  #attempt = 0;
  #stopped = false;

  /**
   * @param environment {openSocket(url), setTimer(fn, ms), clearTimer(id), now(), random()}
   * @param handlers {url(), onState(state), onOpen(), onLine(line)}; a state is
   *   {phase: 'connecting' | 'open' | 'waiting', reason, retryAt}.
   */
  constructor(environment, handlers) {
    this.#environment = environment;
    this.#handlers = handlers;
  }

  start() {
    this.#connect('');
  }

  stop() {
    this.#stopped = true;
    this.#clearTimer();
    this.#dropSocket();
  }

  /** Connects at once when it is waiting; does nothing otherwise. */
  retryNow() {
    if (!this.#stopped && this.#socket === null) this.#connect('');
  }

  /** @returns {boolean} Whether the text was handed to an open socket. */
  send(text) {
    if (this.#socket?.readyState !== kOpen) return false;
    this.#socket.send(text);
    return true;
  }

  #connect(reason) {
    this.#clearTimer();
    this.#handlers.onState({ phase: 'connecting', reason, retryAt: 0 });
    const socket = this.#environment.openSocket(this.#handlers.url());
    this.#socket = socket;
    let openedAt = null;
    this.#timer = this.#environment.setTimer(
      () => this.#ended(socket, 1006, openedAt),
      kConnectTimeoutMs,
    );
    // Events of a socket that is no longer ours are nobody's business.
    const ours = (handler) => (event) => socket === this.#socket && handler(event);
    socket.onopen = ours(() => {
      this.#clearTimer();
      openedAt = this.#environment.now();
      this.#handlers.onOpen();
      this.#handlers.onState({ phase: 'open', reason: '', retryAt: 0 });
    });
    socket.onmessage = ours((event) => this.#handlers.onLine(event.data));
    socket.onclose = ours((event) => this.#ended(socket, event.code, openedAt));
  }

  #ended(socket, code, openedAt) {
    if (socket !== this.#socket) return;
    this.#clearTimer();
    this.#dropSocket();
    const now = this.#environment.now();
    if (openedAt !== null && now - openedAt >= kStableMs) this.#attempt = 0;
    this.#attempt = Math.max(this.#attempt, firstAttempt(code));
    const delay = backoffMs(this.#attempt++, this.#environment.random());
    this.#timer = this.#environment.setTimer(() => this.#connect(''), delay);
    const reason = closeWords(code, openedAt !== null);
    this.#handlers.onState({ phase: 'waiting', reason, retryAt: now + delay });
  }

  #dropSocket() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #clearTimer() {
    if (this.#timer !== null) this.#environment.clearTimer(this.#timer);
    this.#timer = null;
  }
}
