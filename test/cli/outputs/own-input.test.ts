import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useSharedProcess } from '../../support/process/shared-process.js';
import { member, tar } from '../../support/write-tar.js';

const DOCKERFILE = 'FROM scratch\nCOPY . /\n';
const CONTEXT = tar(
  member({ name: 'Dockerfile', body: DOCKERFILE }),
  member({ name: 'a', body: 'a' }),
);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-input-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes the files anew. */
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  const files: Readonly<Record<string, string | Uint8Array>> = {
    'c.tar': CONTEXT,
    'dir/Dockerfile': DOCKERFILE,
    'dir/src/main.c': 'int main;',
    'dir/vendor.tar': 'an archive of the sources',
    'added/file': 'added',
    'other/file': 'other',
  };
  for (const [name, body] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), body);
  }
  symlinkSync('c.tar', join(folder, 'link.tar'));
  linkSync(join(folder, 'c.tar'), join(folder, 'hard.tar'));
});

const shared = useSharedProcess();

interface Result {
  readonly code: number | null;
  readonly stderr: string;
}

async function run(args: readonly string[], stdin?: string): Promise<Result> {
  const { code, stderr } = await shared(['-q', ...args], {
    cwd: folder,
    env: { DOCKERCEPTION_ENGINE: 'embedded' },
    ...(stdin !== undefined && { stdin: join(folder, stdin) }),
  });
  return { code, stderr };
}

/** Every file with its content. */
const state = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'latin1')]),
  );

/** How a file that is read can be named, and by which arguments it is read. */
const INPUTS: readonly (readonly [
  what: string,
  output: string,
  args: readonly string[],
  stdin: string | undefined,
])[] = [
  ['the context', 'c.tar', ['c.tar'], undefined],
  ['the context by another path', './dir/../c.tar', ['c.tar'], undefined],
  ['the context by a symbolic link', 'link.tar', ['c.tar'], undefined],
  ['the target of a symbolic link', 'c.tar', ['link.tar'], undefined],
  ['the context by a hard link', 'hard.tar', ['c.tar'], undefined],
  ['standard input', 'c.tar', [], 'c.tar'],
  ['the Dockerfile', 'dir/Dockerfile', ['dir'], undefined],
  ['a file of the context', 'dir/src/main.c', ['dir'], undefined],
  ['a file of the context that is called like an archive', 'dir/vendor.tar', ['dir'], undefined],
  ['an added file', 'added/file', ['--add', 'added/file:x', 'dir'], undefined],
  ['a file of an added folder', 'added/file', ['--add', 'added:x', 'dir'], undefined],
  ['a file of a build context', 'other/file', ['--build-context', 'more=other', 'dir'], undefined],
];

/** Every output of a file. */
const OUTPUTS: readonly (readonly [name: string, of: (path: string) => readonly string[]])[] = [
  ['-o FILE', (path) => ['-o', path]],
  ['-o type=tar', (path) => ['-o', `type=tar,dest=${path}`]],
  ['--iidfile', (path) => ['-o', 'x.tar', '--iidfile', path]],
  ['--metadata-file', (path) => ['-o', 'x.tar', '--metadata-file', path]],
];

describe.each(OUTPUTS)('%s', (_name, of) => {
  it.each(INPUTS)('does not replace %s', async (_what, output, args, stdin) => {
    const before = state();
    const { code, stderr } = await run([...of(output), ...args], stdin);
    expect(stderr).toMatch(/^dockerception: writing .*, which is read\nhint: [^\n]+\n$/);
    expect(code).toBe(2);
    expect(state()).toEqual(before);
  });
});

it('replaces a file that has the name of an image in a registry', async () => {
  for (let time = 0; time < 2; time++) {
    const { code, stderr } = await run([
      ...['-o', 'app', '--build-context', 'base=docker-image://app', 'dir'],
    ]);
    expect([code, stderr]).toEqual([0, '']);
  }
});

describe('an output that is a folder', () => {
  it.each([
    ['the context', 'type=local,dest=dir', ['dir']],
    [
      'the context from inside',
      'type=local,dest=.',
      ['.', '--allow-no-dockerfile', '--base', 'scratch'],
    ],
    ['a folder around the context', 'type=local,dest=.', ['dir']],
    ['a folder of the context', 'type=local,dest=dir/src', ['dir']],
    ['an added folder', 'type=local,dest=added', ['--add', 'added:x', 'dir']],
    ['a build context', 'type=local,dest=other', ['--build-context', 'more=other', 'dir']],
  ] as const)('is not merged into %s', async (_, output, args) => {
    const before = state();
    const { code, stderr } = await run(['-o', output, ...args]);
    expect(stderr).toMatch(/^dockerception: writing .*, which is read\nhint: [^\n]+\n$/);
    expect(code).toBe(2);
    expect(state()).toEqual(before);
  });

  it('may be excluded from the context, or be new in it', async () => {
    writeFileSync(join(folder, 'dir/.dockerignore'), 'out\n');
    for (let time = 0; time < 2; time++)
      expect(await run(['-o', 'type=local,dest=dir/out', 'dir'])).toEqual({ code: 0, stderr: '' });
    expect(readFileSync(join(folder, 'dir/out/src/main.c'), 'utf8')).toBe('int main;');
    expect((await run(['-o', 'type=local,dest=dir/new', 'dir'])).code).toBe(0);
  });
});

describe('the page of inspect', () => {
  it.each([
    ['its target', 'c.tar', 'c.tar'],
    ['a file of its target', 'dir/Dockerfile', 'dir'],
    ['a target by a link', 'link.tar', 'c.tar'],
  ])('does not replace %s', async (_, page, target) => {
    const before = state();
    const { code } = await shared(['inspect', '--html', page, target], { cwd: folder });
    expect(code).toBe(2);
    expect(state()).toEqual(before);
  });
});

describe('an archive that is named after the tag', () => {
  it('does not replace its context', async () => {
    const before = state();
    const { code, stderr } = await run(['-t', 'c', 'c.tar']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('-o FILE names another file')]);
    expect(state()).toEqual(before);
  });

  it.each([
    ['a text', 'text'],
    ['an empty file', ''],
    ['a tar that is no image', CONTEXT],
  ])('does not replace %s', async (_, body) => {
    writeFileSync(join(folder, 'web.tar'), body);
    const before = state();
    const { code, stderr } = await run(['-t', 'web', 'dir']);
    expect([code, stderr]).toEqual([
      2,
      'dockerception: writing web.tar: the file exists, and is not an image archive\n' +
        'hint: -o FILE names another file, or this one to replace it\n',
    ]);
    expect(state()).toEqual(before);
  });

  it('replaces an image archive, as often as it is built, beside the context too', async () => {
    const first = await run(['-t', 'web', 'dir']);
    expect(first).toEqual({ code: 0, stderr: '' });
    writeFileSync(join(folder, 'dir/src/main.c'), 'changed');
    expect(await run(['-t', 'web', 'dir'])).toEqual({ code: 0, stderr: '' });
    const results = ['--iidfile', 'dir/id', '--metadata-file', 'dir/meta.json'];
    const ids: string[] = [];
    for (let time = 0; time < 2; time++) {
      expect(await run(['-o', 'dir/web.tar', ...results, 'dir'])).toEqual({ code: 0, stderr: '' });
      ids.push(readFileSync(join(folder, 'dir/id'), 'utf8'));
    }
    expect(ids[1]).toBe(ids[0]);
  });
});
