// SPDX-License-Identifier: Apache-2.0
// The page apart from its server: nginx as deploy/frontend starts it in its image, on one origin,
// the real binary on another. Needs nginx and envsubst, and a browser for the talk.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';

import { kNoBrowser, launchBrowser, openPage } from './support/browser.mjs';
import { request } from './support/http.mjs';
import { freePort, kRepository, startServer } from './support/server.mjs';
import { until } from './support/wait.mjs';

const kStart = path.join(kRepository, 'deploy/frontend/start');
const kPath = `${process.env.PATH}:/usr/sbin`;
const isThere = (program) => kPath.split(':').some((dir) => existsSync(path.join(dir, program)));
const kMissing = ['nginx', 'envsubst'].filter((program) => !isThere(program));
const kSkip = kMissing.length > 0 ? `there is no ${kMissing.join(' and no ')}` : false;
if (kSkip) console.log(`skipping the frontend: ${kSkip}`);

/** deploy/frontend/start with these variables, in a temporary folder of its own, for one test. */
async function spawnFrontend(t, variables) {
  const folder = await mkdtemp(path.join(tmpdir(), 'palaver-frontend-'));
  await chmod(folder, 0o755); // started by root, nginx's workers are another user
  const child = spawn(kStart, {
    env: { PATH: process.env.PATH, TMPDIR: folder, ...variables },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const frontend = { child, log: '', ended: once(child, 'close') };
  child.stderr.setEncoding('utf8').on('data', (text) => (frontend.log += text));
  t.after(async () => {
    child.kill('SIGTERM');
    await frontend.ended;
    await rm(folder, { recursive: true });
  });
  return frontend;
}

async function startFrontend(t, backendUrl, port) {
  const variables = { BACKEND_URL: backendUrl, HOST: '127.0.0.1', PORT: String(port) };
  const frontend = await spawnFrontend(t, variables);
  const get = (target) => request(port, { target });
  await until(
    async () => {
      assert.equal(frontend.child.exitCode, null, frontend.log);
      return (await get('/').catch(() => null))?.status === 200;
    },
    10_000,
    () => `the frontend to answer; its log:\n${frontend.log}`,
  );
  return { origin: `http://127.0.0.1:${port}`, get };
}

describe('the frontend', { skip: kSkip }, () => {
  test('serves the page with the backend in its place, as strictly as the server', async (t) => {
    const frontend = await startFrontend(t, 'https://chat.example:8443/', await freePort());
    const server = await startServer(t);
    const policy = (answer) => answer.headers['content-security-policy'];

    const config = await frontend.get('/config.js');
    assert.match(config.body, /^export const kServerOrigin = 'https:\/\/chat\.example:8443';$/m);
    assert.match(config.headers['content-type'], /javascript/);
    const page = await frontend.get('/');
    assert.equal(
      policy(page),
      policy(await server.get('/')).replace('ws: wss:', 'wss://chat.example:8443'),
    );
    const icon = await frontend.get('/icon.svg');
    assert.equal(policy(icon), policy(await server.get('/icon.svg')));
    for (const { headers } of [config, page, icon]) {
      assert.equal(headers['cache-control'], 'no-cache');
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'same-origin');
    }
    const script = await readFile(path.join(kRepository, 'web/app.js'), 'utf8');
    assert.equal((await frontend.get('/app.js')).body, script);
    for (const hidden of ['/nginx.conf', '/../nginx.conf', '/start', '/config.js.template']) {
      assert.notEqual((await frontend.get(hidden)).status, 200, hidden);
    }
  });

  test('refuses what is no origin, and says so', async (t) => {
    const wrong = ['', 'chat.example', 'ftp://chat.example', 'https://chat.example/ws'];
    wrong.push("https://a';alert(1)//", 'https://a;b', 'https://a\nhttps://b', 'https://$PATH');
    for (const url of wrong) {
      const frontend = await spawnFrontend(t, { BACKEND_URL: url, PORT: '1' });
      assert.deepEqual(await frontend.ended, [2, null], url);
      assert.match(frontend.log, /^frontend: BACKEND_URL /);
    }
  });

  const kTalk = 'two people talk through it, by sockets to the backend alone';
  test(kTalk, { skip: kNoBrowser }, async (t) => {
    const port = await freePort();
    const flags = { 'allowed-origins': `http://127.0.0.1:${port}` };
    const server = await startServer(t, flags);
    const elsewhere = await startServer(t, flags);
    const frontend = await startFrontend(t, server.origin, port);
    const browser = await launchBrowser();
    t.after(() => browser.close());

    const people = [];
    for (let i = 0; i < 2; ++i) {
      const person = await openPage(t, browser);
      await person.page.goto(`${frontend.origin}/#/room/tea`);
      await person.page.locator('.state[data-phase=open]').waitFor();
      people.push(person);
    }
    const [ann, ben] = people;
    await ann.page.locator('#text').fill('hello Ben');
    await ann.page.locator('#text').press('Enter');
    await ben.page.locator('.group:not(.pending) .bubble', { hasText: 'hello Ben' }).waitFor();
    for (const { problems } of people) assert.deepEqual(problems, []);

    const blocked = await ann.page.evaluate((url) => {
      const violation = new Promise((resolve) => {
        addEventListener('securitypolicyviolation', (event) => resolve(event.blockedURI));
      });
      new WebSocket(url);
      return violation;
    }, `${elsewhere.origin.replace('http', 'ws')}/ws/tea/1`);
    assert.match(blocked, new RegExp(`^ws://127\\.0\\.0\\.1:${elsewhere.port}`));
  });
});
