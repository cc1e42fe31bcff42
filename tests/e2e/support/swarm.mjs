// SPDX-License-Identifier: Apache-2.0
// Many members on several nodes, as plain WebSockets that speak the Centrifuge protocol: a thousand
// of them cost one process little. Each is in one room, comes back to the next node when its
// connection breaks, and recovers; what they all saw is a record for oracle.mjs.

import WebSocket from 'ws';

import { ask } from './api.mjs';
import { until } from './wait.mjs';

const kReturnMs = 300; // at most, before a member tries again
const kMs = 30_000;
const kKept = 10_000;

class Member {
  events = [];
  back = false; // its subscription is live
  #requests = new Map(); // id of a command -> what to do with its reply
  #id = 0;
  #posts = new Map(); // without an answer
  #token;
  #position;

  constructor(swarm, index, room) {
    this.swarm = swarm;
    this.name = `member ${index}`;
    this.room = room;
    this.next = index;
    this.#connect();
  }

  get offset() {
    return this.#position.offset;
  }

  say(post) {
    this.#posts.set(post.data.id, post);
    if (this.back) this.#publish(post);
  }

  close() {
    this.closed = true;
    this.socket.terminate();
  }

  #connect() {
    if (this.closed) return;
    const { nodes } = this.swarm;
    const { port } = nodes[this.next % nodes.length];
    this.next += 1;
    this.node = port;
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/connection/websocket`, {
      perMessageDeflate: false,
    });
    this.socket.on('error', () => {}); // 'close' follows
    this.socket.on('open', () => {
      const login = this.#token ? { token: this.#token } : {};
      this.#command({ connect: login }, ({ connect }) => {
        this.#token = connect.data.token;
        this.#subscribe();
      });
    });
    this.socket.on('message', (bytes) => {
      for (const line of bytes.toString().split('\n')) this.#take(JSON.parse(line));
    });
    this.socket.on('close', () => {
      this.back = false;
      this.#requests.clear();
      setTimeout(() => this.#connect(), Math.random() * kReturnMs);
    });
  }

  #command(command, done) {
    this.#id += 1;
    this.#requests.set(this.#id, done);
    this.socket.send(JSON.stringify({ id: this.#id, ...command }));
  }

  #subscribe() {
    const recover = this.#position ? { recover: true, ...this.#position } : {};
    const wasRecovering = this.#position !== undefined;
    this.#command({ subscribe: { channel: this.room, ...recover } }, ({ subscribe, error }) => {
      if (error) return void setTimeout(() => this.socket.close(), kReturnMs); // and again
      const { epoch, offset = 0, recovered = false, publications = [] } = subscribe;
      this.#position = { epoch, offset };
      this.events.push({ position: this.#position, wasRecovering, recovered });
      for (const publication of publications) this.#see(publication);
      this.back = true;
      for (const post of this.#posts.values()) this.#publish(post);
    });
  }

  #publish(post) {
    this.#command({ publish: { channel: this.room, data: post.data } }, ({ error }) => {
      if (error?.temporary) return this.#publish(post);
      this.#posts.delete(post.data.id);
      post.outcome = error ? error.code : 'acked';
    });
  }

  #see({ data, offset }) {
    this.events.push({ offset, id: data.id });
    this.#position = { ...this.#position, offset };
  }

  #take({ id, push, ...reply }) {
    if (id !== undefined) {
      const done = this.#requests.get(id);
      this.#requests.delete(id);
      done(reply);
    } else if (push === undefined) {
      this.socket.send('{}'); // a ping
    } else if (push.pub) {
      this.#see(push.pub);
    } else if (push.unsubscribe) {
      this.back = false;
      this.#subscribe();
    }
  }
}

export class Swarm {
  posts = new Map();

  /** `rooms` names; the members are spread over them and over the nodes. */
  constructor(t, nodes, { members, rooms }) {
    this.nodes = nodes;
    this.rooms = rooms;
    // Neighbours are on different nodes, and so are the members of a room.
    const roomOf = (index) => rooms[Math.floor(index / nodes.length) % rooms.length];
    this.members = Array.from({ length: members }, (_, i) => new Member(this, i, roomOf(i)));
    t.after(() => this.members.forEach((member) => member.close()));
  }

  get inFlight() {
    return [...this.posts.values()].filter(({ outcome }) => outcome === undefined).length;
  }

  /** @returns the id of what the member says. */
  say(member) {
    const id = `p${this.posts.size}`;
    const data = { kind: 'message', id, text: `what ${member.name} says in ${id}.` };
    const epoch = member.events.find(({ position }) => position)?.position.epoch;
    const post = { client: member.name, room: member.room, epoch, data };
    this.posts.set(id, post);
    member.say(post);
    return id;
  }

  everybodyIsThere() {
    const away = () => this.members.filter(({ back }) => !back).length;
    return until(() => away() === 0, kMs, () => `${away()} members to be there`);
  }

  /** Everybody reads on to the end of their room. @returns the record for the oracle. */
  async settle() {
    await this.everybodyIsThere();
    await until(() => this.inFlight === 0, kMs, () => `${this.inFlight} answers`);
    const rooms = new Map();
    const running = this.nodes.find((node) => node.running);
    for (const channel of this.rooms) {
      const all = await ask(running, 'history', { channel, limit: kKept });
      const order = all.publications.map(({ offset, data }) => ({ offset, id: data.id }));
      rooms.set(channel, { epoch: all.epoch, order });
    }
    const last = (room) => rooms.get(room).order.at(-1)?.offset ?? 0;
    const allAtEnd = () => this.members.every(({ room, offset }) => offset >= last(room));
    await until(allAtEnd, kMs, 'everybody to have all').catch(() => {}); // the oracle says who
    const members = this.members.map(({ name, room, events }) => ({ client: name, room, events }));
    return { kept: kKept, rooms, members, posts: this.posts, history: [] };
  }
}
