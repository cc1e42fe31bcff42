// SPDX-License-Identifier: Apache-2.0
// The page's own messages between "sent" and "seen in the room". A sender receives its own message
// like everybody else, so the echo is the receipt. After a reconnect whatever the replay did not
// contain is handed back as failed; the page never sends twice by itself. Pure: no DOM, no clock.

export class Outbox {
  #waiting = []; // {text, mark, connection}, oldest first.

  /** @param mark Anything the caller wants back. @param connection The number of the one used. */
  add(text, mark, connection) {
    this.#waiting.push({ text, mark, connection });
  }

  /** A line of ours arrived. @returns The mark of the message it confirms, or null. */
  confirm(text) {
    const index = this.#waiting.findIndex((entry) => entry.text === text);
    return index < 0 ? null : this.#waiting.splice(index, 1)[0].mark;
  }

  /** The replay of `connection` is over. @returns Marks of what older connections lost. */
  takeLost(connection) {
    const lost = this.#waiting.filter((entry) => entry.connection < connection);
    this.#waiting = this.#waiting.filter((entry) => entry.connection >= connection);
    return lost.map((entry) => entry.mark);
  }

  clear() {
    this.#waiting = [];
  }
}
