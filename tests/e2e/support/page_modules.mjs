// SPDX-License-Identifier: Apache-2.0
// Imports the page's modules into Node. The page is served as it is, without a package.json that
// would tell Node that its .js files are modules; so a copy gets one.

import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const kWeb = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../web');

/** @returns the exports of all named modules together. */
export async function importPage(...names) {
  const folder = await mkdtemp(path.join(tmpdir(), 'palaver-page-'));
  try {
    await cp(kWeb, folder, { recursive: true });
    await writeFile(path.join(folder, 'package.json'), '{"type": "module"}');
    const modules = names.map((name) => import(pathToFileURL(path.join(folder, name))));
    return Object.assign({}, ...(await Promise.all(modules)));
  } finally {
    await rm(folder, { recursive: true });
  }
}
