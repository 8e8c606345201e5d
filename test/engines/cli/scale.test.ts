/** Memory that `filter` needs for a large context, whatever it reads it from. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { REPORT_PEAK } from '../peak.js';
import { BIN } from '../support.js';

const bash = (script: string, env: NodeJS.ProcessEnv = {}) =>
  promisify(execFile)('bash', ['-e', '-o', 'pipefail', '-c', script], { cwd: folder, env });

const ENDLESS = fileURLToPath(new URL('../../../bench/endless.js', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-scale-'));
  await mkdir(join(folder, 'context'));
  await bash('truncate -s 512M context/zeros; tar -cf context.tar -C context .', process.env);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Reads 128 KiB at a time, and pauses after each. */
const SLOW_READER = `
  const fs = require('node:fs');
  const never = new Int32Array(new SharedArrayBuffer(4));
  const chunk = Buffer.alloc(128 << 10);
  let bytes = 0;
  for (let read; (read = fs.readSync(0, chunk)) > 0; bytes += read) Atomics.wait(never, 0, 0, 1);
  console.log(bytes);`;

const MIB = 1 << 20;
const MB = 1e6;

it.each([
  ['1 GiB through a pipe', 1024 * MIB, 60 * MB, '"$NODE" "$ENDLESS" 1 | filter | wc -c'],
  ['8 GiB through a pipe', 8192 * MIB, 60 * MB, '"$NODE" "$ENDLESS" 8 | filter | wc -c'],
  ['512 MiB from a pipe to a slow reader', 512 * MIB, 60 * MB, 'cat context.tar | filter | slow'],
  ['512 MiB from a file to a slow reader', 512 * MIB, 60 * MB, 'filter < context.tar | slow'],
  ['512 MiB from a named file to a slow reader', 512 * MIB, 60 * MB, 'filter context.tar | slow'],
  ['512 MiB from a named pipe', 512 * MIB, 60 * MB, 'filter <(cat context.tar) | wc -c'],
  ['512 MiB from a directory', 512 * MIB, 95 * MB, 'filter context | wc -c'],
])('filter of %s needs less memory than its limit', async (_, size, most, command) => {
  const script = `
    filter() { "$NODE" --import "$REPORT" "$BIN" filter --allow-no-dockerfile "$@"; }
    slow() { "$NODE" -e "$SLOW"; }
    ${command}`;
  const { stdout } = await bash(script, {
    PATH: process.env['PATH'],
    HOME: folder,
    NODE: process.execPath,
    BIN,
    ENDLESS,
    SLOW: SLOW_READER,
    REPORT: REPORT_PEAK,
    PEAK: join(folder, 'peak'),
  });
  expect(Number(stdout)).toBeGreaterThan(size);
  const peak = await readFile(join(folder, 'peak'), 'utf8');
  expect(Number(peak) * 1024).toBeLessThan(most);
});
