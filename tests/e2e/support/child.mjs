// SPDX-License-Identifier: Apache-2.0
// A program that a test runs beside the binary. Who starts it ends it; util-linux' setpriv lets it
// end with the process of the test in any case.

import { spawn } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import path from 'node:path';

import { deadline, until } from './wait.mjs';

const kMs = 10_000;

/** Whether the PATH has a program of this name. */
export function isInstalled(program) {
  return (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export class Child {
  output = '';

  constructor(program, args, { env = process.env, cwd } = {}) {
    this.name = path.basename(program);
    this.child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...args], {
      env,
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.output += text));
    }
    /** Resolves to {code, signal} when it has ended and all its output is here. */
    this.exit = new Promise((resolve) => {
      this.child.on('error', (error) => {
        this.output += error.message;
        resolve({ code: -1, signal: null });
      });
      this.child.on('close', (code, signal) => resolve({ code, signal }));
    });
  }

  get pid() {
    return this.child.pid;
  }

  get running() {
    return this.child.pid !== undefined && this.child.exitCode === null && !this.child.signalCode;
  }

  /** Waits for the end. */
  end(ms = kMs) {
    return deadline(this.exit, ms, () => `${this.name} to end; it said:\n${this.output}`);
  }

  /** SIGKILL: it learns nothing of it. Resolves when it has ended, like terminate(). */
  async kill() {
    if (this.running) this.child.kill('SIGKILL');
    return this.end();
  }

  async terminate() {
    if (this.running) {
      this.child.kill('SIGTERM');
      this.child.kill('SIGCONT'); // a frozen one could not hear it
    }
    return this.end();
  }

  /** SIGSTOP: alive to the network, and silent. Resolves when it has stopped. */
  async freeze() {
    this.child.kill('SIGSTOP');
    await until(() => this.#state() === 'T', kMs, `${this.name} to stop`);
  }

  async thaw() {
    this.child.kill('SIGCONT');
    await until(() => this.#state() !== 'T', kMs, `${this.name} to go on`);
  }

  #state() {
    const stat = readFileSync(`/proc/${this.child.pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2)[0];
  }
}

/** Runs a program to its end, which has to be exit code 0. @returns its output. */
export async function execute(program, ...args) {
  const child = new Child(program, args);
  const { code } = await child.end();
  const said = `${program} ${args.join(' ')} ended with ${code}:\n${child.output}`;
  if (code !== 0) throw new Error(said);
  return child.output;
}
