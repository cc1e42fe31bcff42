// SPDX-License-Identifier: Apache-2.0
// The article's protocol at /ws/{channel_id}/{client_id}, over real sockets, in every way the
// engine can run: who hears what in which order, names and ids, frames good and bad, replay,
// compression, origins, and the answers to handshakes that are none.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';

import { Client, join, parse } from './support/client.mjs';
import { errorOf, handshake } from './support/http.mjs';
import { forEachEngine } from './support/matrix.mjs';
import { startServer } from './support/server.mjs';
import { deadline, until } from './support/wait.mjs';

const kMessageMax = 64 * 1024;
const kUnlimited = { 'messages-per-second': 1_000_000, 'messages-burst': 1_000_000 };

// Each test has rooms of its own, so that one server can serve a whole suite.
let rooms = 0;
const newRoom = () => `room ${++rooms}`;

/** A server of the suite: started before its tests, stopped after them. @returns () => Server. */
function suiteServer(flags) {
  let server;
  before(async () => {
    server = await startServer(null, flags);
  });
  after(() => server?.stop());
  return () => server;
}

async function refused(server, target, options) {
  const answer = await handshake(server.port, target, options);
  answer.socket?.destroy();
  return answer;
}

async function accepted(server, target, options) {
  const answer = await handshake(server.port, target, options);
  assert.equal(answer.status, 101, `${target}: ${answer.status} ${answer.body}`);
  answer.socket.destroy();
}

const numbers = (from, to) => Array.from({ length: to - from }, (_, index) => String(from + index));

function fanOut(server) {
  test('every member hears every message in one order, the sender included', async (t) => {
    const room = newRoom();
    const members = [];
    for (let id = 1; id <= 5; ++id) members.push(await join(t, server(), { room, id }));
    for (let i = 0; i < 100; ++i) for (const member of members) member.send(`${i}`);
    for (const member of members) await member.count(500);
    for (const member of members) assert.deepEqual(member.lines, members[0].lines);
    for (let id = 1; id <= 5; ++id) {
      const own = members[0].lines.map(parse).filter((line) => line.id === String(id));
      assert.deepEqual(
        own.map((line) => line.text),
        numbers(0, 100),
      );
    }
  });

  test('the line is exact and its time is UTC', async (t) => {
    const member = await join(t, server(), { room: newRoom(), id: 42 });
    const text = 'line one\nline "two" (7) \\ \u0001 漢字🙂 ';
    member.send(text);
    await member.count(1);
    const { time } = parse(member.lines[0]);
    assert.equal(member.lines[0], `[${time}] ${text} (42)`);
    const offBy = Math.abs(Date.parse(`${time.replace(' ', 'T')}Z`) - Date.now());
    assert.ok(offBy < 2_500, `off by ${offBy} ms`);
  });

  test('rooms are separate', async (t) => {
    const [a, b] = [newRoom(), newRoom()];
    const one = await join(t, server(), { room: a, id: 1 });
    const two = await join(t, server(), { room: b, id: 2 });
    one.send('for a');
    two.send('for b');
    await one.count(1);
    await two.count(1);
    one.send('end');
    await one.count(2);
    assert.deepEqual(one.texts, ['for a', 'end']);
    assert.deepEqual(two.texts, ['for b']);
  });

  test('an empty message is ignored', async (t) => {
    const member = await join(t, server(), { room: newRoom(), id: 1 });
    member.send('');
    member.send('said');
    await member.count(1);
    assert.deepEqual(member.texts, ['said']);
  });

  test('two members may share an id, and one that leaves disturbs nobody', async (t) => {
    const room = newRoom();
    const first = await join(t, server(), { room, id: 7 });
    const second = await join(t, server(), { room, id: 7 });
    first.send('a');
    await second.count(1);
    assert.equal((await first.leave()).code, 1005);
    second.send('b');
    await second.count(2);
    assert.deepEqual(second.texts, ['a', 'b']);
  });
}

function names(server) {
  test('client ids are signed 64-bit decimals, written in their normal form', async (t) => {
    const good = [
      ['0', '0'],
      ['007', '7'],
      ['-5', '-5'],
      ['-0012', '-12'],
      ['1'.padStart(30, '0'), '1'],
      ['9223372036854775807', '9223372036854775807'],
      ['-9223372036854775808', '-9223372036854775808'],
    ];
    const room = newRoom();
    for (const [given, id] of good) {
      const member = await join(t, server(), { room, id: given });
      member.send('x');
      await member.count(1);
      assert.equal(parse(member.lines[0]).id, id, given);
    }
    const bad = [
      'abc',
      '1.5',
      '1e3',
      '0x10',
      '-',
      '--1',
      '1-',
      '1%20',
      '1_0',
      '%D9%A1',
      '9223372036854775808',
      '-9223372036854775809',
      '1'.repeat(200),
    ];
    for (const given of bad) {
      const answer = await refused(server(), `/ws/room/${given}`);
      assert.ok(answer.status >= 400 && answer.status < 500, `${given}: ${answer.status}`);
      assert.match(errorOf(answer), /client_id/, given);
    }
    for (const target of ['/ws/room/', '/ws/room', '/ws/', '/ws', '/ws/room/1/2']) {
      const answer = await refused(server(), target);
      assert.ok(answer.status >= 400 && answer.status < 500, `${target}: ${answer.status}`);
      errorOf(answer);
    }
  });

  test('channel ids are any UTF-8 of 1 to 255 bytes, percent-decoded once', async (t) => {
    const good = [
      'a/b',
      '%2F',
      'a b+c&d=e?f#g',
      '漢字',
      '🙂',
      'é'.repeat(127),
      'x'.repeat(255),
      '\u0001',
    ];
    for (const room of good) {
      const one = await join(t, server(), { room, id: 1 });
      const two = await join(t, server(), { room, id: 2 });
      one.send(room);
      await two.count(1);
      assert.deepEqual(two.texts, [room]);
    }
    const a = await join(t, server(), { room: 'double%2Fdecoding', id: 1 });
    const b = await join(t, server(), { room: 'double/decoding', id: 2 });
    a.send('to a');
    await a.count(1);
    b.send('to b');
    await b.count(1);
    assert.deepEqual(b.texts, ['to b']);
  });

  test('other channel ids are refused with the reason', async () => {
    const bad = [
      'x'.repeat(256),
      encodeURIComponent('é'.repeat(128)),
      '%FF',
      '%C0%AF',
      '%ED%A0%80',
      '%E6%BC',
      '',
    ];
    for (const room of bad) {
      const answer = await refused(server(), `/ws/${room}/1`);
      assert.ok(answer.status >= 400 && answer.status < 500, `${room}: ${answer.status}`);
      assert.match(errorOf(answer), /channel_id|UTF-8/i, room);
    }
    for (const room of ['%', '%2', '%zz']) {
      const answer = await refused(server(), `/ws/${room}/1`);
      assert.ok(answer.status >= 400 && answer.status < 500, `${room}: ${answer.status}`);
    }
  });
}

function frames(server) {
  test('a binary message closes 1003', async (t) => {
    const member = await join(t, server(), { room: newRoom(), id: 1 });
    member.socket.send(Buffer.from([1, 2, 3]), { binary: true });
    assert.equal((await member.end()).code, 1003);
  });

  test('text that is not UTF-8 closes 1007 and reaches nobody', async (t) => {
    const room = newRoom();
    const other = await join(t, server(), { room, id: 2 });
    for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0x61, 0xe6, 0xbc]]) {
      const member = await join(t, server(), { room, id: 1 });
      member.socket.send(Buffer.from(bytes), { binary: false });
      assert.equal((await member.end()).code, 1007, bytes.join());
    }
    other.send('clean');
    await other.count(1);
    assert.deepEqual(other.texts, ['clean']);
  });

  for (const deflate of [false, true]) {
    test(`at the limit a message passes, beyond closes 1009 (deflate ${deflate})`, async (t) => {
      const room = newRoom();
      const member = await join(t, server(), { room, id: 1, deflate });
      member.send('m'.repeat(kMessageMax));
      await member.count(1);
      assert.equal(member.texts[0].length, kMessageMax);
      member.send('m'.repeat(kMessageMax + 1));
      assert.equal((await member.end()).code, 1009);
      const split = await join(t, server(), { room, id: 1, deflate });
      split.socket.send('m'.repeat(kMessageMax), { fin: false });
      split.socket.send('m', { fin: true });
      assert.equal((await split.end()).code, 1009);
    });
  }

  test('a message that inflates beyond all measure closes 1009', async (t) => {
    const member = await join(t, server(), { room: newRoom(), id: 1, deflate: true });
    member.send('0'.repeat(20_000_000));
    assert.equal((await member.end()).code, 1009);
  });

  test('fragments may be interleaved with pings', async (t) => {
    const member = await join(t, server(), { room: newRoom(), id: 1 });
    const pongs = [];
    member.socket.on('pong', (data) => pongs.push(data.toString()));
    const parts = ['one ', Buffer.from('漢').subarray(0, 1), Buffer.from('漢').subarray(1), ''];
    for (const part of parts) {
      member.socket.send(part, { fin: false, binary: false });
      member.socket.ping('still there?');
    }
    member.socket.send(' two', { fin: true });
    await member.count(1);
    assert.deepEqual(member.texts, ['one 漢 two']);
    assert.ok(pongs.length >= 1 && pongs.every((data) => data === 'still there?'));
  });

  test('a deflating client and a plain one meet in one room', async (t) => {
    const room = newRoom();
    const packed = await join(t, server(), { room, id: 1, deflate: true });
    const plain = await join(t, server(), { room, id: 2 });
    assert.match(packed.socket.extensions, /permessage-deflate/);
    assert.equal(plain.socket.extensions, '');
    const texts = ['short', 'long '.repeat(2_000), '漢字🙂'.repeat(500)];
    for (const text of texts) {
      packed.send(text);
      await plain.until((lines) => lines.some((line) => parse(line).text === text), 'a packed one');
      plain.send(text);
    }
    await packed.count(6);
    await plain.count(6);
    assert.deepEqual(packed.lines, plain.lines);
    assert.deepEqual([...new Set(plain.texts)], texts);
  });

  test('deflate is agreed on without context takeover', async () => {
    const offer = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };
    const answer = await handshake(server().port, '/ws/room/1', { headers: offer });
    answer.socket.destroy();
    const agreed = answer.headers['sec-websocket-extensions'];
    assert.match(agreed, /^permessage-deflate\b/);
    assert.match(agreed, /server_no_context_takeover/);
    assert.match(agreed, /client_no_context_takeover/);
  });
}

function replay(server) {
  test('history replays the last N in order, and none is asked for by default', async (t) => {
    const room = newRoom();
    const writer = await join(t, server(), { room, id: 1 });
    for (const text of numbers(0, 320)) writer.send(text);
    await writer.count(320);
    const cases = [
      ['?history=3', 317],
      ['?history=0', 320],
      ['?history=1000', 20],
      ['?history=300', 20],
    ];
    const readers = [];
    for (const [query, from] of cases) {
      readers.push([await join(t, server(), { room, id: 2, query }), from, query]);
    }
    readers.push([await join(t, server(), { room, id: 2 }), 320, 'no query']);
    writer.send('320');
    for (const [reader, from, query] of readers) {
      await reader.until(() => reader.texts.at(-1) === '320', `the live line after ${query}`);
      assert.deepEqual(reader.texts, numbers(from, 321), query);
    }
    assert.deepEqual(readers[0][0].lines, writer.lines.slice(317));
  });

  test('history outlives the last member', async (t) => {
    const room = newRoom();
    const writer = await join(t, server(), { room, id: 1 });
    writer.send('remember');
    await writer.count(1);
    await writer.leave();
    const reader = await join(t, server(), { room, id: 2, query: '?history=50' });
    await reader.count(1);
    assert.deepEqual(reader.texts, ['remember']);
  });

  test('nothing is missing and nothing comes twice while another publishes', async (t) => {
    const room = newRoom();
    const kTotal = 6_000;
    const writer = await join(t, server(), { room, id: 1 });
    const readers = [];
    // At full speed, but with the echo as the pace: as many joins fall into the stream.
    for (let sent = 0; sent < kTotal; sent += 200) {
      for (const text of numbers(sent, sent + 200)) writer.send(text);
      const query = `?history=${[1, 50, 300][(sent / 200) % 3]}`;
      readers.push(new Client(server(), { room, id: 2, query }));
      await writer.count(sent + 100);
    }
    t.after(() => readers.forEach((reader) => reader.socket.terminate()));
    for (const reader of readers) await reader.opened;
    writer.send('last');
    for (const reader of readers) {
      await reader.until((lines) => / last \(1\)$/.test(lines.at(-1) ?? ''), 'the last line');
      const texts = reader.texts.slice(0, -1);
      const from = texts.length > 0 ? Number(texts[0]) : kTotal;
      assert.deepEqual(texts, numbers(from, kTotal));
    }
    assert.deepEqual(writer.texts, [...numbers(0, kTotal), 'last']);
  });
}

function upgrades(server) {
  test('handshakes that are none get the fitting error', async () => {
    const old = await refused(server(), '/ws/room/1', {
      headers: { 'Sec-WebSocket-Version': '8' },
    });
    assert.equal(old.status, 426);
    assert.equal(old.headers['sec-websocket-version'], '13');
    errorOf(old);
    const keyless = await refused(server(), '/ws/room/1', { omit: ['Sec-WebSocket-Key'] });
    assert.equal(keyless.status, 400);
    errorOf(keyless);
    const badKey = await refused(server(), '/ws/room/1', {
      headers: { 'Sec-WebSocket-Key': 'short' },
    });
    assert.equal(badKey.status, 400);
    const post = await refused(server(), '/ws/room/1', { method: 'POST' });
    assert.equal(post.status, 405);
    errorOf(post);
    const plain = await server().get('/ws/room/1');
    assert.ok([400, 426].includes(plain.status), `a plain GET: ${plain.status}`);
    errorOf(plain);
  });

  test('the accept key is that of RFC 6455', async () => {
    const headers = { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    const answer = await handshake(server().port, '/ws/room/1', { headers });
    answer.socket.destroy();
    assert.equal(answer.status, 101);
    assert.equal(answer.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  });

  test('frames that come with the handshake are not lost', async () => {
    const mask = (text) =>
      Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
    const { RawSocket } = await import('./support/http.mjs');
    const raw = await RawSocket.connect(server().port);
    const head =
      `GET /ws/${encodeURIComponent(newRoom())}/1 HTTP/1.1\r\nHost: 127.0.0.1\r\n` +
      'Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    raw.write(Buffer.concat([Buffer.from(head), mask('early'), mask('bird')]));
    const text = await raw.expect(/early \(1\)[^]*bird \(1\)/);
    assert.match(text, /^HTTP\/1\.1 101 /);
    raw.destroy();
  });

  test('an unmasked frame closes 1002', async (t) => {
    const { socket, status, head } = await handshake(
      server().port,
      `/ws/${newRoom().replace(' ', '')}/1`,
    );
    t.after(() => socket.destroy());
    assert.equal(status, 101);
    assert.equal(head.length, 0);
    socket.write(Buffer.from([0x81, 0x01, 0x61]));
    const [chunk] = await deadline(once(socket, 'data'), 5_000, 'a Close frame');
    assert.equal(chunk[0], 0x88);
    assert.equal(chunk.readUInt16BE(2), 1002);
  });
}

function origins(flags) {
  const allowed = (server, origin, status = 101) =>
    handshake(server.port, '/ws/room/1', {
      headers: origin === null ? {} : { Origin: origin },
    }).then((answer) => {
      answer.socket?.destroy();
      assert.equal(answer.status, status, `Origin: ${origin}: ${answer.body}`);
      return answer;
    });

  test('by default the page must come from the same host', async (t) => {
    const server = await startServer(t, flags);
    await allowed(server, server.origin);
    await allowed(server, null);
    const foreign = [
      'http://evil.example',
      `http://127.0.0.1:${server.port + 1}`,
      'null',
      `http://127.0.0.1:${server.port}.evil.example`,
      `http://evil.example/127.0.0.1:${server.port}`,
    ];
    for (const origin of foreign) {
      const answer = await allowed(server, origin, 403);
      assert.match(errorOf(answer), /--allowed-origins/);
    }
    // Browsers hide the answer from the page: the log names the origin, but not each one (a shard
    // names one in ten seconds).
    const refusals = () => server.output.match(/^.*origin refused.*$/gm) ?? [];
    await until(() => refusals().length > 0, 5_000, 'a line in the log');
    const lines = refusals();
    assert.ok(lines.length <= flags.shards, `${lines.length} lines`);
    assert.match(lines[0], /http:\/\/evil\.example/);
  });

  test('listed origins are let in, others are not', async (t) => {
    const list = 'https://chat.example,http://localhost:3000';
    const server = await startServer(t, { ...flags, 'allowed-origins': list });
    await allowed(server, 'https://chat.example');
    await allowed(server, 'http://localhost:3000');
    await allowed(server, null);
    await allowed(server, 'https://other.example', 403);
    await allowed(server, 'http://chat.example', 403);
    await allowed(server, 'https://chat.example.evil.example', 403);
  });

  test('null can be listed, and * lets everybody in', async (t) => {
    const listed = await startServer(t, { ...flags, 'allowed-origins': 'null' });
    await allowed(listed, 'null');
    await allowed(listed, 'https://other.example', 403);
    const open = await startServer(t, { ...flags, 'allowed-origins': '*' });
    for (const origin of ['https://any.example', 'null', null]) await allowed(open, origin);
  });
}

forEachEngine('protocol', (flags) => {
  const server = suiteServer({ ...flags, ...kUnlimited });
  describe('fan-out', () => fanOut(server));
  describe('names', () => names(server));
  describe('frames', () => frames(server));
  describe('replay', () => replay(server));
  describe('upgrade', () => upgrades(server));
  describe('origins', () => origins(flags));
  test('the connection-less server is well after all this', async () => {
    assert.equal(
      (await accepted(server(), '/ws/room/1'), (await server().get('/health')).status),
      200,
    );
  });
});
