// SPDX-License-Identifier: Apache-2.0
// A network that a test can spoil: a TCP proxy on a free port of 127.0.0.1 before one server. What
// it does to connections it does to all of them, those that come later included, except cut(),
// which ends the ones there are, and halve(), which ends one. A test may replace edit().

import { once } from 'node:events';
import net from 'node:net';

const kHeldMaxBytes = 256 * 1024; // then the sender waits, as before a network that is too slow

/** One direction of a connection: bytes wait here until they may go on, in order. */
class Lane {
  heldBytes = 0;
  #queue = [];
  #timer = null;
  #ended = false;

  constructor(proxy, from, to, direction, destroy) {
    this.proxy = proxy;
    this.from = from;
    this.to = to;
    this.destroy = destroy;
    to.on('drain', () => this.pump());
    from.on('data', (bytes) => {
      const due = Math.max(Date.now() + proxy.delayMs, this.#queue.at(-1)?.due ?? 0);
      const half = proxy.takesHalf(direction);
      const edited = proxy.edit(bytes, direction);
      const kept = half ? bytes.subarray(0, Math.floor(bytes.length / 2)) : edited;
      this.#queue.push({ bytes: kept, due, half });
      this.heldBytes += kept.length;
      this.pump();
    });
    from.on('end', () => {
      this.#ended = true;
      this.pump();
    });
  }

  pump() {
    clearTimeout(this.#timer);
    if (!this.proxy.paused) this.#forward();
    const full = this.heldBytes + this.to.writableLength >= kHeldMaxBytes;
    if (full) this.from.pause();
    else this.from.resume();
  }

  drop() {
    clearTimeout(this.#timer);
    this.#queue = [];
    this.heldBytes = 0;
    this.#ended = false;
  }

  #forward() {
    while (this.#queue.length > 0 && this.#queue[0].due <= Date.now()) {
      const { bytes, half } = this.#queue.shift();
      this.heldBytes -= bytes.length;
      if (half) {
        this.drop();
        this.to.end(bytes, this.destroy);
        return;
      }
      this.to.write(bytes);
    }
    if (this.#queue.length > 0) {
      this.#timer = setTimeout(() => this.pump(), this.#queue[0].due - Date.now());
    } else if (this.#ended) {
      this.to.end();
    }
  }
}

export class Proxy {
  delayMs = 0;
  paused = false;
  accepted = 0; // connections, ever
  #half = null;
  #connections = new Set();
  #refuses = false;

  constructor(target) {
    this.target = target;
    this.server = net.createServer({ allowHalfOpen: true }, (near) => this.#accept(near));
  }

  get port() {
    return this.server.address().port;
  }

  /** Connections that are open now. */
  get open() {
    return this.#connections.size;
  }

  /** Bytes that have come and not yet gone on. */
  get heldBytes() {
    const lanes = [...this.#connections].flatMap((connection) => connection.lanes);
    return lanes.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  }

  async start() {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  async stop() {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  /** Later connections go to this port; those there are stay where they are. */
  retarget(port) {
    this.target = port;
  }

  /** Destroys all connections, on both sides. */
  cut() {
    for (const { destroy } of [...this.#connections]) destroy();
  }

  /** Later connections are destroyed as soon as they come, until accept(). */
  refuse() {
    this.#refuses = true;
  }

  accept() {
    this.#refuses = false;
  }

  /** From now on bytes arrive this much later, in both directions. */
  delay(ms) {
    this.delayMs = ms;
  }

  /**
   * Of the next chunk in this direction only the first half goes on, then its connection is
   * destroyed. @param direction 'up', to the server, or 'down'.
   */
  halve(direction) {
    this.#half = direction;
  }

  /**
   * Nothing goes on in either direction and connections stay open; who sends more than is held here
   * has to wait. resume() lets all of it go on.
   */
  pause() {
    this.paused = true;
  }

  resume() {
    this.paused = false;
    for (const { lanes } of this.#connections) for (const lane of lanes) lane.pump();
  }

  /** What goes on instead of these bytes; of its own accord all of them. */
  edit(bytes) {
    return bytes;
  }

  takesHalf(direction) {
    if (this.#half !== direction) return false;
    this.#half = null;
    return true;
  }

  #accept(near) {
    this.accepted += 1;
    if (this.#refuses) {
      near.destroy();
      return;
    }
    const far = net.connect({ host: '127.0.0.1', port: this.target, allowHalfOpen: true });
    const sockets = [near, far];
    const connection = {
      lanes: [],
      destroy: () => {
        for (const lane of connection.lanes) lane.drop();
        for (const socket of sockets) socket.destroy();
        this.#connections.delete(connection);
      },
    };
    connection.lanes.push(new Lane(this, near, far, 'up', connection.destroy));
    connection.lanes.push(new Lane(this, far, near, 'down', connection.destroy));
    this.#connections.add(connection);
    for (const socket of sockets) {
      socket.setNoDelay(true);
      socket.on('error', connection.destroy);
      socket.on('close', () => sockets.every((one) => one.destroyed) && connection.destroy());
    }
  }
}

/** @param port Of the server behind it. The proxy ends with the test `t`. */
export async function startProxy(t, port) {
  const proxy = await new Proxy(port).start();
  t.after(() => proxy.stop());
  return proxy;
}
