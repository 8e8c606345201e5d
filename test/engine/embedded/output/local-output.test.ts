import fs from 'node:fs';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeLocal } from '../../../../src/engine/embedded/output/local-output.js';
import { Spool } from '../../../../src/engine/embedded/spool/spool.js';
import { processMark } from '../../../../src/files/process-mark.js';
import { CHAR_DEVICE, type Directory, FIFO, SYMLINK } from '../../../../src/filesystem/node.js';
import { toBinary } from '../../../../src/text/binary.js';
import { file, folder, special } from '../flat.js';

const startOf = (mark: string): string => mark.replace(/.*-/, '');

describe('an output of type=local', () => {
  let dir: string;
  let dest: string;
  let spool: Spool;
  let notices: string[];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
    dest = join(dir, 'out');
    spool = new Spool(dir);
    notices = [];
  });
  afterEach(async () => {
    spool.close();
    await rm(dir, { recursive: true });
  });

  const write = (
    roots: readonly [platform: string, root: Directory][],
    signal = new AbortController().signal,
  ): Promise<void> =>
    writeLocal(
      roots.map(([platform, root]) => ({ platform, root, layers: [] })),
      dest,
      {
        spool,
        time: 3000,
        signal,
        report: (event) => void (event.kind === 'notice' && notices.push(event.message)),
      },
    );
  const one = (root: Directory): Promise<void> => write([['linux/amd64', root]]);

  it('has files, links and folders with their modes and times, and belongs to who wrote it', async () => {
    const links = {};
    const hard = file(spool, 'hard', { extra: { links } });
    await one(
      folder({
        bin: folder(
          {
            run: file(spool, 'x', { mode: 0o4755 }),
            link: special(SYMLINK | 0o777, { target: '../etc/b' }),
          },
          0o555,
        ),
        etc: folder({ a: hard, b: hard }),
        [toBinary('größe')]: file(spool, '', { mode: 0o600 }),
      }),
    );
    const run = await stat(join(dest, 'bin/run'));
    expect([run.mode & 0o7777, run.mtimeMs, run.uid]).toEqual([
      0o4755,
      1_000_000,
      process.getuid?.(),
    ]);
    const bin = await stat(join(dest, 'bin'));
    expect([bin.mode & 0o7777, bin.mtimeMs]).toEqual([0o555, 2_000_000]);
    expect(await readlink(join(dest, 'bin/link'))).toBe('../etc/b');
    expect((await stat(join(dest, 'etc/a'))).ino).toBe((await stat(join(dest, 'etc/b'))).ino);
    expect(await readFile(join(dest, 'etc/b'), 'utf8')).toBe('hard');
    expect((await stat(join(dest, 'größe'))).size).toBe(0);
    expect(notices).toEqual([]);
  });

  it('keeps names that are not UTF-8', async () => {
    await one(folder({ '\xff\xfe': file(spool, 'odd') }));
    const [name] = await readdir(dest, { encoding: 'buffer' });
    expect(name).toEqual(Buffer.from([0xff, 0xfe]));
  });

  it('is merged into what is there, and the same the second time', async () => {
    await mkdir(join(dest, 'etc'), { recursive: true });
    await writeFile(join(dest, 'etc/mine'), 'mine');
    await writeFile(join(dest, 'etc/a'), 'old, and longer');
    await mkdir(join(dest, 'empty'));
    const links = {};
    const hard = file(spool, 'hard', { extra: { links } });
    const root = folder({
      etc: folder(
        { a: file(spool, 'new'), x: hard, y: hard, l: special(SYMLINK | 0o777, { target: 'a' }) },
        0o500,
      ),
      empty: file(spool, 'now a file'),
    });
    await one(root);
    await one(root);
    expect(await readFile(join(dest, 'etc/mine'), 'utf8')).toBe('mine');
    expect(await readFile(join(dest, 'etc/a'), 'utf8')).toBe('new');
    expect(await readFile(join(dest, 'empty'), 'utf8')).toBe('now a file');
    expect((await readdir(join(dest, 'etc'))).sort()).toEqual(['a', 'l', 'mine', 'x', 'y']);
    expect((await readdir(dest)).sort()).toEqual(['empty', 'etc']);
  });

  it('replaces links of the host and never writes through one', async () => {
    const outside = join(dir, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'passwd'), 'kept');
    await mkdir(dest);
    await symlink(outside, join(dest, 'etc'));
    await symlink(join(outside, 'passwd'), join(dest, 'file'));
    await symlink(join(outside, 'new'), join(dest, 'dangling'));
    await one(
      folder({
        etc: folder({ passwd: file(spool, 'evil') }),
        file: file(spool, 'evil'),
        dangling: file(spool, 'evil'),
      }),
    );
    expect(await readdir(outside)).toEqual(['passwd']);
    expect(await readFile(join(outside, 'passwd'), 'utf8')).toBe('kept');
    expect(await readFile(join(dest, 'etc/passwd'), 'utf8')).toBe('evil');
    expect(fs.lstatSync(join(dest, 'file')).isFile()).toBe(true);
  });

  it('does not follow a link of its own to a place outside', async () => {
    const outside = join(dir, 'outside');
    await mkdir(outside);
    await one(folder({ etc: special(SYMLINK | 0o777, { target: outside }) }));
    await one(folder({ etc: folder({ passwd: file(spool, 'evil') }) }));
    expect(await readdir(outside)).toEqual([]);
  });

  it('leaves holes where a file has them', async () => {
    const pieces = [1 << 20, 4, 5 << 20, 4];
    const sparse = file(spool, 'abcdefgh', { size: 8 << 20, extra: { pieces } });
    await one(folder({ sparse, empty: file(spool, '', { size: 1 << 20, extra: { pieces: [] } }) }));
    const content = await readFile(join(dest, 'sparse'));
    expect(content.length).toBe(8 << 20);
    expect(content.toString('latin1', 1 << 20, (1 << 20) + 4)).toBe('abcd');
    expect(content.toString('latin1', 5 << 20, (5 << 20) + 4)).toBe('efgh');
    expect((await stat(join(dest, 'sparse'))).blocks * 512).toBeLessThan(1 << 20);
    expect((await stat(join(dest, 'empty'))).size).toBe(1 << 20);
  });

  it('leaves out devices, pipes and extended attributes, and says so once', async () => {
    const xattrs = new Map([['user.a', Buffer.from('b')]]);
    await one(
      folder({
        null: special(CHAR_DEVICE | 0o666, { device: { major: 1, minor: 3 } }),
        pipe: special(FIFO | 0o666),
        file: file(spool, 'x', { extra: { xattrs } }),
      }),
    );
    expect(await readdir(dest)).toEqual(['file']);
    expect(notices).toEqual([
      `left out of ${dest}: 2 devices and pipes, 1 file's extended attributes`,
    ]);
  });

  it('has a folder for each of several platforms', async () => {
    const shared = file(spool, 'same', { extra: { links: {} } });
    await write([
      ['linux/amd64', folder({ app: shared })],
      ['linux/arm/v7', folder({ app: shared })],
    ]);
    expect((await readdir(dest)).sort()).toEqual(['linux_amd64', 'linux_arm_v7']);
    expect((await stat(join(dest, 'linux_amd64/app'))).nlink).toBe(1);
  });

  it('refuses to put a file where a folder with something in it is', async () => {
    await mkdir(join(dest, 'src'), { recursive: true });
    await writeFile(join(dest, 'src/work'), 'a week');
    await expect(one(folder({ src: file(spool, 'x') }))).rejects.toMatchObject({
      kind: 'output',
      message: `writing ${dest}/src: a folder with something in it is there`,
    });
    expect(await readFile(join(dest, 'src/work'), 'utf8')).toBe('a week');
  });

  it('says what is in its way', async () => {
    await writeFile(dest, 'a file');
    await expect(one(folder({}))).rejects.toMatchObject({ kind: 'output', code: 'OUTPUT_FAILED' });
  });

  it.each([true, false])(
    'changes nothing when it is interrupted; the folder existed: %s',
    async (existed) => {
      if (existed) {
        await mkdir(join(dest, 'etc'), { recursive: true });
        await writeFile(join(dest, 'etc/a'), 'old');
      }
      const before = await readdir(dir, { recursive: true });
      const controller = new AbortController();
      const big = file(spool, Buffer.alloc(4 << 20, 'x'));
      const root = folder({ etc: folder({ a: big }), a: big, b: big });
      const writing = write([['linux/amd64', root]], controller.signal);
      setImmediate(() => controller.abort(new Error('enough')));
      await expect(writing).rejects.toThrow('enough');
      expect(await readdir(dir, { recursive: true })).toEqual(before);
    },
  );

  it('changes nothing when something can’t be replaced', async () => {
    await mkdir(join(dest, 'src'), { recursive: true });
    await writeFile(join(dest, 'src/work'), 'a week');
    await writeFile(join(dest, 'a'), 'old');
    const before = await readdir(dir, { recursive: true });
    const root = folder({ a: file(spool, 'new'), src: file(spool, 'x') });
    await expect(one(root)).rejects.toMatchObject({ kind: 'output' });
    expect(await readdir(dir, { recursive: true })).toEqual(before);
    expect(await readFile(join(dest, 'a'), 'utf8')).toBe('old');
  });

  it('removes what a killed process has left, and not what a living one writes', async () => {
    await mkdir(dest);
    const [dead, alive] = ['1', startOf(processMark())].map(
      (start) => `.dockerception.partial-${processMark().replace(/\d+$/, start)}-0123456789ab`,
    ) as [string, string];
    for (const name of [dead, alive]) await mkdir(join(dest, name));
    await writeFile(join(dest, dead, 'file'), 'half of it');
    await one(folder({ a: file(spool, 'x') }));
    expect((await readdir(dest)).sort()).toEqual([alive, 'a']);
  });
});
