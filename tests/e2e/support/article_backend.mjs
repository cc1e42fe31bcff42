// SPDX-License-Identifier: Apache-2.0
// The article's backend (article_backend.py) as a process of a test. What its members speak is what
// Palaver's speak: join() of client.mjs takes it for a server.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Child, isInstalled } from './child.mjs';
import { until } from './wait.mjs';

const kProgram = path.join(path.dirname(fileURLToPath(import.meta.url)), 'article_backend.py');
const kMs = 10_000;

/** For `skip` of a test: why there is none, or false. */
export const kNoPython = isInstalled('python3') ? false : 'no python3 in the PATH';

/** @param url Of Redis. @returns {port}, when it listens; it ends with the test `t`. */
export async function startArticleBackend(t, url) {
  const env = { ...process.env, REDIS_HOST: url, PORT: '0' };
  const child = new Child('python3', ['-B', kProgram], { env });
  t.after(() => child.kill());
  const listens = () => /^listening on (\d+)$/m.exec(child.output) ?? !child.running;
  const port = await until(listens, kMs, () => `the backend to listen:\n${child.output}`);
  if (!child.running) throw new Error(`the backend ended:\n${child.output}`);
  return { child, port: Number(port[1]) };
}
