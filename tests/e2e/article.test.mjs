// SPDX-License-Identifier: Apache-2.0
// The page of the article that Palaver starts from, with nothing edited but its WebSocket URL: two
// browsers chat through it, served by the binary itself and by another, allowed origin. The page is
// not part of this repository; PALAVER_ARTICLE_PAGE says where it is.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { kNoBrowser, launchBrowser, openPage } from './support/browser.mjs';
import { freePort, kRepository, startServer } from './support/server.mjs';

const kPage =
  process.env.PALAVER_ARTICLE_PAGE ?? path.join(kRepository, '../shared/seed/index.html');
const kSkip = kNoBrowser || (existsSync(kPage) ? false : "the article's page is not here");
if (kSkip) console.log(`skipping the article's page: ${kSkip}`);

async function editedPage(port) {
  const page = await readFile(kPage, 'utf8');
  const edited = page.replace('wss://xxx-du.a.run.app', `ws://127.0.0.1:${port}`);
  assert.notEqual(edited, page, 'the page has no URL to edit');
  return edited;
}

describe("the article's page", { skip: kSkip }, () => {
  let browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser?.close());

  async function chat(t, origin) {
    const people = [];
    for (let i = 0; i < 2; ++i) {
      const { page } = await openPage(t, browser);
      await page.goto(origin);
      await page.locator('#channelId').fill('test');
      const socket = page.waitForEvent('websocket');
      await page.getByRole('button', { name: 'Connect' }).click();
      await socket;
      await page.waitForFunction(() => ws?.readyState === WebSocket.OPEN);
      people.push({ page, id: await page.locator('#client-id').textContent() });
    }
    const [ann, ben] = people;
    await ann.page.locator('#messageText').fill('hello (from) <b>Ann</b>');
    await ann.page.getByRole('button', { name: 'Send' }).click();
    await ben.page.locator('#messages li').waitFor();
    await ben.page.locator('#messageText').fill('hello Ann');
    await ben.page.getByRole('button', { name: 'Send' }).click();
    for (const { page } of people) {
      await page.locator('#messages li').nth(1).waitFor();
      const lines = await page.locator('#messages li').allTextContents();
      assert.equal(lines.length, 2);
      const time = '\\[\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\]';
      assert.match(lines[0], new RegExp(`^${time} hello \\(from\\) <b>Ann</b> \\(${ann.id}\\)$`));
      assert.match(lines[1], new RegExp(`^${time} hello Ann \\(${ben.id}\\)$`));
    }
  }

  test("from the binary's own origin", async (t) => {
    const port = await freePort();
    const folder = await mkdtemp(path.join(tmpdir(), 'palaver-article-'));
    t.after(() => rm(folder, { recursive: true }));
    await writeFile(path.join(folder, 'index.html'), await editedPage(port));
    const server = await startServer(t, { port, 'web-root': folder });
    await chat(t, server.origin);
  });

  test('from another origin that is allowed', async (t) => {
    const port = await freePort();
    const page = await editedPage(port);
    const frontend = http.createServer((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(page);
    });
    frontend.listen(0, '127.0.0.1');
    await once(frontend, 'listening');
    t.after(() => {
      frontend.close();
      frontend.closeAllConnections();
    });
    const origin = `http://127.0.0.1:${frontend.address().port}`;
    await startServer(t, { port, 'allowed-origins': origin });
    await chat(t, origin);
  });
});
