// SPDX-License-Identifier: Apache-2.0
// The real binary as a child process: starts it on a free port of 127.0.0.1, waits until it is
// ready, keeps its log, and stops it with SIGTERM, which has to end with exit code 0. A server
// belongs to the test that started it and ends with it. Flags are named as on the command line.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { request } from './http.mjs';
import { deadline, until } from './wait.mjs';

export const kRepository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const kBinary = path.resolve(
  kRepository,
  process.env.PALAVER_BINARY ?? 'build/release/bin/palaver',
);

/** A port that was free a moment ago. */
export async function freePort() {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Keys are the flags' own names; `true` is a flag without a value. */
export function commandLine(flags) {
  return Object.entries(flags).map(([name, value]) =>
    value === true ? `--${name}` : `--${name}=${value}`,
  );
}

// The variables of whoever runs the tests must not configure the server under test.
function cleanEnvironment(extra) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !['PORT', 'REDIS_HOST'].includes(name) && !name.startsWith('PALAVER_'),
  );
  return { ...Object.fromEntries(kept), ...extra };
}

/** A process of the binary with its output; `exit` resolves to {code, signal}. */
export class Process {
  constructor(args, env = {}) {
    this.stdout = '';
    this.stderr = '';
    this.child = spawn(kBinary, args, {
      env: cleanEnvironment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout.setEncoding('utf8').on('data', (text) => (this.stdout += text));
    this.child.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    this.exit = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => resolve({ code, signal }));
    });
    this.exit.catch(() => {}); // Whoever awaits it is told; nobody else needs to be.
  }

  get running() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get output() {
    return this.stdout + this.stderr;
  }

  kill(signal) {
    this.child.kill(signal);
  }
}

/** Runs the binary to its end, for commands that do not serve. @returns {code, stdout, stderr}. */
export async function run(args, env = {}) {
  const process_ = new Process(args, env);
  try {
    const { code } = await deadline(process_.exit, 10_000, `palaver ${args.join(' ')} to exit`);
    return { code, stdout: process_.stdout, stderr: process_.stderr };
  } finally {
    if (process_.running) process_.kill('SIGKILL');
  }
}

export class Server extends Process {
  constructor(port, args, env) {
    super(args, env);
    this.port = port;
    this.origin = `http://127.0.0.1:${port}`;
  }

  get(target, headers = {}) {
    return request(this.port, { target, headers });
  }

  /** Resolves when /ready answers 200. Rejects with the log when the process ends before. */
  async ready() {
    let ended = null;
    this.exit.then(
      (exit) => (ended = exit),
      (error) => (ended = error),
    );
    const answers = async () => {
      if (ended !== null) {
        throw new Error(`the server ended (${JSON.stringify(ended)}):\n${this.output}`);
      }
      const answer = await this.get('/ready').catch(() => null);
      return answer?.status === 200;
    };
    await until(answers, 10_000, () => `the server to be ready; its log:\n${this.output}`);
    return this;
  }

  /** SIGTERM, and exit code 0 within `ms`. Harmless when the process has ended. */
  async stop(ms = 10_000) {
    if (!this.running) return;
    this.kill('SIGTERM');
    try {
      const { code, signal } = await deadline(this.exit, ms, 'the server to exit after SIGTERM');
      if (code !== 0) {
        throw new Error(`exit code ${code}, signal ${signal}, after SIGTERM:\n${this.output}`);
      }
    } finally {
      if (this.running) this.kill('SIGKILL');
    }
  }
}

/**
 * Starts a server and waits until it is ready. It ends with the test `t`; without one the caller
 * stops it. A short drain keeps the tests short.
 */
export async function startServer(t, flags = {}, env = {}) {
  const port = Number(flags.port ?? (await freePort()));
  const all = { host: '127.0.0.1', port, drain: '400ms', ...flags };
  const server = new Server(port, commandLine(all), env);
  t?.after(() => server.stop());
  return server.ready();
}
