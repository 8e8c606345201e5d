/** Samples that need neither an engine nor a container: builders in Node. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from './support/process/cli.js';
import { readTar } from './support/read-tar.js';

const PACK_FOLDER = fileURLToPath(new URL('../samples/pack-folder.js', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Packed {
  readonly code: number | string | null | undefined;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function packFolder(path: string): Promise<Packed> {
  return new Promise((resolve) => {
    const done = (error: Error | null, stdout: Buffer, stderr: Buffer): void =>
      resolve({
        code: error === null ? 0 : (error as { code?: number }).code,
        stdout,
        stderr: stderr.toString(),
      });
    execFile(process.execPath, [PACK_FOLDER, path], { encoding: 'buffer' }, done);
  });
}

describe('samples/pack-folder.js', () => {
  it('writes a folder as a context that filter corrects', async () => {
    await mkdir(join(folder, 'site'));
    await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY site /\n');
    await writeFile(join(folder, 'site/index.html'), 'hello');
    const packed = await packFolder(folder);
    expect(packed.code).toBe(0);
    const filtered = await run(['filter', '--owner', '7:8'], { input: packed.stdout });
    expect(filtered.code).toBe(0);
    const { entries } = readTar(filtered.stdout);
    const files = entries.filter(({ typeflag }) => typeflag === '0');
    expect(files.map(({ name }) => name.replace(/^\.\//, '')).sort()).toEqual([
      'Dockerfile',
      'site/index.html',
    ]);
    for (const { uid, gid } of files) expect([uid, gid]).toEqual([7, 8]);
  });

  it('fails for a folder that does not exist, and filter refuses what it wrote', async () => {
    const packed = await packFolder(join(folder, 'missing'));
    expect(packed.code).toBe(1);
    expect(packed.stderr).toMatch(/^pack-folder: .*ENOENT/);
    expect((await run(['filter'], { input: packed.stdout })).code).toBe(3);
  });
});
