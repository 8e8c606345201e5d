/** The filter's output as GNU tar, bsdtar and Python's tarfile list and extract it. Runs as root. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filtered } from '../../support/filter.js';
import { ownersIn, withoutOwners } from '../../support/owners.js';
import { listing as entriesOf, needsConversion } from '../../support/portable.js';
import { readTar } from '../../support/read-tar.js';

const PYTHON = fileURLToPath(new URL('readers.py', import.meta.url));
const folder = fs.mkdtempSync(path.join(tmpdir(), 'dockerception-readers-'));
const tree = path.join(folder, 'tree');
const LONG = `${'deep/'.repeat(30)}${'n'.repeat(120)}`;

const ENVIRONMENT = { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' };
const sh = (program: string, ...args: string[]): Buffer =>
  execFileSync(program, args, { maxBuffer: 1 << 28, env: ENVIRONMENT });

/** What bsdtar says, where it has to: it ends with 1 for a name that isn't UTF-8. */
function bsdtar(...args: string[]): string {
  const { error, status, stdout } = spawnSync('bsdtar', args, {
    maxBuffer: 1 << 28,
    env: ENVIRONMENT,
  });
  if (error !== undefined) throw error;
  return `${stdout.toString('latin1')}exit ${status}`;
}

interface Row {
  readonly owner: string;
  readonly type: string;
  readonly pax: Readonly<Record<string, string>>;
  readonly mtime?: number | string;
}

/** GNU tar leaves some directories above a hard link with the time of the extraction. */
const NOW = 1_700_000_000e9;
const python = <T>(...args: string[]): T =>
  JSON.parse(sh('python3', PYTHON, ...args).toString()) as T;

/** Every kind of entry; what a format has no room for is left out by its writer's arguments. */
beforeAll(() => {
  const at = (name: string): string => path.join(tree, name);
  fs.mkdirSync(at('bin'), { recursive: true });
  fs.writeFileSync(at('Dockerfile'), 'FROM scratch\nCOPY . /\n');
  fs.writeFileSync(at('bin/run'), Buffer.alloc(100_001, 0x61));
  fs.chmodSync(at('bin/run'), 0o4755);
  fs.writeFileSync(at('empty'), '');
  fs.chmodSync(at('empty'), 0);
  fs.linkSync(at('bin/run'), at('bin/same'));
  fs.symlinkSync('../elsewhere', at('soft'));
  sh('mkfifo', at('fifo'));
  sh('mknod', at('null'), 'c', '1', '3');
  sh('mknod', at('disk'), 'b', '8', '17');
  fs.writeFileSync(at('Grüße 日本語'), 'hello');
  fs.writeFileSync(Buffer.concat([Buffer.from(at('caf')), Buffer.from([0xe9])]), 'latin-1');
  fs.mkdirSync(path.dirname(at(LONG)), { recursive: true });
  fs.writeFileSync(at(LONG), 'long');
  fs.linkSync(at(LONG), at('longlink'));
  fs.symlinkSync('x'.repeat(200), at('longsoft'));
  const sparse = fs.openSync(at('sparse'), 'w');
  for (let piece = 0; piece < 30; piece++) fs.writeSync(sparse, 'data', piece * 1_000_000);
  fs.ftruncateSync(sparse, 40_000_000);
  fs.closeSync(sparse);
  fs.writeFileSync(at('ping'), 'capable');
  sh('python3', PYTHON, 'attributes', at('ping'));
  sh('find', tree, '-exec', 'touch', '-h', '-d', '@1600000000.123456789', '{}', '+');
});

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const gnu =
  (format: string, ...more: string[]) =>
  (out: string) =>
    void sh(
      'tar',
      `--format=${format}`,
      '--owner=builder:197609',
      '--group=users:197121',
      ...more,
      '-C',
      tree,
      '-cf',
      out,
      '.',
    );
const bsd =
  (format: string, ...more: string[]) =>
  (out: string) =>
    void sh(
      'bsdtar',
      `--format=${format}`,
      '--uid',
      '3000000',
      '--gid',
      '3000001',
      '--uname',
      'builder',
      ...more,
      '-C',
      tree,
      '-cf',
      out,
      '.',
    );
const py = (format: string) => (out: string) =>
  void sh('python3', PYTHON, 'write', tree, format, out);

const PLAIN = ['--exclude=deep', '--exclude=long*'];
const BIG = ['--owner=:3000000', '--group=:4294967294'];

const WRITERS: Readonly<Record<string, (out: string) => void>> = {
  'GNU tar, v7': gnu('v7', ...PLAIN, '--exclude=fifo', '--exclude=null', '--exclude=disk'),
  'GNU tar, oldgnu': gnu('oldgnu'),
  'GNU tar, gnu': gnu('gnu'),
  'GNU tar, gnu, large ids': gnu('gnu', ...BIG),
  'GNU tar, gnu, sparse': gnu('gnu', '--sparse'),
  'GNU tar, gnu, incremental': gnu('gnu', '--atime-preserve', '-b1'),
  'GNU tar, oldgnu, sparse': gnu('oldgnu', '--sparse', ...BIG),
  'GNU tar, ustar': gnu('ustar', ...PLAIN, '-b1'),
  'GNU tar, posix': gnu('posix'),
  'GNU tar, posix, large ids': gnu('posix', ...BIG, '-b1'),
  'GNU tar, posix, sparse 0.0': gnu('posix', '--sparse', '--sparse-version=0.0', ...BIG),
  'GNU tar, posix, sparse 0.1': gnu('posix', '--sparse', '--sparse-version=0.1'),
  'GNU tar, posix, sparse 1.0': gnu('posix', '--sparse', '--sparse-version=1.0', ...BIG),
  'GNU tar, posix, xattrs': gnu('posix', '--xattrs', '--xattrs-include=*', ...BIG),
  'GNU tar, posix, a global header': gnu(
    'posix',
    '--pax-option=comment=all',
    '--pax-option=globexthdr.name=g',
  ),
  'bsdtar, ustar': bsd('ustar', ...PLAIN, '--uid=197609', '--gid=197121'),
  'bsdtar, pax': bsd('pax'),
  'bsdtar, gnutar': bsd('gnutar'),
  'tarfile, USTAR': (out) => {
    const plain = path.join(folder, 'plain');
    sh('cp', '-a', path.join(tree, 'bin'), plain);
    sh('python3', PYTHON, 'write', plain, 'USTAR', out);
    fs.rmSync(plain, { recursive: true });
  },
  'tarfile, GNU': py('GNU'),
  'tarfile, PAX': py('PAX'),
};

/** `mode owner/group …`: the owner, and the line without it. */
function lines(text: string, owner: RegExp): { owners: Set<string>; rest: string[] } {
  const owners = new Set<string>();
  const rest = text
    .trimEnd()
    .split('\n')
    .map((line) =>
      line
        .replace(owner, (_, mode: string, who: string) => {
          owners.add(who.trim().replace(/\s+/g, '/'));
          return `${mode} `;
        })
        .replace(/\s+/g, ' '),
    );
  return { owners, rest };
}

const LISTINGS = {
  'GNU tar': (file: string) =>
    lines(
      sh(
        'tar',
        '--numeric-owner',
        '--full-time',
        '--quoting-style=escape',
        '-tvf',
        file,
      ).toString(),
      /^(\S+) (\d+\/\d+)/,
    ),
  bsdtar: (file: string) =>
    lines(bsdtar('--numeric-owner', '-tvf', file), /^(\S+\s+\d+) (\d+\s+\d+)/),
} as const;

/** Without the root that was put in front, where it was. */
const own = <T>(after: readonly T[], before: readonly T[]): readonly T[] =>
  after.slice(after.length - before.length);

describe.each(Object.entries(WRITERS))('%s', (_, write) => {
  const [before, after] = [path.join(folder, 'before.tar'), path.join(folder, 'after.tar')];
  let input: Buffer;
  let output: Buffer;

  beforeAll(async () => {
    write(before);
    input = fs.readFileSync(before);
    output = await filtered(input, {}, 10_000);
    fs.writeFileSync(after, output);
  });

  test.each(Object.entries(LISTINGS))(
    'is listed by %s as before, but for its owners',
    (_reader, listing) => {
      const [was, is] = [listing(before), listing(after)];
      expect(own(is.rest, was.rest)).toEqual(was.rest);
      expect(is.rest.length - was.rest.length).toBeLessThanOrEqual(1);
      expect([...is.owners]).toEqual(['0/0']);
    },
  );

  test("is listed by Python's tarfile as before, but for its owners", () => {
    const [was, is] = [python<Row[]>('list', before), python<Row[]>('list', after)];
    const ownerless = (rows: readonly Row[]): object[] =>
      rows.map((row) => ({ ...row, owner: '' }));
    // Old GNU sparse files leave as PAX sparse ones, with the same content.
    const sparse = (row: Row): boolean => row.type === 'S';
    const converted = was.map((row) => (sparse(row) ? { ...row, type: '0' } : row));
    const plain = own(is, was).map((row, at) => {
      if (!was[at] || !sparse(was[at])) return row;
      const records = Object.entries(row.pax).filter(([key]) => !key.startsWith('GNU.sparse.'));
      return { ...row, pax: Object.fromEntries(records) };
    });
    expect(ownerless(plain)).toEqual(ownerless(converted));
    expect(new Set(is.map(({ owner }) => owner))).toEqual(new Set(['0:0 :']));
  });

  test('is extracted by GNU tar as before, but for its owners', () => {
    const [was, is] = [before, after].map((file) => {
      const target = path.join(folder, 'extracted');
      fs.mkdirSync(target);
      try {
        sh(
          'tar',
          '--numeric-owner',
          '--same-owner',
          '--xattrs',
          '--xattrs-include=*',
          '-xpf',
          file,
          '-C',
          target,
        );
        return python<Record<string, Row>>('snapshot', target);
      } finally {
        fs.rmSync(target, { recursive: true });
      }
    }) as [Record<string, Row>, Record<string, Row>];
    const ownerless = (rows: Record<string, Row>): object =>
      Object.fromEntries(
        Object.entries(rows).map(([name, row]) => {
          const mtime = Number(row.mtime) > NOW ? 'now' : row.mtime;
          return [name, { ...row, owner: '', mtime }];
        }),
      );
    expect(ownerless(is)).toEqual(ownerless(was));
    expect(new Set(Object.values(is).map(({ owner }) => owner))).toEqual(new Set(['0:0']));
  });

  test('differs in its owners alone, byte for byte', () => {
    const rest =
      readTar(output).entries.length > readTar(input).entries.length
        ? output.subarray(512)
        : output;
    // Old GNU sparse files leave as PAX sparse ones.
    if (needsConversion(input)) expect(entriesOf(rest, false)).toEqual(entriesOf(input, true));
    else expect(withoutOwners(rest).equals(withoutOwners(input))).toBe(true);
    for (const owner of ownersIn(output))
      expect(owner).toMatch(/^(header 0:0 \(:\)|record [ug]id=0)$/);
  });

  test('starts with a plain header', () => {
    expect(output.toString('latin1', 156, 157)).not.toMatch(/[xgXLKS]/);
  });

  test('is what it was with its owners kept', async () => {
    const kept = await filtered(input, { owner: 'keep' }, 10_000);
    expect(kept.subarray(0, -1024).equals(input.subarray(0, readTar(input).end))).toBe(true);
  });
});
