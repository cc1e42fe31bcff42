// SPDX-License-Identifier: Apache-2.0
// A line of the room as the server sends it, `[YYYY-MM-DD HH:MM:SS] message (client_id)` in UTC,
// and what the page derives from it: who spoke, a colour and a readable name for a bare number, and
// which lines stand together. Pure functions: no DOM, no clock, no locale.

// The message is greedy, so that "(7)" or a newline inside it stays part of it; the last one is the
// id.
const kLine = /^\[(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)\] ([^]*) \((-?\d{1,19})\)$/;

/** @returns {{time: Date, text: string, sender: string} | null} null: not a message of the room. */
export function parseLine(line) {
  const match = kLine.exec(line);
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  return { time, text: match[7], sender: match[8] };
}

export const kHues = 12;

const kGroupGapMs = 5 * 60_000;

// Lines of one sender stand under one name until five minutes pass or the (local) day changes.
export function sameGroup(previous, next) {
  return (
    previous !== null &&
    previous.sender === next.sender &&
    next.time - previous.time < kGroupGapMs &&
    sameDay(previous.time, next.time)
  );
}

export function sameDay(a, b) {
  return (
    a.getFullYear() === b.getFullYear() &&
    a.getMonth() === b.getMonth() &&
    a.getDate() === b.getDate()
  );
}

const kAdjectives = (
  'Amber Bold Brave Bright Calm Clever Coral Curious Eager Early Gentle Golden Happy Honest ' +
  'Jolly Kind Lively Lucky Mellow Merry Nimble Noble Patient Polite Quick Quiet Ready Silver ' +
  'Steady Sunny Swift Wise'
).split(' ');

const kAnimals = (
  'Badger Bear Beaver Bison Crane Deer Dolphin Eagle Falcon Finch Fox Gecko Hare Hawk Heron ' +
  'Ibex Jay Koala Lark Lynx Marten Moose Otter Owl Panda Puffin Raven Robin Seal Sparrow ' +
  'Swan Wren'
).split(' ');

/**
 * A name and a colour for an id. The wire knows numbers only; two ids may share a name, so the page
 * shows the end of the number beside it and never treats the name as an identity.
 */
export function persona(clientId) {
  const hash = fnv1a(clientId);
  const adjective = kAdjectives[hash & 31];
  const animal = kAnimals[(hash >>> 5) & 31];
  return {
    name: `${adjective} ${animal}`,
    initials: adjective[0] + animal[0],
    hue: (hash >>> 10) % kHues,
    shortId: clientId.length > 4 ? `…${clientId.slice(-4)}` : clientId,
  };
}

// FNV-1a with a final mix: neighbouring ids must not get neighbouring colours.
function fnv1a(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; ++i) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
