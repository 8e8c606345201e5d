/** Edits of the command line whose other tests are of the library. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../support/process/cli.js';
import { readTar } from '../support/read-tar.js';

function contextWith(...options: string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'dockerception-test-'));
  try {
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\n');
    writeFileSync(join(folder, 'app'), 'app');
    return execFileSync('tar', [...options, '-c', '-C', folder, 'Dockerfile', 'app']);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it('caps time stamps with --clamp-mtime', async () => {
  const input = contextWith('--mtime=@1000');
  const later = await run(['filter', '--clamp-mtime', '5'], { input });
  expect(readTar(later.stdout).entries.map(({ mtime }) => Number(mtime))).toEqual([5, 5]);
  const earlier = await run(['filter', '--clamp-mtime', '2000'], { input });
  expect(readTar(earlier.stdout).entries.map(({ mtime }) => Number(mtime))).toEqual([1000, 1000]);
});

it('leaves out extended attributes with --no-xattrs', async () => {
  const input = contextWith('--format=posix', '--pax-option=SCHILY.xattr.user.a:=secret');
  expect((await run(['filter'], { input })).stdout.includes('SCHILY.xattr')).toBe(true);
  const { code, stdout } = await run(['filter', '--no-xattrs'], { input });
  expect(code).toBe(0);
  expect(stdout.includes('SCHILY.xattr')).toBe(false);
});

it('keeps only what --include names, and the Dockerfile', async () => {
  const input = contextWith();
  const names = async (pattern: string): Promise<string[]> => {
    const { stdout } = await run(['filter', '--include', pattern], { input });
    return readTar(stdout).entries.map(({ name }) => name);
  };
  expect(await names('app')).toEqual(['Dockerfile', 'app']);
  expect(await names('other')).toEqual(['Dockerfile']);
});
