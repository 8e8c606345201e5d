/** What many entries cost: memory must stay for the machine, the bytes are on disk. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { REPORT_PEAK } from '../peak.js';
import { BIN } from '../support.js';

const GENERATOR = fileURLToPath(new URL('../../support/many-entries.js', import.meta.url));
const MB = 1e6;

let folder: string;
let archive: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-scale-'));
  archive = join(folder, 'image.tar');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Builds an archive of a generated context, in which every other file has `bytes`. Gives the most memory it had, in bytes. */
async function build(entries: number, bytes: number, ...args: readonly string[]): Promise<number> {
  const { PATH } = process.env;
  const generator = spawn(process.execPath, [GENERATOR, `${entries}`, `${bytes}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const tool = spawn(
    process.execPath,
    ['--import', REPORT_PEAK, BIN, '--engine', 'embedded', '-q', '-o', archive, ...args],
    {
      env: { PATH, HOME: folder, TMPDIR: folder, PEAK: join(folder, 'peak') },
      // From one process to the other, past this one.
      stdio: [generator.stdout, 'pipe', 'pipe'],
    },
  );
  generator.stdout.destroy();
  const [stdout, stderr, [code], [generated]] = await Promise.all([
    text(tool.stdout),
    text(tool.stderr),
    once(tool, 'close') as Promise<[number | null]>,
    once(generator, 'close') as Promise<[number | null]>,
  ]);
  expect([code, stderr], stderr).toEqual([0, '']);
  expect(generated).toBe(0);
  expect(stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
  // HOME has the cache.
  const left = (await readdir(folder)).filter((name) => name !== '.cache');
  expect(left.sort(), 'files are left').toEqual(['image.tar', 'peak']);
  return Number(await readFile(join(folder, 'peak'), 'utf8')) * 1024;
}

const exec = promisify(execFile);

/** How many entries an archive's only layer has, and the last of them, as GNU tar lists them. */
async function listed(compression: 'none' | 'gzip'): Promise<{ count: number; last: string }> {
  const { stdout: manifest } = await exec('tar', ['-xOf', archive, 'manifest.json']);
  const [image] = JSON.parse(manifest) as readonly { readonly Layers: readonly string[] }[];
  expect(image?.Layers).toHaveLength(1);
  const layer = image?.Layers[0] ?? 'none';
  const unpack = 'case $3 in gzip) gzip -dc ;; *) cat ;; esac';
  const script = `tar -xOf "$1" "$2" | { ${unpack}; } | tar -tf - | awk '{ last = $0 } END { print NR, last }'`;
  const args = ['-o', 'pipefail', '-c', script, 'bash', archive, layer, compression];
  const { stdout } = await exec('bash', args);
  const [, count, last = ''] = /^(\d+) (.*)\n$/.exec(stdout) ?? [];
  return { count: Number(count), last };
}

describe('an archive', () => {
  it('of a million entries is made with less than 300 MB', async () => {
    const peak = await build(1_000_000, 100);
    expect(peak).toBeLessThan(300 * MB);
    expect(await listed('gzip')).toEqual({ count: 1_000_000, last: '0999/999' });
  });

  // Without their contents, of which a part may stay in memory.
  it('takes at most 120 bytes for each further entry', async () => {
    const quarter = await build(250_000, 1);
    const peak = await build(1_000_000, 1);
    expect(peak - quarter).toBeLessThan(750_000 * 120);
  });

  it('of a million entries that an edit changes, not compressed, is made with less than 500 MB', async () => {
    const peak = await build(1_000_000, 100, '--compression', 'none', '--mode', 'a+r');
    expect(peak).toBeLessThan(500 * MB);
    expect(await listed('none')).toEqual({ count: 1_000_000, last: '0999/999' });
  });

  it('of 50,000 entries with 90 MB, compressed with gzip, is made with less than 200 MB', async () => {
    const peak = await build(50_000, 3600);
    expect(peak).toBeLessThan(200 * MB);
    expect(await listed('gzip')).toEqual({ count: 50_000, last: '0049/999' });
  });
});
