/** `dockerception inspect` as a process: what it writes where, and its exit codes. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveOf, type Described, docker20, podman } from '../support/inspect/image-forms.js';
import { pipeline, type Run, run as runAlone, waiting } from '../support/process/cli.js';
import { type SharedOptions, useSharedProcess } from '../support/process/shared-process.js';
import { header, member, tar } from '../support/write-tar.js';

const SAID = /^dockerception: [^\n]+\n(hint: [^\n]+\n)?$/;
/** What a terminal acts on, but for the end of a line. */
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]/;
/** An engine that nobody has. */
const NO_ENGINE = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };

const large = Buffer.alloc(3_000_000, 'large ');
const image: Described = {
  layers: [
    tar(
      member({ name: 'app/run', body: large, mode: 0o755 }),
      member({ name: 'bin/su', body: 'su', mode: 0o4755 }),
      member({ name: 'src/main.c', body: 'int main;', uid: 70_000 }),
      member({ name: 'gone', body: Buffer.alloc(2_000_000) }),
      header({ name: 'link', typeflag: '2', linkname: 'app/run' }),
    ),
    tar(header({ name: '.wh.gone' })),
  ],
  config: { config: { Entrypoint: ['/app/run'] } },
};
const archive = archiveOf(podman(image));
const odd = tar(
  member({ name: '\x1b[31mred\u202e\n\u009b2J</script>', body: 'x' }),
  member({ name: 'Dockerfile', body: 'FROM scratch\n' }),
);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-test-'));
  const write = (name: string, bytes: Buffer | string): void =>
    writeFileSync(join(folder, name), bytes);
  write('image.tar', archive);
  write('image.tar.gz', gzipSync(archive));
  write('odd.tar', odd);
  write('\x1b[31mred.tar', 'text');
  write('empty', '');
  write('Dockerfile', 'FROM scratch\n');
  write('text', 'hello\n');
  mkdirSync(join(folder, 'context'));
  write('context/a', 'a');
  symlinkSync('a', join(folder, 'context/l'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = useSharedProcess();
const inspect = (args: readonly string[], options: SharedOptions = {}): Promise<Run> =>
  run(['inspect', ...args], { cwd: folder, ...options, env: { ...NO_ENGINE, ...options.env } });

function expectRefusal(result: Run, code: number, message: RegExp, hint?: RegExp): void {
  expect(result.stderr).toMatch(SAID);
  expect(result.stderr).not.toMatch(CONTROL);
  const [line, more] = result.stderr.split('\n');
  expect(line).toMatch(message);
  if (hint !== undefined) expect(more).toMatch(hint);
  expect(result).toMatchObject({ code, signal: null, leftovers: [] });
}

describe('the command line', () => {
  test.each([
    [['--nonsense'], /unknown option --nonsense/],
    [['a.tar', 'b.tar'], /one target is taken, not 2/],
    [[''], /the target is empty/],
    [['--depth', 'x', 'image.tar'], /--depth/],
    [['--depth', '-1', 'image.tar'], /--depth/],
    [['--platform', 'nonsense/x', 'image.tar'], /platform/],
    [['--max-size', '10XB', 'image.tar'], /--max-size/],
    [['--max-waste', '101%', 'image.tar'], /--max-waste/],
    [['--max-layers', '1.5', 'image.tar'], /--max-layers/],
    [['--deny', '', 'image.tar'], /--deny/],
    [['--cat'], /--cat needs a value/],
    [['--tag', 'x', 'image.tar'], /'inspect' has no option --tag/],
    [['--diff', '-'], /standard input can be one of the targets/],
    [['--diff', '-', '-'], /standard input can be one of the targets/],
  ] as const)('%j is wrong', async (args, message) => {
    expectRefusal(await inspect(args), 2, message);
  });

  test('takes one view at a time', async () => {
    const views = [
      ['--list'],
      ['--json'],
      ['--cat', '/a'],
      ['-q'],
      ['--diff', 'image.tar'],
      ['--html', '-'],
      ['--html', 'x.html'],
    ];
    const wrong = [
      ['--list', '--json'],
      ['--list', '--cat'],
      ['--list', '-q'],
      ['--json', '--cat'],
      ['--json', '-q'],
      ['--cat', '-q'],
      ['--cat', '--diff'],
      ['--cat', '--html'],
      ['--list', '--diff'],
      ['--json', '--html'],
    ].map((pair) => pair.join(' '));
    const seen: string[] = [];
    const pairs = views.flatMap((one, at) =>
      views.slice(at + 1).map((other) => [one, other] as const),
    );
    for (const [one, other] of pairs) {
      const pair = `${one[0]} ${other[0]}`;
      if (!wrong.includes(pair) || (other[1] === 'x.html' && one[0] !== '--cat')) continue;
      expectRefusal(
        await inspect([...one, ...other, 'image.tar']),
        2,
        /exclude each other|nothing else|only one of/,
      );
      seen.push(pair);
    }
    expect([...new Set(seen)].sort()).toEqual([...wrong].sort());
  });
});

describe('a target', () => {
  test.each([
    ['./nowhere.tar', 2, /no such file/],
    ['nowhere.tar.gz', 2, /no such file/],
    ['/nowhere/x', 2, /no such file/],
    ['Nowhere.tar', 2, /no such file/],
    ['oci-archive://nowhere.tar', 2, /nowhere\.tar: there is no such file/],
    ['oci-layout://context', 2, /it is not a layout/],
    ['oci-archive://image.tar:other', 2, /no image named other/],
    ['nowhere', 5, /there is no file or folder nowhere/],
    ['empty', 3, /empty: it is empty/],
    ['text', 3, /starts with text/],
    ['Dockerfile', 3, /it is a Dockerfile, not a tar/],
    ['\x1b[31mred.tar', 3, /\\x1b\[31mred\.tar: it starts with text/],
    ['oci-archive://\x1b[31mred.tar', 3, /\\x1b\[31mred\.tar/],
    ['docker-archive://odd.tar', 3, /neither index\.json nor manifest\.json/],
  ] as const)('%j ends with %i', async (target, code, message) => {
    expectRefusal(await inspect([target]), code, message);
  });

  test('that is a folder without a Dockerfile is shown', async () => {
    const { code, stdout, stderr } = await inspect(['--list', 'context']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.toString()).toMatch(/ \/a\n.* \/l -> a\n$/);
  });

  test('that is a folder that cannot be read ends with 3', async () => {
    mkdirSync(join(folder, 'ignored'));
    writeFileSync(join(folder, 'ignored/.dockerignore'), 'a[\n');
    expectRefusal(await inspect(['ignored']), 3, /\.dockerignore|pattern/);
  });

  test('is standard input when there is none', async () => {
    const { code, stdout } = await inspect([], { input: archive });
    expect(code).toBe(0);
    expect(stdout.toString()).toContain('standard input');
    expectRefusal(await inspect([]), 3, /standard input: it is \/dev\/null/);
    const empty = await inspect([], { input: Buffer.alloc(0) });
    expectRefusal(empty, 3, /standard input: it is empty/);
  });

  test('is the same from a pipe, a file, and compressed', async () => {
    const [file, piped, packed] = await Promise.all([
      inspect(['--json', 'image.tar']),
      inspect(['--json'], { input: archive }),
      inspect(['--json', 'image.tar.gz']),
    ]);
    const json = ({ stdout }: Run): object => ({
      ...(JSON.parse(stdout.toString()) as object),
      target: '',
    });
    expect(json(piped)).toEqual(json(file));
    expect(json(packed)).toEqual(json(file));
  });
});

describe('--cat', () => {
  test.each([
    ['/app/run', large],
    ['link', large],
    ['src/main.c', 'int main;'],
  ])('%s writes the file and nothing else', async (path, content) => {
    const { code, stdout, stderr } = await inspect(['--cat', path, 'image.tar']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.equals(Buffer.from(content))).toBe(true);
  });

  test('from a pipe writes what has that name', async () => {
    const { code, stdout } = await inspect(['--cat', '/app/run'], { input: archive });
    expect(code).toBe(0);
    expect(stdout.equals(large)).toBe(true);
    expectRefusal(
      await inspect(['--cat', '/link'], { input: archive }),
      2,
      /came as \/app\/run, and a pipe/,
      /--cat \/app\/run/,
    );
  });

  test('of a hard link from a pipe names the name that it came by', async () => {
    const input = tar(
      member({ name: 'a', body: 'x' }),
      header({ name: 'b', typeflag: '1', linkname: 'a' }),
    );
    expect((await inspect(['--cat', 'a'], { input })).stdout.toString()).toBe('x');
    expectRefusal(await inspect(['--cat', 'b'], { input }), 2, /came as \/a/, /--cat \/a/);
  });

  test('reads standard input that is a file, and a pipe by its path', async () => {
    const bin = join(import.meta.dirname, '../../bin/dockerception.js');
    for (const command of [
      'inspect --cat /app/run < image.tar',
      'inspect --cat /app/run - < image.tar',
      'inspect --cat /app/run /dev/fd/3 3<&0',
    ]) {
      const shell = `cat image.tar | '${process.execPath}' '${bin}' ${command}`;
      const { status, stdout } = spawnSync('sh', ['-c', shell], {
        cwd: folder,
        timeout: 15_000,
        maxBuffer: 1e8,
      });
      expect(status, command).toBe(0);
      expect(stdout.equals(large), command).toBe(true);
    }
  });

  test.each([
    ['/app', /it is a directory/, /--list/],
    ['/app/rum', /it is not there/, /there is \/app\/run/],
    ['/src/man.c', /it is not there/, /there is \/src\/main\.c/],
    ['/gone', /it is not there/, /./],
    ['/\x1b[31m', /\\x1b\[31m/, /./],
  ])('of %j is refused', async (path, message, hint) => {
    expectRefusal(await inspect(['--cat', path, 'image.tar']), 2, message, hint);
  });

  test('goes to a reader that has seen enough', async () => {
    const result = await pipeline(
      'true',
      ['inspect', '--cat', '/app/run', join(folder, 'image.tar')],
      'head -c 10 >/dev/null',
    );
    expect(result).toEqual({ code: 0, stderr: '' });
  });
});

const COLOURS: readonly Readonly<Record<string, string>>[] = [
  { NO_COLOR: '1' },
  { TERM: 'xterm-256color', FORCE_COLOR: '1' },
];

describe('what is shown', () => {
  test.each([
    [[]],
    [['--list']],
    [['--json']],
    [['--all']],
    [['--depth', '1']],
    [['--diff', 'image.tar']],
  ])('with %j has no escape sequences, whatever names there are', async (args) => {
    for (const env of COLOURS) {
      const { code, stdout, stderr } = await inspect([...args, 'odd.tar'], { env });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.toString()).not.toMatch(CONTROL);
      expect(stdout.toString()).toContain('1b[31mred');
    }
  });

  test('goes to head', async () => {
    for (const args of [[], ['--list'], ['--json']]) {
      const result = await pipeline(
        'true',
        ['inspect', ...args, join(folder, 'image.tar')],
        'head -1 >/dev/null',
      );
      expect(result).toEqual({ code: 0, stderr: '' });
    }
  });

  test('is an error where the disk is full', async () => {
    const stdout = openSync('/dev/full', 'w');
    try {
      expectRefusal(await inspect(['--list', 'image.tar'], { stdout }), 1, /no space is left/);
    } finally {
      closeSync(stdout);
    }
  });

  test('with -q is nothing', async () => {
    const result = await inspect(['-q', 'image.tar']);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toHaveLength(0);
  });
});

describe('limits', () => {
  test.each([
    [['--max-size', '4MB'], /--max-size: it has 5\.0 MB, 4\.0 MB are allowed/],
    [['--max-layers', '1'], /--max-layers: it has 2 layers, 1 are allowed/],
    [['--max-waste', '1MB'], /--max-waste: it wastes 2\.0 MB/],
    [['--max-waste', '10%'], /--max-waste: it wastes/],
    [['--deny', '**/*.c'], /--deny '\*\*\/\*\.c': \/src\/main\.c/],
    [['--deny', 'gone'], /--deny gone: \/gone/],
    [['--deny-setuid'], /--deny-setuid: \/bin\/su/],
    [['--deny-ids'], /--deny-ids: \/src\/main\.c: 70000:1000 in layer 0/],
  ])('%j are exceeded', async (args, message) => {
    const result = await inspect([...args, '-q', 'image.tar']);
    expect(result.code).toBe(6);
    expect(result.stderr).toMatch(message);
    expect(result.stderr).toMatch(/dockerception: checking image\.tar: [^\n]+\nhint: [^\n]+\n$/);
    expect(result.stdout).toHaveLength(0);
  });

  test('that several things exceed are told in one error, behind what is shown', async () => {
    const args = [
      '--max-size',
      '1',
      '--max-layers',
      '1',
      '--deny',
      'src',
      '--deny-setuid',
      '--max-waste',
      '0',
      '--json',
    ];
    const { code, stdout, stderr } = await inspect([...args, 'image.tar']);
    expect(code).toBe(6);
    const { exceeded } = JSON.parse(stdout.toString()) as { readonly exceeded: readonly unknown[] };
    expect(exceeded).toHaveLength(5);
    const error = stderr.split('\n').filter((line) => line.startsWith('dockerception: '));
    expect(error).toHaveLength(1);
    for (const limit of [
      '--max-size',
      '--max-layers',
      '--deny src',
      '--deny-setuid',
      '--max-waste',
    ])
      expect(error[0]).toContain(limit);
  });

  test('that are kept are nothing to talk of', async () => {
    const args = [
      '--max-size',
      '6MB',
      '--max-layers',
      '2',
      '--deny',
      '**/*.py',
      '--max-waste',
      '50%',
      '-q',
    ];
    expect(await inspect([...args, 'image.tar'])).toMatchObject({ code: 0, stderr: '' });
  });

  test('for an image are not for a context', async () => {
    expectRefusal(await inspect(['--must-run', '-q', 'context']), 2, /--must-run takes an image/);
  });
});

describe('while a pipe is silent', () => {
  test.each([
    ['SIGINT', 130, 'interrupted', 'before the first byte', undefined],
    ['SIGINT', 130, 'interrupted', 'within a layer', archive.subarray(0, 100_000)],
    ['SIGTERM', 143, 'terminated', 'within gzip data', gzipSync(archive).subarray(0, 500)],
    ['SIGTERM', 143, 'terminated', 'behind the end', archiveOf(docker20({ layers: [tar()] }))],
  ] as const)('%s ends it with %i: %s, %s', async (signal, code, word, _, input) => {
    const result = await runAlone(['inspect', '--list'], {
      idle: true,
      ...(input && { input }),
      async started(child) {
        await waiting(child.pid);
        child.kill(signal);
      },
    });
    expect(result.stderr).toBe(`dockerception: ${word}\n`);
    expect(result).toMatchObject({ code, signal: null, leftovers: [] });
    expect(result.stdout).toHaveLength(0);
  });
});
