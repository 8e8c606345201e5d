import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { DockerceptionError } from '../../src/errors.js';
import { filterInto } from '../../src/filter.js';
import { type DirectoryOptions, directorySource } from '../../src/source/directory.js';
import type { Source } from '../../src/source/source.js';
import { CollectingSink } from '../support/filter.js';
import { readTar } from '../support/read-tar.js';

const top = fs.mkdtempSync(path.join(os.tmpdir(), 'dockerception-directory-'));
let dir: string;
let count = 0;
beforeEach(() => {
  dir = path.join(top, String(count++));
  fs.mkdirSync(dir);
});
afterAll(() => fs.rmSync(top, { recursive: true }));

function put(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    fs.writeFileSync(path.join(dir, name), text);
  }
}

async function bytes(source: Source): Promise<Buffer> {
  const [all] = await Promise.all([source.stream.toArray(), source.complete]);
  return Buffer.concat(all as Buffer[]);
}

/** Names as GNU tar lists them. */
function names(tar: Buffer): string[] {
  const list = execFileSync('tar', ['-t', '--quoting-style=literal'], {
    input: tar,
    encoding: 'utf8',
  });
  return list.split('\n').filter(Boolean);
}

async function listing(file = 'Dockerfile'): Promise<string[]> {
  return names(await bytes(await directorySource(dir, { file })));
}

async function failure(promise: Promise<unknown>): Promise<DockerceptionError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DockerceptionError);
  return error as DockerceptionError;
}

test('every file comes, the root first, directories with a slash, the same bytes each time', async () => {
  put({ Dockerfile: 'FROM scratch', 'a/b/c': 'c', 'a/d': '', z: 'z' });
  fs.mkdirSync(path.join(dir, 'empty'));
  fs.symlinkSync('../elsewhere', path.join(dir, 'a/link'));
  expect((await listing()).sort()).toEqual(
    ['./', 'Dockerfile', 'a/', 'a/b/', 'a/b/c', 'a/d', 'a/link', 'empty/', 'z'].sort(),
  );
  const first = await bytes(await directorySource(dir, { file: 'Dockerfile' }));
  expect(first.equals(await bytes(await directorySource(dir, { file: 'Dockerfile' })))).toBe(true);
  expect(first.subarray(-1024).equals(Buffer.alloc(1024))).toBe(true);
});

test('contents, modes, times, links and odd names are what GNU tar extracts', async () => {
  const long = `${'long/'.repeat(50)}name`;
  put({ Dockerfile: 'x', [long]: 'long', 'ünïcode \u{1f600}': 'u', big: 'b'.repeat(700_000) });
  put({ 'two\nlines': 'n', 'back\\slash': 'b', none: 'secret' });
  fs.chmodSync(path.join(dir, 'big'), 0o4755);
  fs.chmodSync(path.join(dir, 'none'), 0);
  fs.symlinkSync('ü'.repeat(90), path.join(dir, 'link'));
  fs.linkSync(path.join(dir, 'big'), path.join(dir, 'twin'));
  fs.utimesSync(path.join(dir, 'Dockerfile'), 5_000_000_000, 5_000_000_000);
  fs.utimesSync(path.join(dir, 'big'), 0, 0);
  const out = path.join(top, `${path.basename(dir)}-out`);
  fs.mkdirSync(out);
  const tar = await bytes(await directorySource(dir, { file: 'Dockerfile' }));
  execFileSync('tar', ['-xp', '-C', out], { input: tar });
  execFileSync('diff', ['-r', '--no-dereference', dir, out]);
  const stat = (root: string, name: string): unknown[] => {
    const { mode, uid, gid, mtimeMs } = fs.lstatSync(path.join(root, name));
    return [mode, uid, gid, Math.floor(mtimeMs / 1000)];
  };
  for (const name of ['Dockerfile', 'big', 'none', 'twin', long])
    expect(stat(out, name), name).toEqual(stat(dir, name));
});

test.runIf(process.getuid?.() === 0)('ids that ustar can not hold are kept', async () => {
  put({ Dockerfile: 'x', file: 'y' });
  fs.chownSync(path.join(dir, 'file'), 3_000_000_000, 262_144);
  const tar = await bytes(await directorySource(dir, { file: 'Dockerfile' }));
  const list = execFileSync('tar', ['-tv', '--numeric-owner'], { input: tar, encoding: 'utf8' });
  expect(list).toMatch(/3000000000\/262144 .* file$/m);
});

describe('the .dockerignore', () => {
  test('leaves out what it names, but never the Dockerfile and itself', async () => {
    put({ Dockerfile: 'x', '.dockerignore': '*\n!keep\n', keep: 'k', drop: 'd' });
    expect(await listing()).toEqual(['./', '.dockerignore', 'Dockerfile', 'keep']);
  });

  test('beside the Dockerfile and named after it is taken in its place', async () => {
    put({ 'd/My.Dockerfile': 'x', 'd/My.Dockerfile.dockerignore': 'one', '.dockerignore': 'two' });
    put({ one: '1', two: '2' });
    expect((await listing('d/My.Dockerfile')).sort()).toEqual(
      [
        './',
        '.dockerignore',
        'd/',
        'd/My.Dockerfile',
        'd/My.Dockerfile.dockerignore',
        'two',
      ].sort(),
    );
  });

  test('brings a directory back for what is kept in it, and only then', async () => {
    put({ Dockerfile: 'x', '.dockerignore': '*\n!a/b/keep*\n!**/c' });
    put({ 'a/b/keep1': 'k', 'a/b/drop': 'd', 'a/e/drop': 'd', 'x/y/z': 'z', 'p/q/c': 'c' });
    expect((await listing()).sort()).toEqual(
      [
        './',
        '.dockerignore',
        'Dockerfile',
        'a/',
        'a/b/',
        'a/b/keep1',
        'p/',
        'p/q/',
        'p/q/c',
      ].sort(),
    );
  });

  test('keeps excluded directories from being walked', async () => {
    put({ Dockerfile: 'x', '.dockerignore': 'node_modules\n', 'node_modules/x': 'x' });
    // A name that leads nowhere: reading it would fail.
    fs.writeFileSync(Buffer.concat([Buffer.from(`${dir}/node_modules/`), Buffer.of(0xff)]), '');
    expect(await listing()).toEqual(['./', '.dockerignore', 'Dockerfile']);
  });

  test('with a malformed pattern is an error with its line', async () => {
    put({ Dockerfile: 'x', '.dockerignore': 'a\n[b\n' });
    const error = await failure(directorySource(dir, { file: 'Dockerfile' }));
    expect(error.kind).toBe('context');
    expect(error.message).toBe(
      `reading ${dir}/.dockerignore: line 2: reading the pattern "[b": it is not a valid pattern`,
    );
  });
});

test('a link to a directory is the directory', async () => {
  put({ Dockerfile: 'x' });
  const link = `${dir}-link`;
  fs.symlinkSync(dir, link);
  expect(names(await bytes(await directorySource(`${link}/`, { file: 'Dockerfile' })))).toEqual([
    './',
    'Dockerfile',
  ]);
});

test('sockets are left out, with one notice', async () => {
  put({ Dockerfile: 'x' });
  const servers = ['one', 'two'].map((name) => net.createServer().listen(path.join(dir, name)));
  await Promise.all(
    servers.map((server) => new Promise((resolve) => server.once('listening', resolve))),
  );
  const notices: string[] = [];
  const notice = (message: string): void => void notices.push(message);
  const source = await directorySource(dir, { file: 'Dockerfile', notice });
  expect(names(await bytes(source))).toEqual(['./', 'Dockerfile']);
  expect(notices).toEqual(["left out sockets, which no tar holds: 'one'"]);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
});

test('named pipes stay', async () => {
  put({ Dockerfile: 'x' });
  execFileSync('mkfifo', [path.join(dir, 'pipe')]);
  const tar = await bytes(await directorySource(dir, { file: 'Dockerfile' }));
  expect(readTar(tar).entries.map(({ name, typeflag }) => `${typeflag} ${name}`)).toEqual([
    '5 ./',
    '0 Dockerfile',
    '6 pipe',
  ]);
});

test.runIf(process.getuid?.() === 0)('devices stay, with their numbers', async () => {
  put({ Dockerfile: 'x' });
  execFileSync('mknod', [path.join(dir, 'disk'), 'b', '259', '70000']);
  const input = await bytes(await directorySource(dir, { file: 'Dockerfile' }));
  expect(execFileSync('tar', ['-tv'], { input, encoding: 'utf8' })).toMatch(
    /^b.* 259,70000 .*disk$/m,
  );
});

describe('a file with several names', () => {
  const links = async (options: Partial<DirectoryOptions> = {}): Promise<string[]> => {
    const tar = await bytes(await directorySource(dir, { file: 'Dockerfile', ...options }));
    return readTar(tar)
      .entries.filter(({ typeflag }) => typeflag !== '5')
      .map(({ name, linkname, body }) => `${name} ${linkname || body.length}`);
  };

  beforeEach(() => {
    put({ Dockerfile: 'x', 'a/one': 'x'.repeat(3000), single: '' });
    fs.linkSync(path.join(dir, 'a/one'), path.join(dir, 'a/two'));
    fs.mkdirSync(path.join(dir, 'b'));
    fs.linkSync(path.join(dir, 'a/one'), path.join(dir, 'b/three'));
    fs.symlinkSync('nowhere', path.join(dir, 'soft'));
    fs.linkSync(path.join(dir, 'soft'), path.join(dir, 'softer'));
  });

  test('is packed once, with hard links', async () => {
    expect(await links()).toEqual([
      'Dockerfile 1',
      'single 0',
      'soft nowhere',
      'softer soft',
      'a/one 3000',
      'a/two a/one',
      'b/three a/one',
    ]);
  });

  test('is packed under the first name that is not ignored', async () => {
    put({ '.dockerignore': 'a/one\nsingle\nsoft*\n' });
    expect(await links()).toEqual([
      '.dockerignore 19',
      'Dockerfile 1',
      'a/two 3000',
      'b/three a/two',
    ]);
  });

  test('is packed under the first name that edits keep', async () => {
    const keeps = (name: string): boolean => !name.startsWith('a/') && !name.startsWith('s');
    expect(await links({ keeps })).toEqual(['Dockerfile 1', 'b/three 3000']);
  });

  test.each([
    [{ exclude: ['a/one'] }, ['a/two 3000', 'b/three a/two']],
    [{ include: ['b'] }, ['b/three 3000']],
    [{ stripComponents: 1 }, ['one 3000', 'two one', 'three one']],
    [{ prefix: 'p', exclude: ['p/a/one'] }, ['p/a/two 3000', 'p/b/three p/a/two']],
    [{ add: [{ host: '/dev/null', dest: 'a/one' }] }, ['a/two 3000', 'b/three a/two']],
  ])('keeps its content under %j', async (edits, expected) => {
    const sink = new CollectingSink();
    await filterInto(sink, { context: dir, allowNoDockerfile: true, ...edits });
    const listed = readTar(sink.bytes).entries.map(
      ({ name, linkname, body }) => `${name} ${linkname || body.length}`,
    );
    expect(listed.filter((line) => /(one|two|three) /.test(line) && !line.endsWith(' 0'))).toEqual(
      expected,
    );
  });
});

describe('a clear error', () => {
  test('for a directory that is not there, or is none', async () => {
    put({ file: 'x' });
    const missing = await failure(directorySource(`${dir}/no`, { file: 'Dockerfile' }));
    expect([missing.kind, missing.message]).toEqual([
      'usage',
      `opening ${dir}/no: there is no such directory`,
    ]);
    const file = await failure(directorySource(`${dir}/file`, { file: 'Dockerfile' }));
    expect([file.kind, file.message]).toEqual([
      'usage',
      `opening ${dir}/file: it is not a directory`,
    ]);
  });

  test('for a name that is not UTF-8', async () => {
    fs.writeFileSync(Buffer.concat([Buffer.from(`${dir}/bad`), Buffer.of(0xff)]), '');
    const error = await failure(listing());
    expect(error.message).toBe(`reading ${dir}/bad\uFFFD: its name is not UTF-8`);
  });

  describe.each([
    ['small', 10],
    ['large', 100_000],
  ])('for a %s file that', (_size, size) =>
    test.each([
      ['vanishes', (file: string) => fs.unlinkSync(file), 'it was there, and is gone'],
      [
        'grows',
        (file: string) => fs.appendFileSync(file, 'x'),
        'its size changed while it was read',
      ],
      ['shrinks', (file: string) => fs.truncateSync(file, 5), 'its size changed while it was read'],
      [
        'becomes a link',
        (file: string) => (fs.unlinkSync(file), fs.symlinkSync('/etc/passwd', file)),
        'it was a file, and is a link now',
      ],
    ])('%s while the directory is read', async (_what, change, why) => {
      // The block before "z" is larger than all buffers, so that "z" is not opened yet.
      put({ a: 'a'.repeat(2_000_000), z: 'z'.repeat(size) });
      const { stream } = await directorySource(dir, { file: 'Dockerfile' });
      const read = new Promise((_resolve, reject) => stream.on('error', reject));
      read.catch(() => undefined);
      await new Promise((resolve) => stream.once('readable', resolve));
      // lstat(2) of "z" is still to come, so the change is made behind it.
      const lstat = fs.lstatSync;
      const spy = vi.spyOn(fs, 'lstatSync').mockImplementation(((name: string) => {
        const stat = lstat(name);
        if (name.endsWith('/z')) change(name);
        return stat;
      }) as typeof fs.lstatSync);
      try {
        stream.resume();
        const error = await failure(read);
        expect(error.message).toBe(`reading ${dir}/z: ${why}`);
      } finally {
        spy.mockRestore();
      }
    }),
  );
});

test('destroying the stream closes what it has open', async () => {
  put({ a: 'a'.repeat(5_000_000) });
  const open = (): number => fs.readdirSync('/proc/self/fd').length;
  const before = open();
  const { stream } = await directorySource(dir, { file: 'Dockerfile' });
  await new Promise((resolve) => stream.once('readable', resolve));
  expect(open()).toBe(before + 1);
  stream.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(open()).toBe(before);
});

test('no more is read than the reader takes', async () => {
  put({ a: 'a'.repeat(8_000_000) });
  const { stream } = await directorySource(dir, { file: 'Dockerfile' });
  await new Promise((resolve) => stream.once('readable', resolve));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(stream.readableLength).toBeLessThan(1_000_000);
  stream.destroy();
});
