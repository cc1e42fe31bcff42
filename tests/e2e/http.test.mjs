// SPDX-License-Identifier: Apache-2.0
// The server as a web server: health, metrics, the page, and the answers to requests that are
// wrong, too big, too slow, or not HTTP at all.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { RawSocket, errorOf, request } from './support/http.mjs';
import { forEachEngine } from './support/matrix.mjs';
import { freePort, startServer } from './support/server.mjs';
import { deadline } from './support/wait.mjs';

forEachEngine('http', (flags) => {
  let server;
  before(async () => {
    server = await startServer(null, flags);
  });
  after(() => server?.stop());

  test('health, readiness and startup answer 200', async () => {
    for (const target of ['/health', '/ready', '/startup']) {
      const answer = await server.get(target);
      assert.equal(answer.status, 200, target);
    }
  });

  test('the page comes with a type, a policy and an ETag', async () => {
    const page = await server.get('/');
    assert.equal(page.status, 200);
    assert.match(page.headers['content-type'], /^text\/html\b/);
    assert.match(page.headers['content-security-policy'], /default-src 'self'/);
    assert.equal(page.headers['x-content-type-options'], 'nosniff');
    assert.match(page.body, /<title>Palaver<\/title>/);
    const { etag } = page.headers;
    assert.match(etag, /^(W\/)?".+"$/);
    const again = await server.get('/', { 'If-None-Match': etag });
    assert.equal(again.status, 304);
    assert.equal(again.body, '');
    const listed = await server.get('/', { 'If-None-Match': `"other", ${etag}` });
    assert.equal(listed.status, 304);
    assert.equal((await server.get('/', { 'If-None-Match': '"other"' })).status, 200);
    assert.match((await server.get('/app.js')).headers['content-type'], /^text\/javascript\b/);
    assert.match((await server.get('/style.css')).headers['content-type'], /^text\/css\b/);
    assert.match((await server.get('/icon.svg')).headers['content-type'], /^image\/svg\+xml\b/);
  });

  test('HEAD is GET without the body', async () => {
    const get = await server.get('/');
    const head = await request(server.port, { target: '/', method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(head.body, '');
    assert.equal(head.headers['content-length'], String(Buffer.byteLength(get.body)));
    assert.equal(head.headers.etag, get.headers.etag);
  });

  test('wrong requests are told so in JSON', async () => {
    const missing = await server.get('/no/such/file');
    assert.equal(missing.status, 404);
    errorOf(missing);
    const post = await request(server.port, { target: '/', method: 'POST', body: 'x' });
    assert.equal(post.status, 405);
    assert.match(post.headers.allow ?? '', /GET/);
    errorOf(post);
    const big = await request(server.port, {
      target: '/',
      method: 'POST',
      headers: { 'Content-Length': 10_000_000 },
    });
    assert.equal(big.status, 413);
    errorOf(big);
    const wide = await server.get('/', { 'X-Wide': 'w'.repeat(20_000) });
    assert.equal(wide.status, 431);
    errorOf(wide);
    const long = await server.get(`/${'l'.repeat(20_000)}`);
    assert.ok([414, 431].includes(long.status), `a long target: ${long.status}`);
  });

  test('one connection serves many requests, also pipelined ones, in order', async () => {
    const raw = await RawSocket.connect(server.port);
    const get = (target) => `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`;
    raw.write(get('/health'));
    await raw.expect(/HTTP\/1\.1 200/);
    raw.text = '';
    raw.write(
      get('/nothing') + get('/health') + `HEAD / HTTP/1.1\r\nHost: h\r\n\r\n` + get('/ready'),
    );
    const text = await raw.expect(/(HTTP\/1\.1 [^]*){4}\r\n\r\n/);
    const codes = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]);
    assert.deepEqual(codes, ['404', '200', '200', '200']);
    raw.write('GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    await deadline(raw.closed, 5_000, 'the connection to close as asked');
  });

  test('a request that comes byte by byte is a request', async () => {
    const raw = await RawSocket.connect(server.port);
    raw.socket.setNoDelay(true);
    for (const byte of 'GET /health HTTP/1.1\r\nHost: h\r\n\r\n') raw.write(byte);
    await raw.expect(/^HTTP\/1\.1 200/);
    raw.destroy();
  });

  test('what is not HTTP gets 400 and is closed', async () => {
    const garbage = [
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03garbage\r\n\r\n',
      'hello there\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n',
      'GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n',
    ];
    for (const bytes of garbage) {
      const raw = await RawSocket.connect(server.port);
      raw.write(Buffer.from(bytes, 'latin1'));
      await raw.expect(/^HTTP\/1\.1 400 /);
      await deadline(raw.closed, 6_000, 'the connection to be closed');
    }
  });

  test('half a request is given up at the handshake timeout', async (t) => {
    const hasty = await startServer(t, { ...flags, 'handshake-timeout': '500ms' });
    for (const half of ['', 'GET / HTTP/1.1\r\nHost: h\r\n']) {
      const raw = await RawSocket.connect(hasty.port);
      const started = Date.now();
      if (half) raw.write(half);
      await deadline(raw.closed, 5_000, 'half a request to be given up');
      const took = Date.now() - started;
      assert.ok(took >= 400 && took < 2_500, `after ${took} ms`);
    }
  });
});

test('metrics are behind a port of their own', async (t) => {
  const adminPort = await freePort();
  const server = await startServer(t, { 'admin-port': adminPort });
  assert.equal((await server.get('/metrics')).status, 404);
  const metrics = await request(adminPort, { target: '/metrics' });
  assert.equal(metrics.status, 200);
  assert.match(metrics.headers['content-type'], /^text\/plain\b/);
  assert.match(metrics.body, /^# TYPE palaver_\w+ (counter|gauge|histogram)$/m);
});

test('metrics are behind a key', async (t) => {
  const server = await startServer(t, { 'admin-key': 'sesame' });
  const ask = (authorization) =>
    server.get('/metrics', authorization ? { Authorization: authorization } : {});
  assert.equal((await ask('Bearer sesame')).status, 200);
  for (const wrong of [
    undefined,
    'Bearer wrong',
    'Bearer sesame ',
    'Basic sesame',
    'Bearer sesam',
  ]) {
    // A header's trailing blank is no part of its value (RFC 9110, 5.5).
    const expected = wrong === 'Bearer sesame ' ? 200 : 401;
    assert.equal((await ask(wrong)).status, expected, wrong);
  }
});

test('without port and key there are no metrics', async (t) => {
  const server = await startServer(t);
  assert.equal((await server.get('/metrics')).status, 404);
});

test('nothing outside the web root is served', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'palaver-root-'));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(path.join(folder, 'web/sub'), { recursive: true });
  await writeFile(path.join(folder, 'secret.txt'), 'secret');
  await writeFile(path.join(folder, 'web/index.html'), 'home');
  await writeFile(path.join(folder, 'web/sub/a b.txt'), 'blank');
  await writeFile(path.join(folder, 'web/.hidden'), 'secret');
  const server = await startServer(t, { 'web-root': path.join(folder, 'web') });
  assert.equal((await server.get('/')).body, 'home');
  assert.equal((await server.get('/?query')).body, 'home');
  assert.equal((await server.get('/sub/a%20b.txt')).body, 'blank');
  const outside = [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/sub/../../secret.txt',
    '/..%2fsecret.txt',
    '//secret.txt',
    '/%00',
    '/sub/%2e%2e/%2e%2e/secret.txt',
    '/.hidden',
    '/sub',
  ];
  for (const target of outside) {
    const answer = await server.get(target);
    assert.ok(answer.status >= 400 && answer.status < 500, `${target}: ${answer.status}`);
    assert.doesNotMatch(answer.body, /secret$/);
  }
});
