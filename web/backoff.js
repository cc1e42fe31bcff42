// SPDX-License-Identifier: Apache-2.0
// When to knock again, and what a close code means in words. Pure functions.

const kBaseMs = 1_000;
const kCapMs = 30_000;

/**
 * Full jitter: any time up to a bound that doubles. A server that restarts under thousands of pages
 * is then met by a trickle. `random` is in [0, 1).
 */
export function backoffMs(attempt, random) {
  return Math.floor(random * Math.min(kCapMs, kBaseMs * 2 ** attempt));
}

/** The attempt to start from after this close code: those that ask for patience wait longer. */
export function firstAttempt(code) {
  return code === 1008 || code === 1013 ? 3 : 0;
}

const kWords = new Map([
  [1001, 'The server is going away.'],
  [1003, 'The server takes text only.'],
  [1007, 'The server could not read a message.'],
  [1008, 'Disconnected for sending too fast or reading too slowly.'],
  [1009, 'The message was too long for this server.'],
  [1011, 'The server met an internal error.'],
  [1012, 'The server is restarting.'],
  [1013, 'The server is busy.'],
]);

/** @param {boolean} wasOpen Whether the handshake had succeeded. */
export function closeWords(code, wasOpen) {
  const words = kWords.get(code);
  if (words) return words;
  return wasOpen ? 'The connection was lost.' : 'The server cannot be reached.';
}

export function countdownWords(ms) {
  const seconds = Math.ceil(ms / 1000);
  return seconds <= 0 ? 'Trying again now…' : `Trying again in ${seconds} s.`;
}
