import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FlatSystem, writeFlatTar } from '../../../../src/engine/embedded/output/flat-tar.js';
import { Spool } from '../../../../src/engine/embedded/spool/spool.js';
import { NO_TIME, SYMLINK } from '../../../../src/filesystem/node.js';
import { readTar } from '../../../support/read-tar.js';
import { file, folder, special } from '../flat.js';

describe('an output of type=tar', () => {
  let dir: string;
  let spool: Spool;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
    spool = new Spool(dir);
  });
  afterEach(async () => {
    spool.close();
    await rm(dir, { recursive: true });
  });

  const write = (
    systems: readonly FlatSystem[],
    dest: string,
    stdout: Writable = new PassThrough(),
    signal = new AbortController().signal,
  ): Promise<number> => writeFlatTar(systems, dest, stdout, { spool, time: 3000, signal });

  const system = (platform = 'linux/amd64'): FlatSystem => {
    const hard = file(spool, 'hard', { extra: { links: {} } });
    const root = folder({
      b: hard,
      a: folder({
        link: special(SYMLINK | 0o777, { target: '../b' }),
        '.wh.x': file(spool, 'x', { mtime: NO_TIME }),
      }),
      c: hard,
    });
    return { platform, root, layers: [] };
  };

  it('is the same in a file and on standard output, each time', async () => {
    const one = [system()];
    const path = join(dir, 'out.tar');
    const size = await write(one, path);
    const inFile = await readFile(path);
    expect(inFile.length).toBe(size);
    const stdout = new PassThrough();
    const piped = buffer(stdout);
    expect(await write(one, '-', stdout)).toBe(size);
    // It is the caller's to end.
    stdout.end();
    expect((await piped).equals(inFile)).toBe(true);
    expect(readTar(inFile).entries.map((entry) => entry.name)).toEqual([
      'a/',
      'a/.wh.x',
      'a/link',
      'b',
      'c',
    ]);
  });

  it('has a folder for each of several platforms, without links between them', async () => {
    const hard = file(spool, 'hard', { extra: { links: {} } });
    const root = folder({ a: hard, b: hard });
    const path = join(dir, 'out.tar');
    await write(
      [
        { platform: 'linux/amd64', root, layers: [] },
        { platform: 'linux/arm64/v8', root, layers: [] },
      ],
      path,
    );
    const { entries } = readTar(await readFile(path));
    expect(entries.map(({ name, linkname }) => [name, linkname])).toEqual([
      ['linux_amd64/', ''],
      ['linux_amd64/a', ''],
      ['linux_amd64/b', 'linux_amd64/a'],
      ['linux_arm64_v8/', ''],
      ['linux_arm64_v8/a', ''],
      ['linux_arm64_v8/b', 'linux_arm64_v8/a'],
    ]);
  });

  it('leaves nothing when it is stopped, or when its reader goes', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await expect(
      write([system()], join(dir, 'out.tar'), undefined, controller.signal),
    ).rejects.toThrow('enough');
    expect(await readdir(dir)).toEqual([]);
    const gone = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' })),
    });
    await expect(write([system()], '-', gone)).rejects.toMatchObject({ code: 'OUTPUT_CLOSED' });
  });
});
