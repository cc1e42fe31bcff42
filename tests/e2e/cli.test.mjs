// SPDX-License-Identifier: Apache-2.0
// The command line: help, version, the check of a configuration, errors that name the option, and
// which source wins when several set the same thing.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { Process, freePort, run, startServer } from './support/server.mjs';
import { request } from './support/http.mjs';
import { deadline, until } from './support/wait.mjs';

const kFlags = (
  'host port shards io web-root admin-port admin-key allowed-origins trusted-hops ' +
  'connections-max connections-per-ip-max rooms-max handshake-timeout header-bytes-max ' +
  'message-bytes-max messages-per-second messages-burst ping-interval drain outbox-bytes-max ' +
  'history-entries-max config check-config version help'
).split(' ');

let folder;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'palaver-cli-'));
});
after(() => rm(folder, { recursive: true }));

async function configFile(value) {
  const file = path.join(folder, `${Math.random()}.json`);
  await writeFile(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
}

test('--help names every flag, --version the version', async () => {
  const help = await run(['--help']);
  assert.equal(help.code, 0);
  for (const flag of kFlags) assert.match(help.stdout, new RegExp(`--${flag}\\b`), flag);
  const version = await run(['--version']);
  assert.equal(version.code, 0);
  assert.match(version.stdout, /^palaver \d+\.\d+\.\d+/);
});

test('--check-config answers without serving', async () => {
  const good = await run([
    '--check-config',
    `--config=${await configFile({ shutdown: { timeout: '3s' } })}`,
  ]);
  assert.equal(good.code, 0, good.stderr);
  const cases = [
    [await configFile({ shutdown: { timeot: '3s' } }), /shutdown\.timeot/],
    [await configFile({ shutdown: { timeout: 'soon' } }), /shutdown\.timeout/],
    [await configFile('{"drain": '), /json|JSON|parse|line|offset/],
    [path.join(folder, 'missing.json'), /missing\.json/],
  ];
  for (const [file, reason] of cases) {
    const bad = await run(['--check-config', `--config=${file}`]);
    assert.equal(bad.code, 2, `${reason}: ${bad.stdout}${bad.stderr}`);
    assert.match(bad.stderr + bad.stdout, reason);
  }
});

test('wrong options are named, with exit code 2', async () => {
  const wrong = [
    ['--no-such-flag'],
    ['--port=99999'],
    ['--port=x'],
    ['--shards=-1'],
    ['--io=magic'],
    ['--drain=soon'],
    ['--drain=-1s'],
    ['--message-bytes-max=many'],
    ['--messages-per-second=-3'],
    ['--handshake-timeout=0'],
    ['--trusted-hops=x'],
    ['--admin-port=70000'],
    ['--ping-interval=5'],
    ['--web-root=/no/such/folder'],
  ];
  for (const args of wrong) {
    const result = await run([...args, '--check-config']);
    const said = result.stderr + result.stdout;
    assert.equal(result.code, 2, `${args}: ${said}`);
    const name = args[0].split('=')[0];
    assert.ok(said.includes(name), `${args}: ${said}`);
  }
  const env = await run(['--check-config'], { PALAVER_DRAIN: 'soon' });
  assert.equal(env.code, 2);
  assert.match(env.stderr + env.stdout, /drain/i);
});

test('a port in use is a clear error', async (t) => {
  const server = await startServer(t);
  const second = await run(['--host=127.0.0.1', `--port=${server.port}`]);
  assert.notEqual(second.code, 0);
  const said = second.stderr + second.stdout;
  assert.match(said, new RegExp(String(server.port)));
  assert.match(said, /in use/i);
});

/** Which of the ports a server with these settings listens on. */
async function listensOn(ports, args, env) {
  const server = new Process(['--host=127.0.0.1', ...args], env);
  const answers = async () => {
    if (!server.running) throw new Error(`the server ended: ${server.output}`);
    for (const [name, port] of Object.entries(ports)) {
      const answer = await request(port, { target: '/ready' }).catch(() => null);
      if (answer?.status === 200) return name;
    }
    return null;
  };
  try {
    return await until(answers, 10_000, 'the server to listen somewhere');
  } finally {
    server.kill('SIGTERM');
    await deadline(server.exit, 5_000, 'the exit');
  }
}

test('flags win over the environment, the environment over the file', async () => {
  const ports = {
    file: await freePort(),
    env: await freePort(),
    flag: await freePort(),
    cloud: await freePort(),
  };
  const file = `--config=${await configFile({ http_server: { port: ports.file } })}`;
  const env = { PALAVER_PORT: ports.env };
  assert.equal(await listensOn(ports, [file], {}), 'file');
  assert.equal(await listensOn(ports, [file], env), 'env');
  assert.equal(await listensOn(ports, [file, `--port=${ports.flag}`], env), 'flag');
  assert.equal(await listensOn({ cloud: ports.cloud }, [], { PORT: ports.cloud }), 'cloud');
  assert.equal(
    await listensOn({ config: ports.file }, [], {
      PALAVER_CONFIG: file.slice('--config='.length),
    }),
    'config',
  );
});

test('the log is one JSON object a line', async (t) => {
  const server = await startServer(t);
  await server.stop();
  const lines = server.output.trim().split('\n');
  assert.ok(lines.length > 0);
  for (const line of lines) assert.equal(typeof JSON.parse(line), 'object', line);
});
