// SPDX-License-Identifier: Apache-2.0
// A certification authority of the test's own and a certificate of it for 127.0.0.1 and localhost,
// made by the openssl program when the test wants them, valid for two days.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { execute } from './child.mjs';

const kKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const kDays = ['-days', '2'];

/** @returns {authority, certificate, key}, files that go with the test `t`. */
export async function newCertificates(t) {
  const folder = await mkdtemp(path.join(tmpdir(), 'palaver-tls-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = (name) => path.join(folder, name);
  const authority = { key: file('ca.key'), certificate: file('ca.crt') };
  const server = { key: file('server.key'), certificate: file('server.crt') };
  const request = file('server.csr');
  const subject = (name) => ['-subj', `/CN=${name}`];
  const to = (key, out) => ['-keyout', key, '-out', out];
  await execute(
    'openssl',
    ...['req', '-x509', ...kKey, ...kDays, ...subject('Palaver test authority')],
    ...to(authority.key, authority.certificate),
  );
  await execute(
    'openssl',
    ...['req', ...kKey, ...subject('127.0.0.1'), ...to(server.key, request)],
    ...['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
    ...['-addext', 'basicConstraints=critical,CA:FALSE'],
  );
  await execute(
    'openssl',
    ...['x509', '-req', '-in', request, '-out', server.certificate, ...kDays],
    ...['-CA', authority.certificate, '-CAkey', authority.key, '-CAcreateserial'],
    ...['-copy_extensions', 'copyall'],
  );
  return { authority: authority.certificate, ...server };
}
