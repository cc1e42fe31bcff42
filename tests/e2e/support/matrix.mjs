// SPDX-License-Identifier: Apache-2.0
// The ways in which the engine can run: io_uring or epoll, one shard or two. Where the kernel or a
// container forbids io_uring the server refuses to start with --io=uring and exits 2; those rows
// are then skipped, and the reason is printed.

import { describe } from 'node:test';

import { Server, commandLine, freePort } from './server.mjs';

async function whyNoUring() {
  const port = await freePort();
  const flags = { host: '127.0.0.1', port, io: 'uring', drain: '400ms' };
  const server = new Server(port, commandLine(flags));
  try {
    await server.ready();
  } catch (error) {
    const { code } = await server.exit;
    if (code === 2) return `io_uring is not available here: ${server.output.trim()}`;
    throw error;
  } finally {
    await server.stop();
  }
  return '';
}

const kNoUring = await whyNoUring();
if (kNoUring !== '') console.log(`skipping --io=uring: ${kNoUring}`);

/** Runs `body(flags)` as a suite for each way; `body` defines tests. */
export function forEachEngine(name, body) {
  for (const io of ['uring', 'epoll']) {
    for (const shards of [1, 2]) {
      const skip = io === 'uring' && kNoUring !== '' ? kNoUring : false;
      describe(`${name} (io=${io}, shards=${shards})`, { skip }, () => body({ io, shards }));
    }
  }
}
