import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useSharedProcess } from '../support/process/shared-process.js';
import { readTar } from '../support/read-tar.js';
import { member, tar } from '../support/write-tar.js';

const run = useSharedProcess();

const BIN = fileURLToPath(new URL('../../bin/dockerception.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'dockerception-stdin-'));
const DOCKERFILE = 'FROM scratch\nCOPY app /app\n';

beforeAll(() => {
  mkdirSync(join(folder, 'dir/sub'), { recursive: true });
  mkdirSync(join(folder, 'other'));
  mkdirSync(join(folder, 'tmp'));
  writeFileSync(join(folder, 'dir/app'), 'app');
  writeFileSync(join(folder, 'dir/secret'), 'secret');
  writeFileSync(join(folder, 'dir/Dockerfile'), DOCKERFILE);
  writeFileSync(join(folder, 'dir/sub/Dockerfile'), 'FROM scratch\nCOPY secret /secret\n');
  writeFileSync(join(folder, 'other/My.Dockerfile'), DOCKERFILE);
  writeFileSync(join(folder, 'other/My.Dockerfile.dockerignore'), 'secret\n');
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY sub /sub\n');
  writeFileSync(join(folder, 'context.tar'), tar(member({ name: 'app', body: 'app' })));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Outcome {
  readonly status: number | null;
  readonly entries: Map<string, string>;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a script in the folder, where `$D` is the command; its standard output is read as a tar. */
function shell(script: string, input: Buffer | string = ''): Outcome {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], {
    cwd: folder,
    input,
    env: { PATH: process.env['PATH'], D: BIN, TMPDIR: join(folder, 'tmp'), HOME: folder },
    maxBuffer: 1 << 28,
    timeout: 20_000,
  });
  const isTar = status === 0 && stdout.length > 512;
  const entries = isTar ? readTar(stdout).entries : [];
  return {
    status,
    entries: new Map(entries.map(({ name, body }) => [name, body.toString('latin1')])),
    stdout,
    stderr: stderr.toString(),
  };
}

const BIG = 'x'.repeat(20_000_000);

describe('--add', () => {
  it.each([
    ['-:DEST', 'printf hello | $D filter --add -:sub/new dir'],
    ['/dev/stdin:DEST', 'printf hello | $D filter --add /dev/stdin:sub/new dir'],
    [
      '/dev/fd/0:DEST of a file',
      'printf hello > hello; $D filter --add /dev/fd/0:sub/new dir < hello',
    ],
    ['-:DEST of a file', 'printf hello > hello; $D filter --add -:sub/new dir < hello'],
    ['<(…):DEST', '$D filter --add <(printf hello):sub/new dir < /dev/null'],
    ['two pipes', '$D filter --add <(printf hello):sub/new --add <(printf x):y dir < /dev/null'],
    ['a named pipe', 'mkfifo p; printf hello > p & $D filter --add p:sub/new dir < /dev/null'],
  ])('%s becomes a file of that content', (_, script) => {
    const { status, entries, stderr } = shell(script);
    expect([status, stderr]).toEqual([0, '']);
    expect(entries.get('sub/new')).toBe('hello');
    expect(entries.get('app')).toBe('app');
  });

  it('keeps what is large in a file without a name', () => {
    const { status, entries } = shell('cat | $D filter --add -:big dir', BIG);
    expect(status).toBe(0);
    expect(entries.get('big') === BIG).toBe(true);
    expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
  });

  it('reports a full disk in one line', () => {
    const full = 'ulimit -f 100; trap "" XFSZ; cat | $D filter --add -:big dir > /dev/null';
    const { status, stderr } = shell(full, BIG);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(
      /^dockerception: writing a temporary file in .*: files may not grow so large there\nhint: .*\n$/,
    );
  });

  it('replaces what a stream has there, and is read beside a tar file', () => {
    const { entries } = shell(
      'printf new | $D filter --allow-no-dockerfile --add -:app context.tar',
    );
    expect(Object.fromEntries(entries)).toMatchObject({ app: 'new' });
  });

  it.each([
    ['--add -:x', /the context and --add -:x/],
    ['--add -:x -', /the context and --add -:x/],
    ['--add /dev/stdin:x --add -:y dir', /--add \/dev\/stdin:x and --add -:y/],
    ['-f - --add -:y dir', /--add -:y and -f -/],
    ['-f -', /-f - and the context are both standard input/],
    ['--from - --add -:y', /--from - and --add -:y/],
    ['--add - dir', /--add - needs a name/],
    ['--add -:sub/ dir', /--add - needs a name/],
  ])('%s is refused by name', async (line, message) => {
    for (const verb of ['filter', 'build']) {
      const args = [verb, ...line.split(' ')];
      const { code, stderr } = await run(args, { input: Buffer.from('x'), cwd: folder });
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
    }
  });
});

describe('-f', () => {
  const used = (entries: Map<string, string>): string | undefined => entries.get('.dockerfile');

  it('- is the Dockerfile on standard input, of a directory or a tar file', () => {
    for (const context of ['dir', 'context.tar']) {
      const { status, entries } = shell(`$D filter -f - ${context}`, DOCKERFILE);
      expect(status).toBe(0);
      expect(used(entries)).toBe(DOCKERFILE);
      expect(entries.get('app')).toBe('app');
    }
  });

  it('is a file of the host outside of the directory, with its own .dockerignore', () => {
    const { status, entries } = shell('$D filter -f other/My.Dockerfile dir');
    expect(status).toBe(0);
    expect(used(entries)).toBe(DOCKERFILE);
    expect([entries.has('app'), entries.has('secret')]).toEqual([true, false]);
    const absolute = shell('$D filter -f "$PWD/other/My.Dockerfile" dir');
    expect(absolute.entries).toEqual(entries);
  });

  it('is a file of the host inside of the directory, by its path from the working directory', () => {
    for (const script of ['-f dir/sub/Dockerfile dir', '-f "$PWD/dir/sub/Dockerfile" dir']) {
      const { status, entries } = shell(`$D filter --exclude '**' ${script}`);
      expect(status).toBe(0);
      expect([...entries.keys()]).toEqual(['./', 'sub/Dockerfile']);
    }
  });

  it('is a path in the context where the working directory has none', () => {
    const { status, entries } = shell(`$D filter --exclude '**' -f sub/Dockerfile dir`);
    expect(status).toBe(0);
    expect([...entries.keys()]).toEqual(['./', 'sub/Dockerfile']);
  });

  it('means the working directory first, as docker build does', () => {
    const { entries } = shell('$D filter -f Dockerfile dir');
    expect(used(entries)).toBe('FROM scratch\nCOPY sub /sub\n');
  });

  it('is a path in the context of a stream', () => {
    const context = tar(member({ name: 'other/My.Dockerfile', body: 'FROM x' }));
    const { entries } = shell('$D filter -f other/My.Dockerfile', context);
    expect([...entries.keys()]).toEqual(['other/My.Dockerfile']);
    expect(shell('$D filter -f Dockerfile', context).status).toBe(3);
  });

  it('is not seen by COPY where it comes from outside of the context', () => {
    const all = 'FROM scratch\nCOPY . /\n';
    writeFileSync(join(folder, 'other/All'), all);
    const build = '$D --engine embedded -q -o type=tar,dest=- --no-check';
    for (const script of [`${build} -f - dir`, `${build} -f other/All dir`]) {
      const { status, entries } = shell(script, all);
      expect(status).toBe(0);
      expect([entries.has('app'), entries.has('.dockerfile')]).toEqual([true, false]);
    }
  });

  it('builds the same image with the embedded engine, wherever the Dockerfile comes from', () => {
    const build = '$D --engine embedded -q -o out.tar --no-check';
    const ids = [
      shell(`${build} dir`),
      shell(`${build} -f - dir`, DOCKERFILE),
      shell(`cat other/My.Dockerfile | ${build} -f - context.tar`),
      shell(`${build} -f other/My.Dockerfile dir`),
      shell(`${build} -f <(cat other/My.Dockerfile) dir < /dev/null`),
    ];
    expect(ids.map(({ stderr }) => stderr)).toEqual(['', '', '', '', '']);
    const [first = ''] = ids.map(({ stdout }) => stdout.toString());
    expect(first).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    // The tar has another time of its file than the directory.
    expect(ids.map(({ stdout }) => stdout.toString() === first)).toEqual([
      true,
      true,
      false,
      true,
      true,
    ]);
  });
});
