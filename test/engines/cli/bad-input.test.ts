/** What is no good context builds nothing, on any builder: exit code 3, one line, nothing left. */
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../engines.js';
import { expectFailure, five, openShell, type Shell, tracesOf } from '../support.js';
import { create } from '../tar.js';

/** Milliseconds in which it has to be over on a busy machine. */
const SECONDS = 15_000;
const HEADER = 512;
/** The Dockerfile's header and its body. */
const FIRST = 2 * HEADER;

/** A good context, three entries, whose image would have the label `is=NAME`. */
function good(name: string): Promise<Buffer> {
  return create([
    { name: 'Dockerfile', content: `FROM ${engines.base}\nLABEL is=${name}\nCOPY data /data\n` },
    { name: 'data', content: `line\n`.repeat(600) },
    // Too long for any header: a PAX header comes before it.
    { name: `${'n'.repeat(200)}`, content: 'x' },
  ]);
}

const DATA = FIRST + HEADER + 3072;

interface Case {
  readonly what: string;
  readonly damage: (tar: Buffer) => Buffer;
  readonly why: RegExp;
  readonly hint?: RegExp;
}

const cases: readonly Case[] = [
  {
    what: 'cut between two entries',
    damage: (tar) => tar.subarray(0, DATA),
    why: /cut short between two entries/,
    hint: /builder/,
  },
  {
    what: 'cut in a body',
    damage: (tar) => tar.subarray(0, FIRST + HEADER + 1000),
    why: /data.*cut short|cut short.*data/,
  },
  {
    what: 'cut in a padding',
    damage: (tar) => tar.subarray(0, FIRST + HEADER + 3030),
    why: /cut short/,
  },
  {
    what: 'cut in a header',
    damage: (tar) => tar.subarray(0, FIRST + 100),
    why: /cut short.*header|header.*cut short/,
  },
  {
    what: 'cut behind a PAX header',
    damage: (tar) => tar.subarray(0, DATA + 2 * HEADER),
    why: /cut short/,
  },
  {
    what: 'ended by one block of zeros only',
    damage: (tar) => tar.subarray(0, -HEADER),
    why: /cut short|one block of zeros|end-of-archive/,
  },
  {
    what: 'with a wrong checksum',
    damage: (tar) => Buffer.from(tar).fill('D', FIRST, FIRST + 1),
    why: /checksum|header/,
  },
  {
    what: 'followed by a log line',
    damage: (tar) => Buffer.concat([tar, Buffer.from('build finished\n')]),
    why: /after the end-of-archive.*build finished/,
    hint: /--ignore-trailing/,
  },
  {
    what: 'with CRLF in place of LF',
    damage: (tar) => Buffer.from(tar.toString('latin1').replaceAll('\n', '\r\n'), 'latin1'),
    why: /CRLF/,
    hint: /without -t/,
  },
  { what: 'that is empty', damage: () => Buffer.alloc(0), why: /is empty/, hint: /tar -c/ },
  {
    what: 'behind a log line',
    damage: (tar) => Buffer.concat([Buffer.from('Compiling app v0.1.0\n'), tar]),
    why: /starts with text.*Compiling app v0\.1\.0/,
    hint: /standard error/,
  },
  {
    what: 'without its Dockerfile',
    damage: (tar) => tar.subarray(FIRST),
    why: /Dockerfile/,
  },
  {
    what: 'in gzip that is corrupt',
    damage: (tar) => {
      const zipped = gzipSync(tar);
      const middle = zipped.length >> 1;
      return zipped.fill(0xff, middle, middle + 20);
    },
    why: /gzip data is corrupt/,
  },
  {
    what: 'in gzip that is cut short',
    damage: (tar) => gzipSync(tar).subarray(0, -12),
    why: /gzip data is cut short/,
  },
];

describe.each(five)('a context that $name gets', (variant) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variant);
  });
  afterAll(() => shell.close());

  it.each(cases)('$what builds nothing', async ({ damage, why, hint }) => {
    const app = shell.name();
    const outcome = await shell.tool(['-t', app], { input: damage(await good(app)) });
    expectFailure(outcome, 3, why, hint);
    expect(outcome.took).toBeLessThan(SECONDS);
    expect(await tracesOf(variant.host, app)).toEqual([]);
  });

  it('as text ends it at once, though the builder goes on', async () => {
    const app = shell.name();
    const endless = new PassThrough();
    endless.write('Compiling for an hour\n'.repeat(100));
    const outcome = await shell.tool(['-t', app], { input: endless });
    endless.destroy();
    expectFailure(outcome, 3, /Compiling for an hour/);
    expect(outcome.took).toBeLessThan(SECONDS);
  });

  it('builds when nothing is wrong with it', async () => {
    const app = shell.name();
    const { code, stderr } = await shell.tool(['-t', app], { input: await good(app) });
    expect(code, stderr).toBe(0);
    expect((await tracesOf(variant.host, app)).length).toBeGreaterThan(0);
  });
});
