// SPDX-License-Identifier: Apache-2.0
// A crowd of SDK clients in a few rooms of one or several nodes, all in this process: they talk,
// edit, delete and react while their connections break. A plan, which the seed alone decides, says
// who does what and when; what they all saw is a record for oracle.mjs.

import assert from 'node:assert/strict';

import { violations } from './oracle.mjs';
import { connected, cut, kMs, newSdk, subscribed } from './sdk.mjs';
import { mint } from './tokens.mjs';
import { deadline, until } from './wait.mjs';

const kInterruptionSeconds = 2; // each client, on average
const kHasty = 0.05; // of the posts: the author's connection breaks before the answer comes
const kEmoji = ['👍', '❤️', '🎉'];
// Codes of the SDK for a publish whose answer it does not know; the same id may be sent again.
const kUnanswered = new Set([1, 2, 3, 10, 11]);
const kPageEntries = 300;
const kInFlight = 16; // publishes without an answer when a fault comes, at least
const kPostsAtFault = 32;
const kMicrotasks = 20; // the SDK has written in fewer, and no answer is read between them
const kShown = 20;

// Minting is a process each, and a person is the same one for every server of the tests.
const tokens = new Map();
async function tokenOf(name) {
  if (!tokens.has(name)) tokens.set(name, await mint(`--user=${name}`));
  return tokens.get(name);
}

function kindOf(dice) {
  if (dice < 0.66) return 'message';
  if (dice < 0.78) return 'edit';
  if (dice < 0.88) return 'delete';
  return dice < 0.98 ? 'react' : 'typing';
}

function interruptions(random, person, seconds) {
  const steps = [];
  for (let at = 0; ; ) {
    at += -Math.log(1 - random()) * kInterruptionSeconds;
    if (at > seconds) return steps;
    const dice = random();
    const back = at + random() * 0.8;
    if (dice < 0.7) {
      steps.push({ at, person, act: 'cut' });
    } else if (dice < 0.85) {
      steps.push({ at, person, act: 'disconnect' }, { at: back, person, act: 'connect' });
    } else {
      steps.push({ at, person, act: 'unsubscribe' }, { at: back, person, act: 'subscribe' });
    }
  }
}

/**
 * The people and their steps, by time (`at`, in seconds). The first `steady` people are in every
 * room and are never interrupted.
 */
export function planOf(random, { clients, rooms, seconds, rate, steady = 0 }) {
  const below = (count) => Math.floor(random() * count);
  const names = Array.from({ length: rooms }, (_, index) => `room ${index}`);
  const people = Array.from({ length: clients }, (_, index) => ({
    name: `client ${index}`,
    guest: index % 2 === 1,
    rooms: names.filter((_, room) => index < steady || room === index % rooms || below(3) === 0),
  }));
  const steps = [];
  for (let at = 0; at < seconds; at += 1 / rate) {
    const person = below(clients);
    const room = people[person].rooms[below(people[person].rooms.length)];
    const hasty = random() < kHasty && person >= steady;
    steps.push({ at, person, act: kindOf(random()), room, dice: random(), hasty });
  }
  for (let person = steady; person < clients; person += 1) {
    steps.push(...interruptions(random, person, seconds));
  }
  return { people, rooms: names, seconds, steps: steps.sort((a, b) => a.at - b.at) };
}

class Person {
  subscriptions = new Map();
  events = new Map(); // room -> what its subscription told

  constructor(plan) {
    this.name = plan.name;
    this.guest = plan.guest;
    this.rooms = plan.rooms;
  }

  /** Of the room, as it was when this person came in last; undefined before that. */
  epoch(room) {
    return this.events.get(room).findLast(({ position }) => position)?.position.epoch;
  }

  last(room) {
    return this.events.get(room).findLast(({ offset }) => offset !== undefined)?.offset ?? 0;
  }
}

export class Crowd {
  posts = new Map();
  mayLose = false; // true: a room may begin anew, if all are told
  wrong = []; // what is wrong beside what the oracle finds
  counts = { cuts: 0, goodbyes: 0, unsubscribes: 0, recoveries: 0, losses: 0, retries: 0, live: 0 };
  #messages = new Map(); // room -> messages that can be referred to: [{author, offset}]
  #located = new Set();
  #sending = [];
  #inFlight = 0;

  /** @param server One, or a list of nodes: each connection goes to the next of them. */
  constructor(t, server, plan) {
    this.t = t;
    this.server = server;
    this.plan = plan;
    this.people = plan.people.map((person) => new Person(person));
    for (const room of plan.rooms) this.#messages.set(room, []);
  }

  /** Everybody comes in, before anything is said. */
  async gather() {
    for (const [first, person] of this.people.entries()) {
      const options = { first, maxResubscribeDelay: 500 };
      if (!person.guest) options.token = await tokenOf(person.name);
      person.sdk = newSdk(this.t, this.server, options);
      this.#watchConnection(person);
      person.sdk.connect();
      for (const room of person.rooms) this.#enter(person, room);
    }
    await this.#everybodyIsThere();
  }

  /**
   * Takes the steps of the plan, each when it is due. One with `run` does that instead; if it says
   * `inFlight`, while many publishes are.
   */
  async play() {
    const { steps, seconds } = this.plan;
    const start = Date.now();
    let next = 0;
    const allTaken = () => {
      const now = (Date.now() - start) / 1000;
      for (; next < steps.length && steps[next].at <= now; next += 1) this.#take(steps[next]);
      return next === steps.length;
    };
    await until(allTaken, seconds * 1000 + 3 * kMs, 'the end of the plan');
  }

  /** Everybody comes back and reads on to the end, or until it is certain that somebody cannot. */
  async settle() {
    for (const person of this.people) {
      person.sdk.connect();
      for (const subscription of person.subscriptions.values()) subscription.subscribe();
    }
    await this.#everybodyIsThere();
    await deadline(Promise.all(this.#sending), 3 * kMs, 'an answer to each publish');
    for (const room of this.plan.rooms) {
      const author = this.people.find(({ rooms }) => rooms.includes(room));
      await this.#post(author, room, 'message', 0);
      const { offset } = await author.subscriptions.get(room).history({ limit: 0 });
      const members = this.people.filter(({ rooms }) => rooms.includes(room));
      const allHaveIt = () => members.every((member) => member.last(room) >= offset);
      await until(allHaveIt, kMs, room).catch(() => {}); // the oracle says who misses what
    }
  }

  /** What a newcomer reads at the end: [{room, publications}], by recovery and by history. */
  async readAll() {
    const sdk = await connected(this.t, this.server, { token: await tokenOf('newcomer') });
    const all = [];
    for (const room of this.plan.rooms) {
      const since = { epoch: this.#epoch(room), offset: 0 };
      const { publications: recovered, events } = await this.#recoverAll(sdk, room, since);
      const publications = await this.#readHistory(sdk, room, since);
      all.push({ room, publications, events }, { room, publications: recovered });
    }
    return all;
  }

  async #readHistory(sdk, room, since) {
    const publications = [];
    for (;;) {
      const from = { ...since, offset: publications.at(-1)?.offset ?? since.offset };
      const page = await sdk.history(room, { limit: kPageEntries, since: from });
      if (page.publications.length === 0) return publications;
      publications.push(...page.publications);
    }
  }

  async #recoverAll(sdk, room, since) {
    const subscription = sdk.newSubscription(room, { since });
    const events = [];
    const publications = [];
    this.#watch(subscription, room, events);
    subscription.on('publication', (publication) => publications.push(publication));
    subscription.subscribe();
    await deadline(subscription.ready(), kMs, `a newcomer in ${room}`);
    const { offset } = await subscription.history({ limit: 0 });
    const whole = () => publications.at(-1)?.offset >= offset;
    await until(whole, kMs, room).catch(() => {}); // the oracle says what is missing
    return { events, publications };
  }

  /** The record for the oracle where the history holds all: it is the order of each room. */
  recordByHistory(kept, all) {
    const whole = all.filter(({ events }) => events !== undefined);
    const orders = whole.map(({ room, publications }) => [room, publications.map(entryOf)]);
    const newcomer = whole.map(({ room, events }) => ({ client: 'newcomer', room, events }));
    return this.#record(kept, new Map(orders), newcomer, all);
  }

  /** The same where it does not: the order is what somebody saw who was there all the time. */
  recordByWitness(kept, witness) {
    const orders = this.plan.rooms.map((room) => {
      const events = this.people[witness].events.get(room);
      return [room, events.filter(({ offset }) => offset !== undefined)];
    });
    return this.#record(kept, new Map(orders), [], []);
  }

  #record(kept, orders, newcomer, history) {
    const rooms = new Map();
    for (const [room, order] of orders) {
      const epoch = this.#epoch(room);
      rooms.set(room, { epoch, order, lost: this.mayLose ? this.#lostOf(room, epoch) : [] });
    }
    const members = this.people.flatMap(({ name, events }) =>
      [...events].map(([room, seen]) => ({ client: name, room, events: seen })),
    );
    return { kept, rooms, members: [...members, ...newcomer], posts: this.posts, history };
  }

  #epoch(room) {
    return this.people.find(({ rooms }) => rooms.includes(room)).epoch(room);
  }

  /** The epochs of a room before this one, each with all that anybody saw of it. */
  #lostOf(room, last) {
    const seen = new Map(); // epoch -> offset -> entry
    for (const { events } of this.people) {
      let epoch;
      for (const event of events.get(room) ?? []) {
        if (event.position) epoch = event.position.epoch;
        if (!seen.has(epoch)) seen.set(epoch, new Map());
        if (event.position) continue;
        const entry = seen.get(epoch).get(event.offset);
        if (entry?.id === undefined) seen.get(epoch).set(event.offset, event);
      }
    }
    seen.delete(last);
    const sorted = (entries) => [...entries.values()].sort((a, b) => a.offset - b.offset);
    return [...seen].map(([epoch, entries]) => ({ epoch, order: sorted(entries) }));
  }

  #everybodyIsThere() {
    const all = this.people.flatMap(({ subscriptions }) =>
      [...subscriptions.values()].map((subscription) => subscription.ready()),
    );
    const away = () =>
      this.people.flatMap(({ name, sdk, subscriptions }) =>
        [...subscriptions]
          .filter(([, { state }]) => state !== 'subscribed')
          .map(([room, { state }]) => `${name} (${sdk.state}) in ${room} (${state})`),
      );
    return deadline(Promise.all(all), 3 * kMs, () => `everybody to be there: ${away()}`);
  }

  #watchConnection(person) {
    let user;
    person.sdk.on('connected', ({ data }) => {
      if (!person.guest) return;
      person.sdk.setToken(data.token);
      if (user !== undefined && data.user !== user) {
        this.wrong.push(`${person.name} was ${user} and came back as ${data.user}`);
      }
      user = data.user;
    });
    person.sdk.on('disconnected', ({ code, reason }) => {
      if (code !== 0) this.wrong.push(`${person.name} was sent away: ${code} ${reason}`);
    });
  }

  #enter(person, room) {
    const subscription = person.sdk.newSubscription(room);
    const events = [];
    person.subscriptions.set(room, subscription);
    person.events.set(room, events);
    this.#watch(subscription, room, events, person.name);
    subscription.on('unsubscribed', ({ code, reason }) => {
      if (code !== 0) this.wrong.push(`${person.name} was put out of ${room}: ${code} ${reason}`);
    });
    subscription.subscribe();
  }

  #watch(subscription, room, events, name = 'newcomer') {
    subscription.on('subscribed', ({ streamPosition, wasRecovering, recovered }) => {
      events.push({ position: streamPosition, wasRecovering, recovered });
      if (wasRecovering) this.counts[recovered ? 'recoveries' : 'losses'] += 1;
    });
    subscription.on('publication', ({ data, offset }) => {
      const live = data.kind === 'typing';
      if (live !== !offset) this.wrong.push(`${name} in ${room}: ${offset} for a ${data.kind}`);
      if (live) this.counts.live += 1;
      if (!offset) return;
      events.push(entryOf({ data, offset }));
      if (data.kind !== 'gone') this.#sight(room, data, offset, name);
    });
  }

  #sight(room, data, offset, name) {
    const post = this.posts.get(data.id);
    if (post?.json !== JSON.stringify(data)) {
      this.wrong.push(`${name} in ${room}: ${JSON.stringify(data)} was never said so`);
    }
    if (data.kind !== 'message' || this.#located.has(data.id)) return;
    this.#located.add(data.id);
    this.#messages.get(room).push({ author: post?.client, offset });
  }

  #take({ person: index, act, room, dice, hasty, run, inFlight }) {
    if (run) {
      const ready = inFlight ? this.#fly() : Promise.resolve();
      const ran = ready.then(run).catch((error) => this.wrong.push(error.message));
      return void this.#sending.push(ran);
    }
    const person = this.people[index];
    // The SDK writes in this turn of the loop, and reads an answer in a later one.
    if (hasty) setImmediate(() => this.#cut(person));
    switch (act) {
      case 'cut':
        return this.#cut(person);
      case 'disconnect':
        this.counts.goodbyes += 1;
        return void person.sdk.disconnect();
      case 'connect':
        return void person.sdk.connect();
      case 'unsubscribe':
        this.counts.unsubscribes += 1;
        return person.subscriptions.forEach((subscription) => subscription.unsubscribe());
      case 'subscribe':
        return person.subscriptions.forEach((subscription) => subscription.subscribe());
      case 'typing':
        return void person.sdk.publish(room, { kind: 'typing' }).catch(() => {}); // never repeated
      default:
        return void this.#post(person, room, act, dice);
    }
  }

  /** Resolves when so many publishes are on their way that a fault meets some of them. */
  async #fly() {
    const able = () => this.people.filter(({ sdk }) => sdk.state === 'connected');
    await until(() => able().length > 0, kMs, 'somebody who can publish');
    const people = able();
    for (let i = 0; i < kPostsAtFault; i += 1) {
      const person = people[i % people.length];
      this.#post(person, person.rooms[i % person.rooms.length], 'message', 0);
    }
    for (let i = 0; i < kMicrotasks; i += 1) await null;
    this.counts.inFlight = Math.min(this.counts.inFlight ?? Infinity, this.#inFlight);
    if (this.#inFlight < kInFlight) this.wrong.push(`only ${this.#inFlight} publishes in flight`);
  }

  #cut({ sdk }) {
    if (!sdk._transport) return; // between two connections there is nothing to cut
    this.counts.cuts += 1;
    cut(sdk);
  }

  #post(person, room, kind, dice) {
    const data = this.#data(person, room, kind, dice);
    const epoch = person.epoch(room);
    const post = { client: person.name, room, epoch, data, json: JSON.stringify(data) };
    this.posts.set(data.id, post);
    const sent = this.#send(person, post).catch((error) => this.wrong.push(error.message));
    this.#sending.push(sent);
    return sent;
  }

  /** A post about a message that is not there (yet) becomes a message. */
  #data(person, room, kind, dice) {
    const id = `p${this.posts.size}`;
    const text = `what ${person.name} says in ${id}.`;
    const all = this.#messages.get(room);
    const own = kind === 'react' ? all : all.filter(({ author }) => author === person.name);
    if (kind === 'message' || own.length === 0) return { kind: 'message', id, text };
    const message = own[own.length - 1 - Math.floor(dice * dice * own.length)]; // a recent one
    const target = message.offset;
    if (kind === 'edit') return { kind, id, target, text };
    if (kind === 'react') {
      return { kind, id, target, emoji: kEmoji[message.offset % kEmoji.length], on: dice < 0.5 };
    }
    all.splice(all.indexOf(message), 1);
    return { kind, id, target };
  }

  /** Sends until there is an answer; the server knows a repetition by its id. */
  async #send(person, post) {
    for (;;) {
      const sent = person.sdk.state === 'connected' ? 1 : 0;
      this.#inFlight += sent;
      try {
        await person.sdk.publish(post.room, post.data);
        post.outcome = 'acked';
        return;
      } catch ({ code, temporary }) {
        post.outcome = code;
        if (!kUnanswered.has(code) && !temporary) return;
      } finally {
        this.#inFlight -= sent;
      }
      this.counts.retries += 1;
      const back = () => person.sdk.state === 'connected';
      await until(back, kMs, () => `${person.name} to be back`);
    }
  }
}

/** An entry of a room as the oracle knows it. */
function entryOf({ data, offset }) {
  return { offset, id: data.kind === 'gone' ? undefined : data.id };
}

/** Fails when there is anything wrong with what the crowd lived through; says how it was. */
export function judge(t, seed, crowd, record) {
  const wrong = [...crowd.wrong, ...violations(record)];
  const { plan, posts, counts } = crowd;
  const facts = {
    seed,
    clients: plan.people.length,
    seconds: plan.seconds,
    messages: posts.size,
    ...counts,
    violations: wrong.length,
  };
  const line = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
  t.diagnostic(line.join(', '));
  const shown = wrong.slice(0, kShown).map((text) => `seed ${seed}: ${text}`);
  assert.ok(wrong.length === 0, `${wrong.length} violations\n${shown.join('\n')}`);
}
