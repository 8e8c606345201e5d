/** What the embedded engine refuses: one line each, no image, nothing left behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { build, DockerceptionError } from '../../../src/index.js';
import { inChunks } from '../../support/filter.js';
import { cleanEnvironment, run } from '../../support/process/cli.js';
import { readTar } from '../../support/read-tar.js';
import { member, oldSparse, tar } from '../../support/write-tar.js';

const BIN = fileURLToPath(new URL('../../../bin/dockerception.js', import.meta.url));
const ARGS = ['--engine', 'embedded', '-q', '-o', 'image.tar'];
/** The lines of the Dockerfile around the one that failed, if they are known, then the error. */
const SAID =
  /^(?:Dockerfile:\d+\n-+\n(?: +\d+ \| [^\n]*\n)+-+\n)?dockerception: [^\n]+\n(hint: [^\n]+\n)?$/;
const MIB = 1 << 20;

const context = (dockerfile: string, ...members: Buffer[]): Buffer =>
  tar(member({ name: 'Dockerfile', body: dockerfile }), ...members);

const file = (name: string, body = name): Buffer => member({ name, body });
const link = (name: string, linkname: string): Buffer => member({ name, typeflag: '2', linkname });

interface Row {
  readonly what: string;
  readonly input: Buffer;
  readonly kind: 'build' | 'context';
  readonly message: RegExp;
  readonly hint?: RegExp;
}

const ROWS: readonly Row[] = [
  {
    what: 'a COPY of what is not there',
    input: context('FROM scratch\nCOPY dir/serber /\n', file('dir/server'), file('dir/other')),
    kind: 'build',
    message: /Dockerfile:2: .*dir\/serber is not in the context/,
    hint: /server/,
  },
  {
    what: 'a COPY that matches nothing',
    input: context('FROM scratch\n\nCOPY *.go /\n', file('app')),
    kind: 'build',
    message: /Dockerfile:3: .*\*\.go is not in the context/,
  },
  {
    what: 'a COPY through a link that leads outside',
    input: context('FROM scratch\nCOPY out/passwd /\n', link('out', '../../../../../../etc')),
    kind: 'build',
    message: /Dockerfile:2: .*out\/passwd is not in the context: out is a link to [./]*etc$/,
    hint: /inside the context alone/,
  },
  {
    what: 'a COPY of an absolute link to a file of the host',
    input: context('FROM scratch\nCOPY out /\n', link('out', '/etc/passwd')),
    kind: 'build',
    message: /Dockerfile:2: .*out is not in the context: out is a link to \/etc\/passwd$/,
    hint: /inside the context alone/,
  },
  {
    what: 'a COPY through a link to itself',
    input: context('FROM scratch\nCOPY loop/x /\n', link('loop', 'loop')),
    kind: 'build',
    message: /Dockerfile:2: .*loop/,
  },
  {
    what: 'a COPY that says nothing',
    input: context('FROM scratch\nCOPY\n'),
    kind: 'build',
    message: /Dockerfile:2: .*COPY/,
  },
  {
    what: 'an unknown instruction',
    input: context('FROM scratch\nCOYP a b\n'),
    kind: 'build',
    message: /Dockerfile:2: .*COYP.*COPY/,
  },
  {
    what: 'a heredoc whose word is a path',
    input: context('FROM scratch\nCOPY <<a/b /n/\nx\na/b\n'),
    kind: 'build',
    message: /Dockerfile:2: "a\/b" can't be the name of a heredoc's file/,
    hint: /COPY <<EOF/,
  },
  {
    what: 'a heredoc whose word climbs',
    input: context('FROM scratch\nCOPY <<.. /n/\nx\n..\n'),
    kind: 'build',
    message: /Dockerfile:2: "\.\." can't be the name of a heredoc's file/,
  },
  {
    what: 'an owner that no file can have',
    input: context('FROM scratch\nCOPY --chown=4294967295 app /\n', file('app')),
    kind: 'build',
    message: /Dockerfile:2: .*there is no user '4294967295'/,
  },
  {
    what: 'a file with files below it',
    input: context('FROM scratch\nCOPY . /\n', file('a'), file('a/b')),
    kind: 'context',
    message: /reading entry a\/b at byte \d+: \/a is not a directory$/,
  },
  {
    what: 'an ADD of what its name alone tells to be an archive',
    input: context(
      'FROM scratch\nADD a.tar.gz /dir/\n',
      member({ name: 'a.tar.gz', body: gzipSync(tar(file('x'))).subarray(0, 30) }),
    ),
    kind: 'context',
    message: /Dockerfile:2: .*a\.tar\.gz: the gzip data is cut short/,
  },
  {
    what: 'an entry of a type that no engine unpacks',
    input: context('FROM scratch\nCOPY . /\n', member({ name: 'label', typeflag: 'M' })),
    kind: 'context',
    message: /reading entry label.*: container engines can't unpack its type 'M': /,
    hint: /exclude it by its name/,
  },
  {
    what: 'a Dockerfile that is a folder',
    input: tar(member({ name: 'Dockerfile/', typeflag: '5' }), file('Dockerfile/a')),
    kind: 'context',
    message: /no Dockerfile at 'Dockerfile': it is a folder/,
    hint: /-f PATH/,
  },
  {
    what: 'a heredoc without its end',
    input: context('FROM scratch\nCOPY <<END /file\ntext\n'),
    kind: 'build',
    message: /Dockerfile:2: /,
  },
  {
    what: 'a Dockerfile without FROM',
    input: context('COPY a /\n', file('a')),
    kind: 'build',
    message: /Dockerfile/,
  },
  {
    what: 'an empty Dockerfile',
    input: context(''),
    kind: 'build',
    message: /Dockerfile/,
  },
  {
    what: 'a RUN that the target needs',
    input: context('FROM scratch AS a\nCOPY app /\nRUN true\nFROM a\nCOPY none /\n', file('app')),
    kind: 'build',
    message: /Dockerfile:3: .*RUN/,
    hint: /`engine: docker`/,
  },
  {
    what: 'a Git repository',
    input: context('FROM scratch\nADD https://git.invalid/a/b.git#main /\n'),
    kind: 'build',
    message: /Dockerfile:2: .*embedded engine.*https:\/\/git\.invalid/,
    hint: /`engine: docker`/,
  },
  {
    what: 'a whiteout of a builder',
    input: context('FROM scratch\nCOPY . /\n', file('dir/.wh.secret')),
    kind: 'context',
    message: /\.wh\.secret/,
    hint: /`exclude: /,
  },
  {
    what: 'an opaque whiteout of a builder',
    input: context('FROM scratch\nCOPY dir /dir\n', file('dir/.wh..wh..opq')),
    kind: 'context',
    message: /\.wh\.\.wh\.\.opq/,
  },
  {
    what: 'a name that leads outside',
    input: context('FROM scratch\nCOPY . /\n', file('../escaped')),
    kind: 'context',
    message: /\.\.\/escaped/,
  },
  {
    what: 'a hard link to what is not there',
    input: context(
      'FROM scratch\nCOPY . /\n',
      member({ name: 'hard', typeflag: '1', linkname: '../../etc/passwd' }),
    ),
    kind: 'context',
    message: /hard/,
  },
  {
    what: 'a sparse file whose map is wrong',
    input: context(
      'FROM scratch\nCOPY . /\n',
      oldSparse(
        { name: 'sparse' },
        [
          [0, 'aaaa'],
          [2, 'bb'],
        ],
        10,
      ),
    ),
    kind: 'context',
    message: /entry sparse at byte \d+: its sparse map has a region at 2/,
  },
  {
    what: 'an ADD of an archive that leads outside',
    input: context(
      'FROM scratch\nADD a.tar /dir/\n',
      member({ name: 'a.tar', body: tar(file('../../escaped')) }),
    ),
    kind: 'context',
    message: /Dockerfile:2: .*\.\.\/escaped/,
  },
  {
    what: 'an ADD of an archive that is cut short',
    input: context(
      'FROM scratch\nADD a.tar /dir/\n',
      member({ name: 'a.tar', body: tar(file('one'), file('two')).subarray(0, 1600) }),
    ),
    kind: 'context',
    message: /Dockerfile:2: .*cut short/,
  },
  {
    what: 'a context without its Dockerfile',
    input: tar(file('app')),
    kind: 'context',
    message: /Dockerfile/,
  },
  {
    what: 'a context that is empty',
    input: Buffer.alloc(0),
    kind: 'context',
    message: /empty/,
  },
  {
    what: 'a context that ends between two entries',
    input: context('FROM scratch\nCOPY . /\n', file('app')).subarray(0, -1024),
    kind: 'context',
    message: /cut short between two entries/,
  },
  {
    what: 'a context that ends in a file',
    input: context('FROM scratch\nCOPY . /\n', file('app')).subarray(0, -1600),
    kind: 'context',
    message: /cut short/,
  },
  {
    what: 'a context that is no tar',
    input: Buffer.from('hello\n'.repeat(1000)),
    kind: 'context',
    message: /tar/,
  },
];

let folder = '';
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dockerception-bad-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

describe('the embedded engine refuses', () => {
  test.each(ROWS.map((row) => [row.what, row] as const))(
    '%s',
    async (_, { input, kind, message, hint }) => {
      const dest = path.join(folder, 'image.tar');
      fs.writeFileSync(dest, 'earlier');
      for (const chunk of [64 * 1024, 7]) {
        const error = await build({
          context: inChunks(input, chunk),
          engine: 'embedded',
          env: { TMPDIR: folder },
          outputs: [{ type: 'oci', dest, attributes: {} }],
        }).then(
          () => expect.fail('it was built'),
          (reason: unknown) => reason as DockerceptionError,
        );
        expect(error).toBeInstanceOf(DockerceptionError);
        expect(error.kind).toBe(kind);
        expect(error.message).toMatch(message);
        expect(error.message).not.toContain('\n');
        if (hint !== undefined) expect(error.hint).toMatch(hint);
        // What was there before is, and nothing else.
        expect(fs.readdirSync(folder)).toEqual(['image.tar']);
        expect(fs.readFileSync(dest, 'utf8')).toBe('earlier');
      }
    },
  );

  test.each([
    [1, 'a COPY of what is not there'],
    [3, 'a context that ends in a file'],
  ])('with the exit code %i %s', async (code, what) => {
    const { input } = ROWS.find((row) => row.what === what) as Row;
    const result = await run(ARGS, { input });
    expect(result.stderr).toMatch(SAID);
    expect(result).toMatchObject({ code, signal: null, leftovers: [] });
    expect(result.stdout).toHaveLength(0);
  });

  test('an --iidfile where nothing can be written, without the system’s name for it', async () => {
    const input = context('FROM scratch\nCOPY . /\n');
    const args = ['--engine', 'embedded', '-q', '--iidfile', 'no/such/id', '-o', '-'];
    const { code, stderr } = await run(args, { input });
    expect(stderr).toBe(
      'dockerception: writing --iidfile no/such/id: the folder it belongs into is not there\n',
    );
    expect(code).toBe(1);
  });

  test('an archive where nothing can be written', async () => {
    const input = context('FROM scratch\nCOPY . /\n');
    const args = [...ARGS.slice(0, -1), 'no/such/folder/image.tar'];
    const result = await run(args, { input });
    expect(result.stderr).toMatch(SAID);
    expect(result).toMatchObject({ code: 1, leftovers: [] });
  });
});

describe('the embedded engine takes', () => {
  const contents = async (input: Buffer): Promise<readonly string[]> => {
    const dest = path.join(folder, 'root.tar');
    await build({
      context: inChunks(input, 512),
      engine: 'embedded',
      env: { TMPDIR: folder },
      outputs: [{ type: 'tar', dest, attributes: {} }],
    });
    expect(fs.readdirSync(folder)).toEqual(['root.tar']);
    return readTar(fs.readFileSync(dest)).entries.map(({ name, linkname }) =>
      linkname === '' ? name : `${name} -> ${linkname}`,
    );
  };

  test('a link that leads outside as a link, and nothing of where it leads', async () => {
    const input = context(
      'FROM scratch\nCOPY dir /dir\n',
      link('dir/out', '../../../../etc/passwd'),
    );
    expect(await contents(input)).toEqual(['dir/', 'dir/out -> ../../../../etc/passwd']);
  });

  test('a platform that is written twice as one', async () => {
    const input = context('FROM scratch\nCOPY app /\n', file('app'));
    const args = [
      '--engine',
      'embedded',
      '-q',
      '--platform',
      'linux/arm64,linux/aarch64',
      '-o',
      '-',
    ];
    const once = [...args.slice(0, 4), 'linux/arm64', '-o', '-'];
    expect((await run(args, { input })).stdout).toEqual((await run(once, { input })).stdout);
  });

  test('a RUN in a stage that nobody needs', async () => {
    const input = context('FROM scratch AS a\nRUN true\nFROM scratch\nCOPY app /\n', file('app'));
    expect(await contents(input)).toEqual(['app']);
  });
});

describe('nothing is left behind', () => {
  const large = context(
    'FROM scratch\nCOPY large /a\nCOPY large /b\n',
    member({ name: 'large', body: noise(3 * MIB) }),
  );

  /** Runs a shell script that gets the command as its arguments. */
  async function shell(script: string, args: readonly string[] = ARGS): Promise<Ended> {
    const child = spawn('sh', ['-c', script, 'sh', process.execPath, BIN, ...args], {
      cwd: folder,
      env: cleanEnvironment(folder),
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    return ended(child, large);
  }

  // In blocks of 512 bytes; files end at a size, as a disk does: the contents' file, or the archive.
  test.each([2, 10_000])('when files end after %i blocks, as on a full disk', async (blocks) => {
    const { code, stderr } = await shell(`ulimit -f ${blocks}; exec "$@"`);
    expect(stderr).toMatch(SAID);
    expect(stderr).toMatch(/no space is left|may not grow so large/);
    expect(code).toBe(1);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  test.each([
    ['SIGINT', 130, 'interrupted'],
    ['SIGTERM', 143, 'terminated'],
  ] as const)('by %s in the middle of the context', async (signal, code, said) => {
    const longer = context(
      'FROM scratch\nCOPY a /\n',
      member({ name: 'a', body: noise(20 * MIB) }),
    );
    const result = await run(ARGS, {
      input: longer.subarray(0, 19 * MIB),
      idle: true,
      started: (child) => void whenSpooled(child).then(() => child.kill(signal)),
    });
    expect(result).toMatchObject({ code, signal: null, leftovers: [] });
    expect(result.stderr).toBe(`dockerception: ${said}\n`);
  });

  test('by a reader of the archive that goes away', async () => {
    const args = [...ARGS.slice(0, -1), '-'];
    const { stderr } = await shell('{ "$@"; echo $? >&2; } | head -c 1', args);
    expect(stderr).toMatch(/^dockerception: [^\n]+\n(hint: [^\n]+\n)?1\n$/);
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});

/** Bytes that don't shrink. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let at = 0; at < length; at += 4) {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    bytes.writeInt32LE(state ^ (state >>> 15), at);
  }
  return bytes;
}

/** Until the process has a temporary file. */
async function whenSpooled({ pid }: ChildProcess): Promise<void> {
  const folder = `/proc/${pid}/fd`;
  for (;;) {
    await sleep(20);
    const files = fs.readdirSync(folder).map((name) => {
      try {
        return fs.readlinkSync(path.join(folder, name));
      } catch {
        // Closed since.
        return '';
      }
    });
    if (files.some((name) => /dockerception[-.](?!js$)[^/]*( \(deleted\))?$/.test(name))) return;
  }
}

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

async function ended(child: ChildProcess, input: Buffer): Promise<Ended> {
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin?.on('error', () => undefined).end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr };
}
