// SPDX-License-Identifier: Apache-2.0
// Makes the pictures of the README in docs/images: a conversation of four people in one room, in
// the light, the dark and on a phone. Needs the binary and Chromium; `npm run screenshots`. The
// pictures are reduced with pngquant where it is installed.

import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { Client } from './support/client.mjs';
import { launchBrowser, openPage } from './support/browser.mjs';
import { kRepository, startServer } from './support/server.mjs';

const kFolder = path.join(kRepository, 'docs/images');
const kRoom = 'harbour office';
const kSelf = '4501';

// Whatever the time is, it is past nine in the harbour.
const kHoursAhead = 9 - new Date().getUTCHours();
const kZone = `Etc/GMT${kHoursAhead > 0 ? '-' : '+'}${Math.abs(kHoursAhead)}`; // POSIX signs.

// Who speaks and what is said.
const kTalk = [
  ['1207', 'Morning! The ferry is twenty minutes late, fog on the strait.'],
  ['1207', 'Passengers know already.'],
  ['88', 'Thanks. Then berth 2 stays free until 10:40 — shall I send the pilot first?'],
  [kSelf, 'Yes please. I’ll tell the crew of the Albatros.'],
  ['530', 'おはようございます。クレーンの点検は終わりました 👍'],
  ['530', 'Crane 3 is good to go. Report:\nhttps://harbour.example/reports/crane-3'],
  [kSelf, 'Perfect, thank you both.\nSame room tomorrow at eight?'],
  ['1207', 'I’ll be here ☕️'],
];

async function talk(server) {
  const speakers = new Map();
  for (const [id, text] of kTalk) {
    if (!speakers.has(id)) {
      const speaker = new Client(server, { room: kRoom, id });
      await speaker.opened;
      speakers.set(id, speaker);
    }
    const listener = speakers.get(kTalk[0][0]);
    const before = listener.lines.length;
    speakers.get(id).send(text);
    await listener.count(before + 1);
  }
  for (const speaker of speakers.values()) await speaker.leave();
}

async function picture(browser, server, file, options) {
  const { page } = await openPage(null, browser, { timezoneId: kZone, ...options });
  await page.addInitScript((id) => localStorage.setItem('palaver.client_id', id), kSelf);
  await page.goto(`${server.origin}/#/room/${encodeURIComponent(kRoom)}`);
  await page
    .locator('.bubble')
    .nth(kTalk.length - 1)
    .waitFor();
  await page.locator('.state[data-phase=open]').waitFor();
  await page.locator('#log:not([aria-busy])').waitFor();
  await page.locator('#text').fill('See you there!');
  await page.screenshot({ path: file });
  await page.context().close();
  spawnSync('pngquant', ['--force', '--skip-if-larger', '--output', file, file]);
}

const server = await startServer(null);
const browser = await launchBrowser();
try {
  await mkdir(kFolder, { recursive: true });
  await talk(server);
  const desktop = { viewport: { width: 1120, height: 840 }, deviceScaleFactor: 1.5 };
  const phone = {
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    hasTouch: true,
    isMobile: true,
  };
  await picture(browser, server, path.join(kFolder, 'page-light.png'), {
    ...desktop,
    colorScheme: 'light',
  });
  await picture(browser, server, path.join(kFolder, 'page-dark.png'), {
    ...desktop,
    colorScheme: 'dark',
  });
  await picture(browser, server, path.join(kFolder, 'page-phone.png'), {
    ...phone,
    colorScheme: 'light',
  });
} finally {
  await browser.close();
  await server.stop();
}
