import { describe, expect, it } from 'vitest';
import { formatTime, listLines } from '../../../src/inspect/text/list.js';
import { type Paths, treeOf } from '../../support/inspect/inspection-tree.js';

const PLAIN = { colour: false, bars: false, width: 80 };

const PATHS: Paths = {
  '/bin/busybox': { size: 1_234_567, mode: 0o755 },
  '/bin/sh': { size: 1_234_567, mode: 0o755, link: '/bin/busybox' },
  '/bin/su': { size: 70, mode: 0o4755 },
  '/dev/null': { kind: 'char-device', mode: 0o666, device: { major: 1, minor: 3 } },
  '/lib': '-> usr/lib',
  '/pipe': { kind: 'fifo', mode: 0o600, uid: 100000, gid: 5 },
  '/tmp/': { mode: 0o1777, mtime: 0 },
};

describe('the list', () => {
  it('has what ls and tar have, in columns', () => {
    expect([...listLines(treeOf(PATHS), PLAIN)]).toEqual([
      'drwxr-xr-x 0:0            0 2024-01-02 03:04:05 /bin',
      '-rwxr-xr-x 0:0      1234567 2024-01-02 03:04:05 /bin/busybox',
      '-rwxr-xr-x 0:0      1234567 2024-01-02 03:04:05 /bin/sh link to /bin/busybox',
      '-rwsr-xr-x 0:0           70 2024-01-02 03:04:05 /bin/su',
      'drwxr-xr-x 0:0            0 2024-01-02 03:04:05 /dev',
      'crw-rw-rw- 0:0          1,3 2024-01-02 03:04:05 /dev/null',
      'lrwxrwxrwx 0:0            0 2024-01-02 03:04:05 /lib -> usr/lib',
      'prw------- 100000:5       0 2024-01-02 03:04:05 /pipe',
      'drwxrwxrwt 0:0            0 1970-01-01 00:00:00 /tmp',
    ]);
  });

  it('is the same in colours', () => {
    const tree = treeOf(PATHS);
    const coloured = [...listLines(tree, { ...PLAIN, colour: true })];
    expect(coloured[3]).toContain('\x1b[31m/bin/su\x1b[0m');
    const plain = coloured.map((line) => line.replace(/\x1b\[\d+m/g, ''));
    expect(plain).toEqual([...listLines(tree, PLAIN)]);
  });

  it('has one line for each entry, whatever it is called, and cuts none', () => {
    const name = `/\x1b[2J\n${'x'.repeat(3000)}`;
    const paths = { [name]: '-> a\nb', '/\u202egpj': 1 };
    const lines = [...listLines(treeOf(paths), { ...PLAIN, bars: true })];
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/ \/\\x1b\[2J\\x0ax{3000} -> a\\x0ab$/);
    expect(lines[1]).toMatch(/ \/\\u202egpj$/);
  });

  it('of nothing is empty', () => expect([...listLines(treeOf({}), PLAIN)]).toEqual([]));
});

it.each([
  [0, '1970-01-01 00:00:00'],
  [-1, '1969-12-31 23:59:59'],
  [4294967296, '2106-02-07 06:28:16'],
  [2 ** 53 - 1, '@9007199254740991'],
])('the time %d is %s', (mtime, text) => expect(formatTime(mtime)).toBe(text));
