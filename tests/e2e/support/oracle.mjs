// SPDX-License-Identifier: Apache-2.0
// The recovery oracle: what everybody in a room has to have seen, given the order of the room. It
// asks nobody and knows no clock: it is given a record of a run and answers with what is wrong.
// A record, as crowd.mjs makes it:
//
//   kept     how many entries the history of a room holds
//   forked   true: two primaries may have gone on with the same epoch, and answered who went from
//            one to the other. In an epoch that is lost nobody can tell what is missing; that it is
//            lost they have to be told all the same
//   durable  true: what was acknowledged is never lost, even if an epoch ends
//   rooms    Map of name -> {epoch, order, lost}; order: [{offset, id}], all entries of the room,
//            oldest first; id is undefined when it could not be known (the entry had been deleted).
//            lost: [{epoch, order}], what was there in epochs before, as far as anybody saw it; the
//            room's order begins with what of it was kept
//   members  [{client, room, events}], each with what its subscription told, in order:
//            {offset, id}, a publication (id undefined: it said "gone"), or
//            {position: {epoch, offset}, wasRecovering, recovered}, each time it was subscribed
//   posts    Map of id -> {client, room, epoch, data, outcome}; epoch: of the room, as the client
//            knew it then; outcome: 'acked', or the code of the error
//   history  [{room, publications}]: what those read at the end who read a room as a whole

/** Random numbers below 1 that a seed (32 bits) decides: mulberry32. */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Index of the first entry after `offset`. */
function indexAfter(order, offset) {
  const index = order.findIndex((entry) => entry.offset > offset);
  return index < 0 ? order.length : index;
}

const named = (entries) =>
  `${entries.length} (${entries
    .slice(0, 3)
    .map(({ offset, id }) => `${offset} ${id ?? 'gone'}`)
    .join(', ')}${entries.length > 3 ? ', …' : ''})`;

/** What comes next for one member of a room; every step answers with what is wrong, or ''. */
class Cursor {
  #next = 0;
  #epochs; // that it can still come to

  constructor({ epoch, order, lost = [] }, { kept, forked = false }) {
    this.last = epoch;
    this.kept = kept;
    this.forked = forked;
    this.#epochs = new Map([...lost, { epoch, order }].map((one) => [one.epoch, one]));
    this.#enter(epoch);
  }

  first({ position }) {
    if (!this.#enter(position.epoch)) return `epoch ${position.epoch} is not the room's`;
    this.#next = indexAfter(this.order, position.offset);
    return '';
  }

  again({ position, wasRecovering, recovered }) {
    if (!wasRecovering) return 'came back and recovery was not tried';
    if (position.epoch !== this.epoch) {
      if (!this.forked) this.#epochs.delete(this.epoch);
      if (!this.#enter(position.epoch)) return `epoch ${position.epoch} is not the room's`;
      this.#next = indexAfter(this.order, position.offset);
      return recovered ? `recovered: true, in another epoch` : '';
    }
    if (recovered) return '';
    const top = indexAfter(this.order, position.offset);
    if (this.#isUncertain()) {
      this.#next = top;
      return '';
    }
    const missed = this.order.slice(this.#next, top);
    if (top < this.#next) return `recovered: false with a position of the past`;
    this.#next = top;
    if (missed.length > this.kept) return '';
    return `recovered: false, though the history held what it missed: ${named(missed)}`;
  }

  publication({ offset, id }) {
    const index = this.indices.get(offset);
    if (index === undefined) return `a publication that is not the room's: ${offset} ${id}`;
    if (index < this.#next) return `twice or late: ${named([{ offset, id }])}`;
    const missing = this.order.slice(this.#next, index);
    this.#next = index + 1;
    if (missing.length > 0 && !this.#isUncertain()) {
      return `missing ${named(missing)} before ${offset} ${id}`;
    }
    const known = this.order[index].id;
    if (id === undefined || known === undefined || id === known) return '';
    return `at ${offset} stands ${known}, it saw ${id}`;
  }

  end() {
    if (this.epoch !== this.last) return `is still in the lost epoch ${this.epoch}`;
    const missing = this.order.slice(this.#next);
    return missing.length > 0 ? `missing at the end ${named(missing)}` : '';
  }

  #isUncertain() {
    return this.forked && this.epoch !== this.last;
  }

  #enter(epoch) {
    if (!this.#epochs.has(epoch)) return false;
    this.epoch = epoch;
    this.order = this.#epochs.get(epoch).order;
    this.indices = new Map(this.order.map(({ offset }, index) => [offset, index]));
    return true;
  }
}

function checkMember({ client, room, events }, run) {
  const cursor = new Cursor(run.rooms.get(room), run);
  const wrong = [];
  for (const [index, event] of events.entries()) {
    if (event.position === undefined) wrong.push(cursor.publication(event));
    else if (index === 0 && !event.wasRecovering) wrong.push(cursor.first(event));
    else wrong.push(cursor.again(event));
  }
  wrong.push(cursor.end());
  return wrong.filter(Boolean).map((text) => `${client} in ${room}: ${text}`);
}

/**
 * Where each id stands: by the order, or, if it was deleted since, by whoever saw it before. What
 * stood in a lost epoch stands nowhere.
 */
function places({ rooms, members }) {
  const found = new Map(); // id -> Set of "room offset"
  const lost = lostOf(rooms);
  const put = (room, { offset, id }) => {
    if (id === undefined || lost.has(`${room} ${offset}`)) return;
    if (!found.has(id)) found.set(id, new Set());
    found.get(id).add(`${room} ${offset}`);
  };
  for (const [room, { order }] of rooms) for (const entry of order) put(room, entry);
  for (const { room, events } of members) for (const event of events) put(room, event);
  return found;
}

/** Each acknowledged post stands in its room once, a refused one nowhere, and nothing else does. */
function checkPosts(run) {
  const found = places(run);
  const wrong = [];
  const counts = new Map([...run.rooms.keys()].map((room) => [room, 0]));
  const deleted = deletedOf(run);
  const forgotten = forgottenOf(run);
  for (const [id, { client, room, data, outcome, epoch }] of run.posts) {
    const at = [...(found.get(id) ?? [])];
    const { lost = [], order } = run.rooms.get(room);
    const mayBeLost = !run.durable && lost.some((one) => run.forked || one.epoch === epoch);
    const say = (text) => wrong.push(`${client} in ${room}: ${data.kind} ${id} ${text}`);
    if (outcome === 'acked') {
      if (at.length > 0 || !mayBeLost) counts.set(room, counts.get(room) + 1);
      if (at.length > 1) say(`was published more than once: ${at.join(', ')}`);
      if (at.length === 1 && !at[0].startsWith(`${room} `)) say(`is in another room: ${at[0]}`);
    } else if (at.length > 0) {
      say(`was refused (${outcome}) and stands at ${at.join(', ')}`);
    } else {
      const target = `${room} ${data.target}`;
      const missed = outcome === 404 && (deleted.has(target) || forgotten.has(target));
      const there =
        lost.length === 0 || (!run.forked && order.some(({ offset }) => offset === data.target));
      if (!missed && (there || outcome !== 404)) say(`had no good end: ${outcome}`);
    }
  }
  for (const id of found.keys()) if (!run.posts.has(id)) wrong.push(`nobody published ${id}`);
  for (const [room, { order }] of run.rooms) {
    const acked = counts.get(room);
    const more = order.length - acked;
    if (more === 0 || (more > 0 && more <= hiddenOf(run, room, found).length)) continue;
    const missing = [...run.posts].filter(
      ([id, post]) => post.room === room && post.outcome === 'acked' && !found.has(id),
    );
    const ids = missing.slice(0, 3).map(([id]) => id);
    wrong.push(`${room}: ${order.length} entries, ${acked} acknowledged; not found: ${ids}`);
  }
  return wrong;
}

/** "room offset" of all that anybody saw in epochs that are lost and that this one did not keep. */
function lostOf(rooms) {
  const places = new Set();
  for (const [room, { order, lost = [] }] of rooms) {
    for (const one of lost) for (const { offset } of one.order) places.add(`${room} ${offset}`);
    for (const { offset } of order) places.delete(`${room} ${offset}`);
  }
  return places;
}

/** "room offset" of all that acknowledged deletes were about. */
function deletedOf({ posts }) {
  const acked = [...posts.values()].filter(
    (post) => post.data.kind === 'delete' && post.outcome === 'acked',
  );
  return new Set(acked.map(({ room, data }) => `${room} ${data.target}`));
}

/** "room offset" of all that the history does not hold any more. */
function forgottenOf({ rooms, kept }) {
  const places = new Set();
  for (const [room, { order }] of rooms) {
    for (const { offset } of order.slice(0, -kept)) places.add(`${room} ${offset}`);
  }
  return places;
}

/**
 * Entries of a room that were gone before anybody saw them. Only where a loss made all of them skip
 * a part; what was said about a deleted entry can be such a one.
 */
function hiddenOf({ rooms }, room, found) {
  const { order, lost = [] } = rooms.get(room);
  const known = new Set([...found.values()].flatMap((at) => [...at]));
  const isHidden = ({ offset, id }) => id === undefined && !known.has(`${room} ${offset}`);
  return lost.length > 0 ? order.filter(isHidden) : [];
}

/** What was deleted, and what was said about it, has left the history, and nothing else has. */
function checkHistory(run) {
  const wrong = [];
  const found = places(run);
  // A delete that was lost with its epoch deleted nothing.
  const stands = ([id, { room }]) => found.has(id) || !run.rooms.get(room).lost?.length;
  const deleted = deletedOf({ posts: new Map([...run.posts].filter(stands)) });
  for (const { room, publications } of run.history) {
    const gone = new Set([...deleted].filter((place) => place.startsWith(`${room} `)));
    for (const { offset } of hiddenOf(run, room, found)) gone.add(`${room} ${offset}`);
    const secrets = [];
    for (const [id, post] of run.posts) {
      const about = post.data.kind !== 'delete' && deleted.has(`${room} ${post.data.target}`);
      const [place] = found.get(id) ?? [];
      if (post.room === room && about && place !== undefined) gone.add(place);
      const hidden = post.room === room && (about || gone.has(place));
      if (hidden && post.data.text !== undefined) secrets.push(post.data.text);
    }
    for (const { offset, data } of publications) {
      const place = `${room} ${offset}`;
      if (gone.has(place) && data.kind !== 'gone') wrong.push(`${place}: deleted, still there`);
      if (!gone.has(place) && data.kind === 'gone') wrong.push(`${place}: gone, nobody asked`);
    }
    const whole = JSON.stringify(publications);
    for (const text of secrets) {
      if (whole.includes(text)) wrong.push(`${room}: the history still holds “${text}”`);
    }
  }
  return wrong;
}

/** Nobody was told of a loss for nothing. */
function checkLosses({ rooms, posts }) {
  const wrong = [];
  for (const [room, { order, lost = [] }] of rooms) {
    const kept = new Set(order.map(({ offset }) => offset));
    const ids = new Set(order.map(({ id }) => id));
    for (const { epoch, order: seen } of lost) {
      const missing = ([id, post]) =>
        post.room === room && post.epoch === epoch && post.outcome === 'acked' && !ids.has(id);
      if ([...posts].some(missing) || seen.some(({ offset }) => !kept.has(offset))) continue;
      wrong.push(`${room}: the epoch ${epoch} ended, and nothing of it is missing`);
    }
  }
  return wrong;
}

/** @returns what is wrong with a run, a text each. */
export function violations(run) {
  return [
    ...checkLosses(run),
    ...run.members.flatMap((member) => checkMember(member, run)),
    ...checkPosts(run),
    ...checkHistory(run),
  ];
}
