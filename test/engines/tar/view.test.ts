/** What GNU tar and bsdtar write of sparse files and extended attributes, as the walk reads it. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endingOf, view } from '../../support/view.js';

const CHUNKS = [1, 7, 512, 64 * 1024];
const SPARSE: readonly (readonly [string, ...string[]])[] = [
  ['oldgnu', '--format=oldgnu'],
  ['gnu', '--format=gnu'],
  ['PAX 0.0', '--format=posix', '--sparse-version=0.0'],
  ['PAX 0.1', '--format=posix', '--sparse-version=0.1'],
  ['PAX 1.0', '--format=posix', '--sparse-version=1.0'],
];

let folder = '';
const at = (...parts: string[]): string => path.join(folder, ...parts);

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dockerception-view-'));
  fs.mkdirSync(at('sparse'));
  plant('plain', 3000, []);
  plant('empty', 0, []);
  plant('all-hole', 1 << 20, []);
  plant('front', 70_000, [[65_536, 4464]]);
  plant('behind', 200_000, [[0, 100]]);
  plant('middle', 300_001, [[131_072, 5000]]);
  const many = Array.from({ length: 60 }, (_, i) => [i * 16_384, 4096 + i] as const);
  plant('many', 1 << 20, many);
  plant('n'.repeat(180), 1 << 18, [[8192, 10]]);
});

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A file with data in these places, and holes elsewhere. */
function plant(name: string, size: number, data: readonly (readonly [number, number])[]): void {
  const file = fs.openSync(at('sparse', name), 'w');
  fs.ftruncateSync(file, size);
  for (const [offset, length] of data)
    fs.writeSync(file, Buffer.alloc(length, name), 0, length, offset);
  fs.closeSync(file);
}

const made = (program: string, ...args: string[]): Buffer =>
  execFileSync(program, args, { cwd: folder, maxBuffer: 1 << 28 });

describe.each(SPARSE)('sparse files of GNU tar, %s,', (name, ...options) => {
  test('have the content that they had', () => {
    const tar = made('tar', '-cS', ...options, 'sparse');
    for (const chunk of CHUNKS) {
      const { entries, ending } = view(tar, chunk);
      expect(ending).toBe('complete');
      const files = entries.filter(({ type }) => type !== 'directory');
      expect(files.map((entry) => entry.path).sort()).toEqual(
        fs
          .readdirSync(at('sparse'))
          .map((file) => `sparse/${file}`)
          .sort(),
      );
      for (const file of files) {
        const content = fs.readFileSync(at(file.path));
        expect(file.content.equals(content), `${name}: ${file.path}`).toBe(true);
        expect(file.contentSize).toBe(content.length);
      }
      const sparse = files.filter(({ isSparse }) => isSparse);
      expect(sparse.length).toBeGreaterThanOrEqual(6);
    }
  });

  test('cut anywhere are never taken for whole ones', () => {
    const tar = made('tar', '-cS', ...options, 'sparse/behind', 'sparse/middle');
    const ends: number[] = [];
    // Around every block's edge, and here and there between.
    const step = (rest: number): number => (rest < 2 || rest > 508 ? 1 : Math.min(23, 509 - rest));
    for (let end = 0; end < tar.length; end += step(end % 512)) {
      const ending = endingOf(tar.subarray(0, end));
      if (ending !== 'TAR_TRUNCATED') ends.push(end);
    }
    const whole = ends.map((end) => view(tar.subarray(0, end)));
    for (const { ending } of whole) expect(ending).toMatch(/unterminated|complete/);
    // Between two entries, which is for the caller to refuse; behind the end, the rest is padding.
    expect([...new Set(whole.map(({ entries }) => entries.length))]).toEqual([0, 1, 2]);
    const bodies = whole.at(-1)?.entries.map(({ content }) => content.length);
    expect(bodies).toEqual([200_000, 300_001]);
  });
});

describe('extended attributes', () => {
  const CAPABILITY = '0100000200200000000000000000000000000000';
  const wanted = new Map([
    ['security.capability', Buffer.from(CAPABILITY, 'hex')],
    ['user.bytes', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
    ['user.text', Buffer.from('a=b\n')],
  ]);

  beforeAll(() => {
    fs.writeFileSync(at('attributes'), 'content');
    const set = [
      'import os, sys',
      "os.setxattr(sys.argv[1], 'user.bytes', bytes(range(256)))",
      "os.setxattr(sys.argv[1], 'user.text', b'a=b\\n')",
      `os.setxattr(sys.argv[1], 'security.capability', bytes.fromhex('${CAPABILITY}'))`,
    ];
    execFileSync('python3', ['-c', set.join('\n'), at('attributes')]);
  });

  test.each([
    ['GNU tar', 'tar', ['--xattrs', '--xattrs-include=*', '-c', 'attributes']],
    ['bsdtar', 'bsdtar', ['-cf', '-', '--format=pax', 'attributes']],
    [
      'bsdtar as they are',
      'bsdtar',
      ['-cf', '-', '--format=pax', '--options=xattrheader=SCHILY', 'attributes'],
    ],
  ] as const)('of %s come byte for byte', (_, program, args) => {
    const tar = made(program, ...args);
    for (const chunk of CHUNKS) {
      const [entry] = view(tar, chunk).entries;
      expect(entry?.content.toString()).toBe('content');
      expect(new Map([...(entry?.xattrs ?? [])].sort())).toEqual(wanted);
    }
  });

  test("of bsdtar in base64 alone are ignored, as by Go's archive/tar", () => {
    const base64 = '--options=xattrheader=LIBARCHIVE';
    const tar = made('bsdtar', '-cf', '-', '--format=pax', base64, 'attributes');
    expect(tar.includes('LIBARCHIVE.xattr.user.text')).toBe(true);
    for (const chunk of CHUNKS) expect(view(tar, chunk).entries[0]?.xattrs).toBeUndefined();
  });
});

test('bsdtar writes sparse files that come whole, too', () => {
  const tar = made('bsdtar', '-cf', '-', '--format=pax', 'sparse');
  const files = view(tar).entries.filter(({ type }) => type !== 'directory');
  expect(files.filter(({ isSparse }) => isSparse).length).toBeGreaterThanOrEqual(5);
  for (const { path: name, content } of files) {
    expect(content.equals(fs.readFileSync(at(name)))).toBe(true);
  }
});
