// SPDX-License-Identifier: Apache-2.0
// The page in a real browser against the real binary: people meet, are kept apart by rooms, come
// back after a restart, and nothing hostile becomes markup. Every page must stay free of console
// errors.

import assert from 'node:assert/strict';
import { mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { kNoBrowser, launchBrowser, openPage } from './support/browser.mjs';
import { join } from './support/client.mjs';
import { startServer } from './support/server.mjs';
import { until } from './support/wait.mjs';

const kFlags = { 'messages-per-second': 1000, 'messages-burst': 5000 };

describe('the page', { skip: kNoBrowser }, () => {
  let browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser?.close());

  async function enter(t, server, room, options) {
    const person = await openPage(t, browser, options);
    await person.page.goto(`${server.origin}/#/room/${encodeURIComponent(room)}`);
    await person.page.locator('.state[data-phase=open]').waitFor();
    return person;
  }

  async function say(page, text) {
    await page.locator('#text').fill(text);
    await page.locator('#text').press('Enter');
  }

  // Confirmed ones: a pending bubble is still the sender's alone.
  const bubbles = (page) => page.locator('.group:not(.pending) .bubble').allTextContents();

  const shows = (page, texts) =>
    until(
      async () => JSON.stringify(await bubbles(page)) === JSON.stringify(texts),
      10_000,
      `the page to show ${JSON.stringify(texts)}`,
    ).catch(async (error) => {
      throw new Error(`${error.message}; it shows ${JSON.stringify(await bubbles(page))}`);
    });

  test('two people talk in one room, a third hears nothing', async (t) => {
    const server = await startServer(t, kFlags);
    const [ann, ben, eve] = await Promise.all([
      enter(t, server, 'tea'),
      enter(t, server, 'tea'),
      enter(t, server, 'coffee'),
    ]);
    await say(ann.page, 'hello Ben');
    await shows(ben.page, ['hello Ben']);
    await say(ben.page, 'hello Ann');
    await shows(ann.page, ['hello Ben', 'hello Ann']);
    await say(eve.page, 'anyone?');
    await shows(eve.page, ['anyone?']);
    await shows(ben.page, ['hello Ben', 'hello Ann']);
    assert.equal(await ann.page.locator('.own .bubble').textContent(), 'hello Ben');
    assert.equal(await ann.page.locator('.pending').count(), 0);
    assert.equal(await ann.page.locator('#text').inputValue(), '');
    assert.equal(await ann.page.title(), 'tea · Palaver');
    for (const { problems } of [ann, ben, eve]) assert.deepEqual(problems, []);
  });

  test('the lobby leads into a room, and the id is kept', async (t) => {
    const server = await startServer(t, kFlags);
    const { page, problems } = await openPage(t, browser);
    await page.goto(server.origin);
    await page.locator('#join-room').fill('..');
    await page.locator('#join-enter').click();
    assert.match(await page.locator('#join-problem').textContent(), /cannot be named/);
    await page.locator('#join-room').fill('a/b 漢字?#%');
    await page.locator('#join-id').fill('12.5');
    await page.locator('#join-enter').click();
    assert.match(await page.locator('#join-problem').textContent(), /whole number/);
    await page.locator('#join-id').fill('-0042');
    await page.locator('#join-enter').click();
    await page.locator('.state[data-phase=open]').waitFor();
    const other = await join(t, server, { room: 'a/b 漢字?#%', id: 1 });
    await say(page, 'from the lobby');
    await other.count(1);
    assert.match(other.lines[0], /from the lobby \(-42\)$/);
    await page.reload();
    await page.locator('.state[data-phase=open]').waitFor();
    await shows(page, ['from the lobby']);
    assert.equal(await page.locator('.own .bubble').count(), 1);
    assert.deepEqual(problems, []);
  });

  test('the id can be changed inside the room', async (t) => {
    const server = await startServer(t, kFlags);
    const { page } = await enter(t, server, 'ids');
    await page.locator('#identity').click();
    await page.locator('#identity-id').fill('77');
    await page.locator('#identity-form button[type=submit]').click();
    await page.locator('#identity[title$="id 77"]').waitFor();
    await page.locator('.state[data-phase=open]').waitFor();
    const other = await join(t, server, { room: 'ids', id: 1 });
    await say(page, 'me again');
    await other.count(1);
    assert.match(other.lines[0], /\(77\)$/);
  });

  test('after a restart the page comes back by itself and shows nothing twice', async (t) => {
    const first = await startServer(t, kFlags);
    const { page, problems } = await enter(t, first, 'phoenix');
    const before_ = await join(t, first, { room: 'phoenix', id: 5 });
    before_.send('one');
    before_.send('two');
    await shows(page, ['one', 'two']);
    first.kill('SIGKILL');
    await first.exit;
    await page.locator('.state[data-phase=waiting]').waitFor();
    await page.locator('#text').fill('kept');
    assert.equal(await page.locator('#send').isDisabled(), true);
    await page.locator('#text').press('Enter');
    assert.equal(await page.locator('#text').inputValue(), 'kept');
    assert.match(await page.locator('#composer-hint').textContent(), /Not connected/);
    const second = await startServer(t, { ...kFlags, port: first.port });
    await page.locator('.state[data-phase=open]').waitFor({ timeout: 20_000 });
    await page.locator('#text').press('Enter');
    await shows(page, ['one', 'two', 'kept']);
    const after_ = await join(t, second, { room: 'phoenix', id: 5 });
    after_.send('three');
    await shows(page, ['one', 'two', 'kept', 'three']);
    assert.deepEqual(problems, []);
  });

  test('after a broken connection what was missed is shown, and nothing twice', async (t) => {
    const server = await startServer(t, kFlags);
    const { page, problems } = await openPage(t, browser);
    const sockets = [];
    await page.routeWebSocket(/\/ws\//, (socket) => {
      socket.connectToServer();
      sockets.push(socket);
    });
    await page.goto(`${server.origin}/#/room/replay`);
    await page.locator('.state[data-phase=open]').waitFor();
    const other = await join(t, server, { room: 'replay', id: 5 });
    for (const text of ['same', 'same', 'three']) other.send(text);
    await shows(page, ['same', 'same', 'three']);
    await sockets[0].close({ code: 1012 });
    await page.locator('#notice-reason', { hasText: 'restarting' }).waitFor();
    other.send('missed');
    await other.count(4);
    await page.locator('#retry').click();
    await shows(page, ['same', 'same', 'three', 'missed']);
    assert.equal(await page.locator('.note').count(), 0);
    assert.deepEqual(problems, []);
  });

  test('what was sent into a dying connection is not lost silently', async (t) => {
    const server = await startServer(t, kFlags);
    const { page } = await openPage(t, browser);
    let swallow = true;
    const sockets = [];
    await page.routeWebSocket(/\/ws\//, (socket) => {
      const upstream = socket.connectToServer();
      socket.onMessage((message) => swallow || upstream.send(message));
      sockets.push(socket);
    });
    await page.goto(`${server.origin}/#/room/limbo`);
    await page.locator('.state[data-phase=open]').waitFor();
    await say(page, 'into the void');
    await page.locator('.pending').waitFor();
    swallow = false;
    await sockets[0].close({ code: 1012 });
    await page.locator('.pending.failed').waitFor();
    await page.getByRole('button', { name: 'Send again' }).click();
    await shows(page, ['into the void']);
    assert.equal(await page.locator('.pending').count(), 0);
  });

  test('a deep link opens its room, a new hash changes it', async (t) => {
    const server = await startServer(t, kFlags);
    const other = await join(t, server, { room: 'deep/link 🙂', id: 9 });
    other.send('found');
    await other.count(1);
    const { page, problems } = await enter(t, server, 'deep/link 🙂');
    await shows(page, ['found']);
    assert.equal(await page.locator('#room-name').textContent(), 'deep/link 🙂');
    await page.evaluate(() => (location.hash = '#/room/elsewhere'));
    await page.locator('#empty').waitFor();
    await shows(page, []);
    await page.goBack();
    await shows(page, ['found']);
    await page.locator('.home').click();
    await page.locator('#lobby').waitFor();
    assert.deepEqual(problems, []);
  });

  test('hostile text stays text', async (t) => {
    const server = await startServer(t, kFlags);
    const { page, problems } = await enter(t, server, 'hostile');
    const other = await join(t, server, { room: 'hostile', id: 6 });
    const texts = [
      '<img src=x onerror="document.title=1"><script>alert(1)</script>',
      'javascript:alert(1) &amp; </div> (12) [2020-01-01 00:00:00]',
      '\u202Eright to left\nmany\n\nlines (7)',
      'w'.repeat(5_000),
      `${'Z\u0351\u036f'.repeat(200)} \0 \u2028`,
    ];
    for (const text of texts) other.send(text);
    await shows(page, texts);
    assert.equal(await page.locator('#log img, #log script').count(), 0);
    const overflow = await page.evaluate(
      () =>
        document.documentElement.scrollWidth > document.documentElement.clientWidth ||
        document.querySelector('#log').scrollWidth > document.querySelector('#log').clientWidth,
    );
    assert.equal(overflow, false, 'a long word must wrap');
    assert.deepEqual(problems, []);
  });

  test('Enter does not send while an input method composes, nor with Shift', async (t) => {
    const server = await startServer(t, kFlags);
    const { page } = await enter(t, server, 'ime');
    await page.locator('#text').focus();
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Input.imeSetComposition', {
      text: 'にほん',
      selectionStart: 3,
      selectionEnd: 3,
    });
    // What Chromium reports for Enter in a composition: the key with code 229.
    await devtools.send('Input.dispatchKeyEvent', {
      type: 'rawKeyDown',
      key: 'Enter',
      code: 'Enter',
      windowsVirtualKeyCode: 229,
    });
    await devtools.send('Input.insertText', { text: '日本' });
    assert.equal(await page.locator('#text').inputValue(), '日本');
    await page.locator('#text').press('Shift+Enter');
    await page.locator('#text').pressSequentially('two');
    assert.equal(await page.locator('#text').inputValue(), '日本\ntwo');
    await page.locator('#text').press('Enter');
    await shows(page, ['日本\ntwo']);
  });

  test('a thousand messages stay, older ones go, and reading above is not disturbed', async (t) => {
    const server = await startServer(t, { ...kFlags, 'outbox-bytes-max': 4_000_000 });
    const { page, problems } = await enter(t, server, 'flood');
    const other = await join(t, server, { room: 'flood', id: 6 });
    for (let i = 0; i < 1_100; ++i) other.send(`n ${i}`);
    await page.getByText('n 1099', { exact: true }).waitFor();
    const shown = await bubbles(page);
    assert.equal(shown.length, 1_000);
    assert.deepEqual([shown[0], shown[999]], ['n 100', 'n 1099']);
    assert.equal(await page.locator('#jump').isHidden(), true);
    await page.locator('#log').evaluate((log) => (log.scrollTop = 200));
    await until(
      () => page.locator('#log').evaluate((log) => log.scrollTop < 300),
      5_000,
      'the scroll',
    );
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done())));
    other.send('while you read');
    await page.locator('#jump', { hasText: '1 new message' }).waitFor();
    await page.locator('#jump').click();
    assert.equal(await page.locator('#jump').isHidden(), true);
    assert.deepEqual(problems, []);
  });

  test('text keeps AA contrast in both colour schemes', async (t) => {
    const server = await startServer(t, kFlags);
    for (const colorScheme of ['light', 'dark']) {
      const { page } = await enter(t, server, 'contrast', { colorScheme });
      const others = [];
      for (let id = 0; id < 14; ++id) others.push(await join(t, server, { room: 'contrast', id }));
      for (const other of others) other.send('x');
      await say(page, 'mine');
      await page.locator('.group.own:not(.pending)').last().waitFor();
      const low = await page.evaluate(lowContrast);
      assert.deepEqual(low, [], colorScheme);
      for (const other of others) await other.leave();
    }
  });

  test('it fits a phone, and pictures can be taken in both schemes', async (t) => {
    const server = await startServer(t, kFlags);
    const folder = await mkdtemp(path.join(tmpdir(), 'palaver-page-'));
    const desktop = { viewport: { width: 1120, height: 800 } };
    const looks = {
      light: { ...desktop, colorScheme: 'light' },
      dark: { ...desktop, colorScheme: 'dark' },
      phone: { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true },
    };
    for (const [name, options] of Object.entries(looks)) {
      const { page, problems } = await enter(t, server, 'a room with quite a long name', options);
      await say(page, `seen on ${name}, https://${'long'.repeat(40)}.example`);
      await page.locator('.group:not(.pending) .bubble').last().waitFor();
      const file = path.join(folder, `${name}.png`);
      await page.screenshot({ path: file });
      assert.ok((await stat(file)).size > 5_000);
      const layout = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth - innerWidth,
        bottom: document.querySelector('.dock').getBoundingClientRect().bottom - innerHeight,
        font: parseFloat(getComputedStyle(document.querySelector('#text')).fontSize),
      }));
      assert.ok(layout.wide <= 0 && Math.abs(layout.bottom) < 1, JSON.stringify(layout));
      assert.ok(layout.font >= 16, 'smaller inputs make a phone zoom in');
      assert.deepEqual(problems, []);
    }
    t.diagnostic(`pictures in ${folder}`);
  });
});

// Runs in the page. Each text with a contrast below WCAG AA against its nearest painted ground.
function lowContrast() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (color) => {
    const [r, g, b] = color.slice(0, 3).map((v) => {
      const c = v / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const color = rgba(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const node of document.querySelectorAll('#chat *')) {
    const text = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!text || node.closest('[hidden], button:disabled')) continue;
    const [a, b] = [luminance(rgba(getComputedStyle(node).color)), luminance(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(`${node.className} ${ratio.toFixed(2)}`);
  }
  return [...new Set(low)];
}
