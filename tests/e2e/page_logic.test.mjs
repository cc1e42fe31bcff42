// SPDX-License-Identifier: Apache-2.0
// The page's rules without a browser: lines, names, addresses, the replay filter against a naive
// model, backoff, and the connection's life with a clock of our own.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { importPage } from './support/page_modules.mjs';

const page = await importPage(
  'backoff.js',
  'connection.js',
  'line.js',
  'outbox.js',
  'replay.js',
  'route.js',
);

test('a line is parsed whatever its message holds', () => {
  const cases = [
    ['[2026-01-02 03:04:05] hello (7)', 'hello', '7'],
    ['[2026-01-02 03:04:05] a (1) b (-9223372036854775808)', 'a (1) b', '-9223372036854775808'],
    ['[2026-01-02 03:04:05] two\nlines\r\n (8) (7)', 'two\nlines\r\n (8)', '7'],
    ['[2026-01-02 03:04:05]   (7)', ' ', '7'],
    ['[2026-01-02 03:04:05] [2026-01-02 03:04:05] x (1) (7)', '[2026-01-02 03:04:05] x (1)', '7'],
    ['[2026-01-02 03:04:05] \u2028🙂漢 (0)', '\u2028🙂漢', '0'],
  ];
  for (const [line, text, sender] of cases) {
    const message = page.parseLine(line);
    assert.deepEqual(message, { time: new Date('2026-01-02T03:04:05Z'), text, sender });
  }
  for (const line of ['', 'hello', '[2026-01-02] x (7)', '[2026-01-02 03:04:05] x', 'x (7)']) {
    assert.equal(page.parseLine(line), null, line);
  }
});

test('lines group by sender, time and day', () => {
  const at = (hour, minute, sender) => ({ time: new Date(2026, 0, 2, hour, minute), sender });
  assert.equal(page.sameGroup(null, at(1, 0, 'a')), false);
  assert.equal(page.sameGroup(at(1, 0, 'a'), at(1, 4, 'a')), true);
  assert.equal(page.sameGroup(at(1, 0, 'a'), at(1, 4, 'b')), false);
  assert.equal(page.sameGroup(at(1, 0, 'a'), at(1, 5, 'a')), false);
  assert.equal(page.sameGroup(at(23, 58, 'a'), at(24, 1, 'a')), false);
});

test('a persona is stable, complete and spread over the colours', () => {
  const hues = new Set();
  for (let id = 0; id < 200; ++id) {
    const persona = page.persona(String(id));
    assert.deepEqual(persona, page.persona(String(id)));
    assert.match(persona.name, /^[A-Z][a-z]+ [A-Z][a-z]+$/);
    hues.add(persona.hue);
  }
  assert.equal(hues.size, page.kHues);
  assert.equal(page.persona('1234').shortId, '1234');
  assert.equal(page.persona('-9223372036854775808').shortId, '…5808');
});

test('rooms survive the way through the hash and the URL', () => {
  for (const room of ['general', 'a/b?c#d%', '漢字 🙂', ' ', '%2F', 'é'.repeat(127)]) {
    assert.equal(page.roomProblem(room), '', room);
    assert.equal(page.roomOfHash(page.hashOfRoom(room)), room);
    const url = new URL(page.socketUrl('https://chat.example', room, '-7', 50));
    assert.equal(url.protocol, 'wss:');
    assert.equal(decodeURIComponent(url.pathname.split('/')[2]), room);
    assert.equal(url.search, '?history=50');
  }
  assert.equal(page.socketUrl('http://h:1', 'r', '2', 9), 'ws://h:1/ws/r/2?history=9');
  for (const hash of ['', '#', '#/', '#/room/', '#/room/%FF', '#/other/x']) {
    assert.equal(page.roomOfHash(hash), null, hash);
  }
  for (const room of ['', '.', '..', 'é'.repeat(128), 'half \ud800 pair']) {
    assert.notEqual(page.roomProblem(room), '', room);
  }
});

test('client ids are 64-bit integers in their normal form', () => {
  const good = [
    ['7', '7'],
    [' 007 ', '7'],
    ['-0', '0'],
    ['-12', '-12'],
    ['9223372036854775807', '9223372036854775807'],
    ['-9223372036854775808', '-9223372036854775808'],
  ];
  for (const [text, id] of good) assert.equal(page.normalClientId(text), id, text);
  const bad = [
    '',
    '-',
    '1.5',
    '1e3',
    '0x1',
    'abc',
    '１',
    '1 2',
    '9223372036854775808',
    '-9223372036854775809',
    '1'.repeat(41),
  ];
  for (const text of bad) assert.equal(page.normalClientId(text), null, text);
});

test('a new id is positive, of 53 bits, and never 0', () => {
  const words = (high, low) => () => [high, low];
  assert.equal(page.newClientId(words(0xffffffff, 0xffffffff)), String(Number.MAX_SAFE_INTEGER));
  assert.equal(page.newClientId(words(0, 0)), '1');
  assert.equal(page.newClientId(words(1, 2)), String(2 ** 32 + 2));
});

test('backoff has full jitter, doubles, and is capped', () => {
  assert.equal(page.backoffMs(0, 0), 0);
  assert.equal(page.backoffMs(0, 0.999), 999);
  assert.equal(page.backoffMs(3, 0.5), 4000);
  assert.equal(page.backoffMs(50, 0.5), 15_000);
  assert.equal(page.backoffMs(2000, 0.5), 15_000);
  assert.ok(page.firstAttempt(1013) > page.firstAttempt(1012));
});

test('close codes are told in words', () => {
  assert.match(page.closeWords(1008, true), /too fast or reading too slowly/);
  assert.match(page.closeWords(1009, true), /too long/);
  assert.match(page.closeWords(1012, true), /restarting/);
  assert.match(page.closeWords(1013, true), /busy/);
  assert.notEqual(page.closeWords(1006, true), page.closeWords(1006, false));
  assert.match(page.countdownWords(4_001), /5 s/);
  assert.match(page.countdownWords(0), /now/);
});

// A small generator with a printed seed, so that a failure can be repeated.
function dice(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function feed(filter, lines) {
  return lines.flatMap((line) => filter.push(line)).concat(filter.settle());
}

test('the replay filter shows everything exactly once', () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1e9);
  const roll = dice(seed);
  for (let round = 0; round < 2_000; ++round) {
    // Unique lines, as time, text and id make them in practice.
    const room = Array.from({ length: roll(700) }, (_, index) => `line ${index}`);
    const joinedAt = roll(room.length + 1);
    const leftAt = joinedAt + roll(room.length - joinedAt + 1);
    const shown = room.slice(Math.max(0, joinedAt - 50), leftAt);
    const history = page.historyToAsk(shown.length);
    const backAt = leftAt + roll(room.length - leftAt + 1);
    const replayFrom = Math.max(0, backAt - history);
    const filter = new page.ReplayFilter(shown);
    // The replay, and all that was live after it.
    const added = feed(filter, room.slice(replayFrom));
    const expected = room.slice(Math.max(leftAt, replayFrom));
    assert.deepEqual(added, expected, `seed ${seed}, round ${round}`);
    // Without a common line the filter cannot know that nothing is between.
    const gap = shown.length > 0 && replayFrom >= leftAt && expected.length > 0;
    assert.equal(filter.gap, gap, `seed ${seed}, round ${round}`);
  }
});

test('the replay filter at its edges', () => {
  const cases = [
    ['an empty page', [], ['a', 'b'], ['a', 'b'], false],
    ['nothing new', ['a', 'b'], ['a', 'b'], [], false],
    ['one new', ['a', 'b'], ['a', 'b', 'c'], ['c'], false],
    ['the server forgot all', ['a', 'b'], ['x'], ['x'], true],
    ['the server forgot its newest', ['a', 'b', 'c'], ['a', 'b', 'x'], ['x'], false],
    ['equal lines', ['a', 'a', 'a'], ['a', 'a', 'a', 'a'], ['a'], false],
    ['a repeated end', ['a', 'b', 'a'], ['a', 'c'], ['c'], false],
    ['doubt, settled', ['a', 'b', 'a'], ['a', 'b'], ['b'], false],
  ];
  for (const [name, shown, arriving, expected, gap] of cases) {
    const filter = new page.ReplayFilter(shown);
    assert.deepEqual(feed(filter, arriving), expected, name);
    assert.equal(filter.gap, gap, name);
    assert.deepEqual(filter.push('later'), ['later'], name);
  }
});

test('the outbox confirms by echo and hands back what a lost connection took', () => {
  const outbox = new page.Outbox();
  outbox.add('one', 'mark 1', 1);
  outbox.add('same', 'mark 2', 1);
  outbox.add('same', 'mark 3', 2);
  assert.equal(outbox.confirm('other'), null);
  assert.equal(outbox.confirm('same'), 'mark 2');
  assert.deepEqual(outbox.takeLost(2), ['mark 1']);
  assert.deepEqual(outbox.takeLost(2), []);
  assert.equal(outbox.confirm('same'), 'mark 3');
});

/** Sockets, timers and a clock under the test's hand. */
class World {
  sockets = [];
  timers = new Map();
  time = 0;
  environment = {
    openSocket: (url) => {
      const socket = { url, readyState: 0, sent: [], closed: false };
      socket.send = (text) => socket.sent.push(text);
      socket.close = () => (socket.closed = true);
      this.sockets.push(socket);
      return socket;
    },
    setTimer: (action, ms) => {
      const id = Symbol('timer');
      this.timers.set(id, { action, at: this.time + ms });
      return id;
    },
    clearTimer: (id) => this.timers.delete(id),
    now: () => this.time,
    random: () => 0.5,
  };

  get socket() {
    return this.sockets.at(-1);
  }

  advance(ms) {
    this.time += ms;
    for (const [id, timer] of [...this.timers]) {
      if (timer.at <= this.time && this.timers.delete(id)) timer.action();
    }
  }

  open() {
    this.socket.readyState = 1;
    this.socket.onopen({});
  }

  close(code) {
    this.socket.readyState = 3;
    this.socket.onclose({ code });
  }
}

function connect() {
  const world = new World();
  const states = [];
  const lines = [];
  const connection = new page.Connection(world.environment, {
    url: () => 'ws://room',
    onState: (state) => states.push(state),
    onOpen: () => {},
    onLine: (line) => lines.push(line),
  });
  connection.start();
  return { world, states, lines, connection };
}

test('a connection opens, carries, and refuses to send while it is away', () => {
  const { world, states, lines, connection } = connect();
  assert.equal(connection.send('early'), false);
  world.open();
  assert.equal(states.at(-1).phase, 'open');
  assert.equal(connection.send('hello'), true);
  world.socket.onmessage({ data: 'line' });
  assert.deepEqual(lines, ['line']);
  world.close(1012);
  assert.equal(connection.send('late'), false);
  assert.deepEqual(states.at(-1), {
    phase: 'waiting',
    reason: page.closeWords(1012),
    retryAt: 500,
  });
});

test('waits grow with each failure and start anew after a good connection', () => {
  const { world, states } = connect();
  const waits = [];
  for (let i = 0; i < 7; ++i) {
    world.close(1006);
    waits.push(states.at(-1).retryAt - world.time);
    world.advance(waits.at(-1));
  }
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 15000, 15000]);
  world.open();
  world.advance(9_000);
  world.close(1006); // Too short a life to count as good.
  assert.equal(states.at(-1).retryAt - world.time, 15_000);
  world.advance(15_000);
  world.open();
  world.advance(10_000);
  world.close(1006);
  assert.equal(states.at(-1).retryAt - world.time, 500);
});

test('retryNow connects at once, and only when waiting', () => {
  const { world, connection } = connect();
  connection.retryNow();
  assert.equal(world.sockets.length, 1);
  world.close(1013);
  connection.retryNow();
  assert.equal(world.sockets.length, 2);
  world.advance(60_000);
  assert.equal(world.sockets[0].sent.length, 0);
});

test('a handshake that hangs is given up', () => {
  const { world, states } = connect();
  const first = world.socket;
  world.advance(10_000);
  assert.equal(first.closed, true);
  assert.equal(states.at(-1).phase, 'waiting');
  first.onopen({}); // A late answer of a socket that is no longer ours.
  assert.equal(states.at(-1).phase, 'waiting');
});

test('a stopped connection stays stopped', () => {
  const { world, connection } = connect();
  world.open();
  connection.stop();
  assert.equal(world.socket.closed, true);
  world.close(1000);
  connection.retryNow();
  world.advance(60_000);
  assert.equal(world.sockets.length, 1);
});
