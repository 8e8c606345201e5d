import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { FORMS } from '../corpus/forms.js';
import { pipeline, type Run, run as runAlone, waiting } from '../support/process/cli.js';
import { useSharedProcess } from '../support/process/shared-process.js';
import { readTar } from '../support/read-tar.js';
import { END, long, member, oldSparse, pax, tar } from '../support/write-tar.js';

const DOCKERFILE = member({ name: 'Dockerfile', body: 'FROM scratch\n' });
const APP = member({ name: 'app', body: Buffer.alloc(1000, 0x61) });
const GOOD = tar(DOCKERFILE, APP);

const run = useSharedProcess();

/** One line that says what failed, perhaps one that says what to do: nothing else, no stack. */
const SAID = /^dockerception: [^\n]+\n(hint: [^\n]+\n)?$/;

/** Whatever left before the error must not pass for a tar. */
function hasEnd(stdout: Buffer): boolean {
  try {
    return stdout.length > 0 && readTar(stdout).terminated;
  } catch {
    return false;
  }
}

/** And GNU tar says so, too. */
function isRefused(stdout: Buffer): boolean {
  return spawnSync('tar', ['-t'], { input: stdout }).status === 2;
}

function expectRefusal(result: Run, message: RegExp, hint?: RegExp): void {
  expect(result.stderr).toMatch(SAID);
  const [line, more] = result.stderr.split('\n');
  expect(line).toMatch(message);
  if (hint !== undefined) expect(more).toMatch(hint);
  expect(result).toMatchObject({ code: 3, signal: null, leftovers: [] });
  expect(hasEnd(result.stdout)).toBe(false);
  expect(isRefused(result.stdout)).toBe(true);
}

const lf2crlf = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');

/** A header whose field holds this text, right in its sum. */
const field = (at: number, text: string): Buffer =>
  tar(member({ name: 'odd', body: 'x', patch: (block) => block.write(text, at, 'latin1') }));

const recorded = (key: string, value: string): Buffer =>
  tar(pax([[key, value]]), member({ name: 'odd', body: 'x' }));

const MiB = 1024 * 1024;

interface Row {
  readonly what: string;
  readonly input: Buffer;
  readonly message: RegExp;
  readonly hint?: RegExp;
}

const ROWS: readonly Row[] = [
  {
    what: 'empty input',
    input: Buffer.alloc(0),
    message: /standard input: it is empty/,
    hint: /tar/,
  },
  { what: 'an empty tar', input: END, message: /no entries/, hint: /Dockerfile/ },
  {
    what: 'text before the tar',
    input: Buffer.concat([Buffer.from('Compiling app…\nDone.\n'), GOOD]),
    message: /starts with text.*"Compiling app…"/,
    hint: /standard error/,
  },
  {
    what: 'text alone',
    input: Buffer.from('make: *** No rule to make target'),
    message: /"make: \*\*\* No rule to make target"/,
    hint: /standard error/,
  },
  {
    what: 'an empty line before the tar',
    input: Buffer.concat([Buffer.from('\n'), GOOD]),
    message: /starts with text/,
    hint: /standard error/,
  },
  {
    what: 'a coloured log',
    input: Buffer.from('\x1b[31mfailed\x1b[0m\n\n'),
    message: /"\\x1b\[31mfailed\\x1b\[0m"/,
    hint: /standard error/,
  },
  {
    what: 'a Dockerfile',
    input: Buffer.from('# syntax=docker/dockerfile:1\nFROM scratch\n'),
    message: /it is a Dockerfile, not a tar/,
    hint: /tar -c Dockerfile/,
  },
  {
    what: 'zip',
    input: Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(600, 1)]),
    message: /zip/,
  },
  { what: 'noise', input: Buffer.alloc(4096, 0xa5), message: /does not start with a tar header/ },
  { what: 'CRLF damage', input: lf2crlf(GOOD), message: /CRLF/, hint: /without -t/ },
  {
    what: 'CRLF damage of a PAX tar',
    input: lf2crlf(tar(pax([['mtime', '1.5']]), DOCKERFILE, APP)),
    message: /CRLF/,
    hint: /without -t/,
  },
  {
    what: 'CRLF damage behind text',
    input: lf2crlf(Buffer.concat([Buffer.from('Done.\n'), GOOD])),
    message: /"Done\."/,
    hint: /standard error/,
  },
  {
    what: 'a cut in a body',
    input: GOOD.subarray(0, 1024 + 512 + 300),
    message: /cut short in the body of app, 700 bytes short/,
  },
  {
    what: 'a cut in padding',
    input: GOOD.subarray(0, 1024 + 512 + 1010),
    message: /cut short in the padding after app/,
  },
  {
    what: 'a cut in a header',
    input: GOOD.subarray(0, 1024 + 100),
    message: /cut short in a header, 100 of 512 bytes/,
  },
  {
    what: 'a cut in the first header',
    input: GOOD.subarray(0, 200),
    message: /cut short in a header/,
  },
  {
    what: 'a cut in a PAX header',
    input: tar(pax([['comment', 'c'.repeat(100)]]), APP).subarray(0, 560),
    message: /cut short in an extended header/,
  },
  {
    what: 'a cut behind a PAX header',
    input: pax([['mtime', '1.5']]),
    message: /cut short after an extended header/,
  },
  {
    what: 'an end-of-archive behind a PAX header',
    input: tar(DOCKERFILE, pax([['mtime', '1.5']])),
    message: /cut short after an extended header/,
  },
  {
    what: 'a cut behind a GNU long name',
    input: Buffer.concat([DOCKERFILE, long('L', 'n'.repeat(120))]),
    message: /cut short after an extended header/,
  },
  {
    what: 'a cut in a sparse map',
    input: oldSparse(
      { name: 'sparse' },
      Array.from({ length: 6 }, (_, i) => [i * 1024, 'x'] as const),
      8192,
    ).subarray(0, 700),
    message: /cut short in the sparse map of sparse/,
  },
  {
    what: 'a cut between two entries',
    input: DOCKERFILE,
    message: /cut short between two entries/,
    hint: /--allow-unterminated/,
  },
  {
    what: 'one zero block only',
    input: Buffer.concat([DOCKERFILE, Buffer.alloc(512)]),
    message: /cut short/,
    hint: /--allow-unterminated/,
  },
  {
    what: 'a cut in the end-of-archive',
    input: GOOD.subarray(0, GOOD.length - 100),
    message: /cut short in the end-of-archive/,
  },
  {
    what: 'a lone zero block and more',
    input: tar(DOCKERFILE, Buffer.alloc(512), APP),
    message: /lone zero block.*byte 1536/,
  },
  {
    what: 'a bad checksum',
    input: Buffer.concat([DOCKERFILE, Buffer.from(APP).fill(0x42, 0, 3), END]),
    message: /bad checksum.*byte 1024/,
  },
  {
    what: 'a negative size',
    input: field(124, '\xff'.repeat(11) + '\xfe'),
    message: /odd.*size is negative/,
  },
  {
    what: 'a size that is no number',
    input: field(124, 'NaN\0'),
    message: /odd.*size is not a number/,
  },
  {
    what: 'a size with a minus',
    input: field(124, '-0000000001\0'),
    message: /odd.*size is not a number/,
  },
  {
    what: 'an oversized size',
    input: field(124, '\x80' + '\xff'.repeat(11)),
    message: /odd.*size is oversized/,
  },
  {
    what: 'a size larger than the stream',
    input: field(124, '\x80\0\0\0\0\x1f' + '\xff'.repeat(6)),
    message: /cut short in the body of odd/,
  },
  {
    what: 'a mode that is no number',
    input: field(100, 'rwxr-xr-'),
    message: /odd.*mode is not a number/,
  },
  {
    what: 'an mtime that is no number',
    input: field(136, 'yesterday\0'),
    message: /odd.*mtime is not a number/,
  },
  {
    what: 'an oversized mtime',
    input: field(136, '\x80' + '\xff'.repeat(11)),
    message: /odd.*mtime is oversized/,
  },
  {
    what: 'a device number that is none',
    input: tar(
      member({ name: 'odd', typeflag: '3', patch: (block) => block.write('major', 329, 'latin1') }),
    ),
    message: /odd.*device number is not a number/,
  },
  {
    what: 'a negative size in PAX',
    input: recorded('size', '-1'),
    message: /odd.*size is negative/,
  },
  {
    what: 'NaN as a size in PAX',
    input: recorded('size', 'NaN'),
    message: /odd.*size is not a number/,
  },
  {
    what: 'an oversized size in PAX',
    input: recorded('size', '9'.repeat(20)),
    message: /odd.*size is oversized/,
  },
  {
    what: 'an mtime in PAX that is none',
    input: recorded('mtime', 'Infinity'),
    message: /odd.*mtime is not a number/,
  },
  {
    what: 'a malformed PAX record',
    input: tar(member({ name: 'pax', typeflag: 'x', body: '99 path=short\n' }), APP),
    message: /PAX record is malformed/,
  },
  {
    what: 'a PAX record without a length',
    input: tar(member({ name: 'pax', typeflag: 'x', body: 'path=short\n' }), APP),
    message: /PAX record is malformed/,
  },
  {
    what: 'PAX metadata over 1 MiB',
    input: tar(pax([['comment', 'c'.repeat(MiB)]]), APP),
    message: /more than 1 MiB/,
  },
  {
    what: 'a global PAX header over 1 MiB',
    input: tar(pax([['comment', 'c'.repeat(MiB)]], { typeflag: 'g' }), APP),
    message: /more than 1 MiB/,
  },
  {
    what: 'a GNU long name over 1 MiB',
    input: tar(long('L', 'n'.repeat(MiB)), APP),
    message: /more than 1 MiB/,
  },
  {
    what: 'metadata of a negative size',
    input: tar(
      member({
        name: 'pax',
        typeflag: 'x',
        patch: (block) => block.fill(0xff, 124, 136),
      }),
      APP,
    ),
    message: /extended header's size is negative/,
  },
  {
    what: 'two PAX headers for one entry',
    input: tar(pax([['uid', '1']]), pax([['uid', '2']]), APP),
    message: /a second PAX header/,
  },
  {
    what: 'a size for all in a global PAX header',
    input: tar(pax([['size', '1']], { typeflag: 'g' }), APP),
    message: /global PAX header sets 'size'/,
  },
  {
    what: '.. in a name',
    input: tar(DOCKERFILE, member({ name: 'a/../../etc/passwd', body: 'x' })),
    message: /a\/\.\.\/\.\.\/etc\/passwd.*'\.\.' in the name/,
    hint: /below its own root/,
  },
  {
    what: '.. in a name in PAX',
    input: tar(DOCKERFILE, pax([['path', '../evil']]), APP),
    message: /\.\.\/evil.*'\.\.' in the name/,
  },
  {
    what: '.. in a GNU long name',
    input: tar(DOCKERFILE, long('L', '../evil'), APP),
    message: /'\.\.' in the name/,
  },
  {
    what: '.. in a hard link',
    input: tar(DOCKERFILE, member({ name: 'link', typeflag: '1', linkname: '../../etc/shadow' })),
    message: /link.*'\.\.' in the target of the hard link: \.\.\/\.\.\/etc\/shadow/,
  },
  {
    what: 'no Dockerfile',
    input: tar(APP, member({ name: 'lib/', typeflag: '5' }), member({ name: 'lib/Dockerfile' })),
    message: /no Dockerfile at 'Dockerfile'; the root has: app, lib/,
    hint: /-f PATH/,
  },
  {
    what: 'a Dockerfile in the wrong case',
    input: tar(APP, member({ name: 'DOCKERFILE' })),
    message: /no Dockerfile at 'Dockerfile'; the root has: app, DOCKERFILE/,
    hint: /-f DOCKERFILE/,
  },
  {
    what: 'a folder called Dockerfile',
    input: tar(APP, member({ name: 'Dockerfile/', typeflag: '5' })),
    message: /no Dockerfile at 'Dockerfile': it is a folder/,
  },
  {
    what: 'text after the end-of-archive',
    input: Buffer.concat([GOOD, Buffer.from('done\n')]),
    message: /5 bytes after the end-of-archive, starting with "done\\x0a"/,
    hint: /--ignore-trailing/,
  },
  {
    what: 'a second tar behind zeros',
    input: Buffer.concat([GOOD, Buffer.alloc(8192), GOOD]),
    message: new RegExp(`${GOOD.length} bytes after the end-of-archive, starting with "Dockerfile`),
    hint: /--ignore-trailing/,
  },
  {
    what: 'gzip data that is cut short',
    input: gzipSync(GOOD).subarray(0, -20),
    message: /gzip data is cut short/,
  },
  {
    what: 'gzip data that is corrupt',
    input: (() => {
      const bytes = gzipSync(GOOD);
      bytes[bytes.length - 6] = 0x55 ^ (bytes[bytes.length - 6] as number);
      return bytes;
    })(),
    message: /gzip data is corrupt/,
  },
  { what: 'gzip around text', input: gzipSync('hello\n'), message: /starts with text/ },
  { what: 'gzip around nothing', input: gzipSync(''), message: /it is empty/ },
  {
    what: 'gzip around a tar that is cut',
    input: gzipSync(DOCKERFILE),
    message: /between two entries/,
  },
  {
    what: 'zstd data that is cut short',
    input: Buffer.from('28b52ffd', 'hex'),
    message: /zstd data is cut short/,
  },
  {
    what: 'xz data that is cut short',
    input: Buffer.from('fd377a585a000004e6d6b446', 'hex'),
    message: /xz data is cut short/,
  },
];

/** What is wrong with an owner, which `filter` replaces. */
const OWNERS: readonly Row[] = [
  { what: 'a negative uid', input: field(108, '\xff'.repeat(8)), message: /odd.*uid is negative/ },
  {
    what: 'a gid that is no number',
    input: field(116, '0x1f4\0'),
    message: /odd.*gid is not a number/,
  },
  { what: 'a negative uid in PAX', input: recorded('uid', '-2'), message: /odd.*uid is negative/ },
  {
    what: 'a uid with a fraction in PAX',
    input: recorded('uid', '1.5'),
    message: /odd.*uid is not a number/,
  },
];

describe('filter --keep-owner refuses', () => {
  test.each(OWNERS)('$what, which filter replaces', async ({ input, message }) => {
    const args = ['filter', '--allow-no-dockerfile'];
    expectRefusal(await run([...args, '--keep-owner'], { input }), message);
    const { code, stdout, stderr } = await run(args, { input });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const { uid, gid } of readTar(stdout).entries) expect([uid, gid]).toEqual([0, 0]);
  });
});

describe('filter leaves out', () => {
  test('a file without a name, with a notice', async () => {
    const input = tar(DOCKERFILE, member({ name: '', body: 'x' }));
    const { code, stdout, stderr } = await run(['filter'], { input });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^dockerception: left out an entry that has the name of the root/);
    expect(readTar(stdout).entries).toHaveLength(1);
  });
});

describe('filter refuses', () => {
  test.each([
    ['an entry', GOOD.subarray(0, -1024)],
    ['nothing', Buffer.alloc(0)],
  ])('the output of a filter that has failed after %s, and says so', async (_, cut) => {
    const failed = await run(['filter'], { input: cut });
    expect(failed.code).toBe(3);
    const message = /reading standard input: the command that wrote it has failed/;
    for (const input of [failed.stdout, gzipSync(failed.stdout)])
      expectRefusal(await run(['filter'], { input }), message, /error of that command/);
  });

  test.each(ROWS)('$what', async ({ input, message, hint }) => {
    expectRefusal(await run(['filter'], { input }), message, hint);
  });

  test.each(ROWS.filter((_, index) => index % 6 === 0))(
    "$what, through a shell's pipes",
    { timeout: 30_000 },
    async ({ input, message }) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'dockerception-test-'));
      try {
        writeFileSync(path.join(folder, 'input'), input);
        const result = await pipeline(`cat '${folder}/input'`, ['filter'], 'cat');
        expect(result.code).toBe(3);
        expect(result.stderr).toMatch(SAID);
        expect(result.stderr).toMatch(message);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  test.each(FORMS)('CRLF damage of $name, or what it did to it', async ({ tar: bytes }) => {
    const damaged = lf2crlf(bytes);
    const args = ['filter', '--allow-no-dockerfile'];
    if (damaged.equals(bytes)) return;
    const result = await run(args, { input: damaged });
    // What was left out before the damage shows has been reported.
    const stderr = result.stderr.replaceAll(/^dockerception: left out [^\n]+\n/gm, '');
    expectRefusal({ ...result, stderr }, /./);
  });
});

describe('filter takes, because it was told to,', () => {
  test('a tar that ends between two entries', async () => {
    const { code, stdout, stderr } = await run(['filter', '--allow-unterminated'], {
      input: DOCKERFILE,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readTar(stdout).terminated).toBe(true);
  });

  test('data after the end-of-archive, and says how much', async () => {
    const input = Buffer.concat([GOOD, Buffer.from('done\n')]);
    const { code, stdout, stderr } = await run(['filter', '--ignore-trailing'], { input });
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        'dockerception: ignored 5 bytes after the end-of-archive, starting with "done\\x0a"\n',
    });
    expect(readTar(stdout).terminated).toBe(true);
  });

  test('a context without a Dockerfile', async () => {
    const { code, stderr } = await run(['filter', '--allow-no-dockerfile'], { input: tar(APP) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('filter goes on', () => {
  test("without a leading '/', and says so once", async () => {
    const input = tar(
      member({ name: '/Dockerfile', body: 'FROM scratch\n' }),
      member({ name: '//app', body: 'x' }),
      member({ name: '/hard', typeflag: '1', linkname: '/app' }),
      member({ name: '/soft', typeflag: '2', linkname: '/app' }),
    );
    const { code, stdout, stderr } = await run(['filter'], { input });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^dockerception: [^\n]*leading '\/'[^\n]*\/Dockerfile[^\n]*\n$/);
    expect(readTar(stdout).entries.map(({ name, linkname }) => `${name} ${linkname}`)).toEqual([
      'Dockerfile ',
      'app ',
      'hard app',
      'soft /app',
    ]);
  });

  test("quietly, where it is told so, without a leading '/'", async () => {
    const input = tar(member({ name: '/Dockerfile', body: 'FROM scratch\n' }));
    const { code, stderr } = await run(['filter', '-q'], { input });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test.each([
    ['zeros', Buffer.alloc(4 * MiB), []],
    ['text that is ignored', Buffer.alloc(4 * MiB, 'text'), ['--ignore-trailing']],
  ])(
    'to the end of the pipe when %s follow, so that the producer lives',
    async (_, behind, args) => {
      const result = await run(['filter', ...args], { input: Buffer.concat([GOOD, behind]) });
      expect(result).toMatchObject({ code: 0, drained: true });
      expect(readTar(result.stdout).terminated).toBe(true);
    },
  );

  test('to the end of a pipe of the shell, so that the producer lives', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'dockerception-test-'));
    try {
      writeFileSync(path.join(folder, 'tar'), Buffer.concat([GOOD, Buffer.alloc(4 * MiB)]));
      const producer = `cat '${folder}/tar'; echo "status $?" > '${folder}/said'`;
      const result = await pipeline(producer, ['filter'], 'cat');
      expect(result).toEqual({ code: 0, stderr: '' });
      expect(readFileSync(path.join(folder, 'said'), 'utf8')).toBe('status 0\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const LARGE = tar(DOCKERFILE, member({ name: 'large', body: Buffer.alloc(4 * MiB, 0x61) }));

describe('filter ends', () => {
  test.each([
    ['large', LARGE],
    ['small', GOOD],
  ])('with a clear line on a full disk, for a %s tar', async (_, input) => {
    const stdout = openSync('/dev/full', 'w');
    try {
      const result = await run(['filter'], { input, stdout });
      expect(result.stderr).toMatch(/^dockerception: writing standard output: no space is left\n$/);
      expect(result).toMatchObject({ code: 1, leftovers: [] });
    } finally {
      closeSync(stdout);
    }
  });

  test('with a clear line when its reader has gone', async () => {
    const result = await runAlone(['filter'], {
      input: LARGE,
      started: (child) => void child.stdout?.destroy(),
    });
    expect(result.stderr).toMatch(SAID);
    expect(result.stderr).toMatch(/writing standard output: its reader has gone/);
    expect(result).toMatchObject({ code: 1, signal: null, leftovers: [] });
  });

  test("with a clear line when its reader in a shell's pipe has gone", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'dockerception-test-'));
    try {
      writeFileSync(path.join(folder, 'tar'), LARGE);
      const result = await pipeline(`cat '${folder}/tar'`, ['filter'], 'head -c 100 >/dev/null');
      expect(result.code).toBe(1);
      expect(result.stderr).toMatch(SAID);
      expect(result.stderr).toMatch(/its reader has gone/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('with code 2 when the context is nowhere', async () => {
    const result = await run(['filter', '/nowhere/context.tar']);
    expect(result.stderr).toMatch(SAID);
    expect(result.stderr).toMatch(/\/nowhere\/context\.tar: there is no such file/);
    expect(result.code).toBe(2);
  });
});

const SIGNALS = [
  ['SIGINT', 130, 'interrupted'],
  ['SIGTERM', 143, 'terminated'],
] as const;

describe.concurrent.each(SIGNALS)('%s ends filter with %i', (signal, code, word) => {
  const expectEnd = (result: { code: number | null; stderr: string }): void => {
    expect(result.stderr).toBe(`dockerception: ${word}\n`);
    expect(result.code).toBe(code);
  };
  const whenWaiting = async (pid: number | undefined): Promise<void> => {
    await waiting(pid);
    process.kill(pid as number, signal);
  };

  test.each([
    ['before the first byte', undefined],
    ['within a header', GOOD.subarray(0, 300)],
    ['within the first bytes', GOOD.subarray(0, 4)],
    ['within a body', GOOD.subarray(0, 1800)],
    ['between two entries', DOCKERFILE],
    ['after the end-of-archive', GOOD],
    ['within gzip data', gzipSync(GOOD).subarray(0, 60)],
  ])('while standard input is idle %s', async (_, input) => {
    const options = {
      idle: true,
      started: (child: { pid?: number | undefined }) => whenWaiting(child.pid),
    };
    const result = await runAlone(['filter'], { ...options, ...(input && { input }) });
    expectEnd(result);
    expect(result).toMatchObject({ signal: null, leftovers: [] });
    expect(hasEnd(result.stdout)).toBe(false);
    expect(isRefused(result.stdout)).toBe(true);
  });

  test('while standard output is stalled', async () => {
    const result = await runAlone(['filter'], {
      input: LARGE,
      stalled: true,
      started: (child) => whenWaiting(child.pid),
    });
    expectEnd(result);
  });

  test.each([
    ['its input is idle', 'sleep 60', 'cat >/dev/null'],
    ['its input is idle within a body', "head -c 2000 '$TAR'; sleep 60", 'cat >/dev/null'],
    ['nobody reads its output', "cat '$TAR'", 'sleep 60'],
    ['nobody reads its output, in small pieces', "dd if='$TAR' bs=700 2>/dev/null", 'sleep 60'],
  ])("in a shell's pipe while %s", async (_, producer, consumer) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'dockerception-test-'));
    try {
      const file = path.join(folder, 'tar');
      writeFileSync(file, LARGE);
      const command = producer.replace('$TAR', file);
      expectEnd(
        await pipeline(
          command,
          ['filter', '--prefix', 'p', '-f', 'p/Dockerfile'],
          consumer,
          whenWaiting,
        ),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
