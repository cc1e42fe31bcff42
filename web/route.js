// SPDX-License-Identifier: Apache-2.0
// Names and addresses: the room in the page's hash, the socket's URL, and what the server accepts
// as a room and as a client id, so that the page can say what is wrong before it asks (a browser
// hides the HTTP error of a refused handshake). Pure functions.

export const kRoomBytesMax = 255;

/** @returns {string | null} The room of `#/room/NAME`, or null when the hash names none. */
export function roomOfHash(hash) {
  const match = /^#\/room\/(.+)$/.exec(hash);
  if (!match) return null;
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return null;
  }
}

export function hashOfRoom(room) {
  return `#/room/${encodeURIComponent(room)}`;
}

/** @returns {string} Why `room` cannot be entered, or '' when it can. */
export function roomProblem(room) {
  if (room === '') return 'Name a room first.';
  // URLs treat both as path steps, also when they are percent-encoded.
  if (room === '.' || room === '..') return 'A room cannot be named “.” or “..”.';
  const bytes = new TextEncoder().encode(room);
  if (bytes.length > kRoomBytesMax) {
    return `This name is too long (${bytes.length} of ${kRoomBytesMax} bytes).`;
  }
  // The encoder replaces half a surrogate pair, which no URL can carry.
  if (new TextDecoder().decode(bytes) !== room) return 'This name is not valid text.';
  return '';
}

const kInt64Max = 2n ** 63n - 1n;
const kInt64Min = -(2n ** 63n);

/** @returns {string | null} The id as the server writes it; null: not a 64-bit integer. */
export function normalClientId(text) {
  const digits = text.trim();
  if (!/^-?\d{1,40}$/.test(digits)) return null;
  const value = BigInt(digits);
  return value >= kInt64Min && value <= kInt64Max ? value.toString() : null;
}

/** A new id of 53 random bits: any client can hold it, also one that reads numbers as doubles. */
export function newClientId(randomWords) {
  const [high, low] = randomWords(new Uint32Array(2));
  return (((BigInt(high) << 32n) | BigInt(low)) & (2n ** 53n - 1n) || 1n).toString();
}

export function socketUrl(origin, room, clientId, history) {
  const base = origin.replace(/^http/, 'ws');
  return `${base}/ws/${encodeURIComponent(room)}/${clientId}?history=${history}`;
}
