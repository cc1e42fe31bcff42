// SPDX-License-Identifier: Apache-2.0
// Debian's Chromium, headless, with one context for each person so that nobody shares storage. Each
// page records what a user would call broken: console errors, CSP violations, uncaught exceptions.

import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';

export const kChromium = process.env.PALAVER_CHROMIUM ?? '/usr/bin/chromium';
export const kNoBrowser = existsSync(kChromium) ? false : `no browser at ${kChromium}`;

export function launchBrowser() {
  return chromium.launch({
    executablePath: kChromium,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Console messages of a server that is down are the browser's own, and expected. */
const kExpected = /WebSocket connection to '.*' failed/;

/** A person's page. `problems` is empty on a healthy page. The context ends with the test `t`. */
export async function openPage(t, browser, options = {}) {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  t?.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() !== 'error' || kExpected.test(message.text())) return;
    problems.push(message.text());
  });
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  return { page, problems };
}
