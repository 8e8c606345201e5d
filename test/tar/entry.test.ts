import { describe, expect, test } from 'vitest';
import type { EntryHeader } from '../../src/tar/entry-header.js';
import { type Entry, readTar } from '../support/read-tar.js';
import { walk } from '../support/walk.js';
import { header, long, member, oldSparse, padded, pax, tar } from '../support/write-tar.js';

const LONG = `${'deep/'.repeat(35)}end`;
const LONGER = 'n'.repeat(300);
const LATIN1 = Buffer.from('caf\xe9', 'latin1');

/** What an edit sees of each entry. */
function seen<T>(bytes: Buffer, look: (entry: EntryHeader) => T): T[] {
  const all: T[] = [];
  walk(bytes, (entry) => void all.push(look(entry)));
  return all;
}

/** The one entry as another reader sees it when it has been edited. */
function edited(bytes: Buffer, edit: (entry: EntryHeader) => void): Entry {
  const { entries } = readTar(walk(bytes, edit).output);
  expect(entries).toHaveLength(1);
  return entries[0] as Entry;
}

describe('an entry is read as other readers do', () => {
  test('in a plain header', () => {
    const bytes = tar(
      member({ name: 'file', prefix: 'in', mode: 0o104755, uid: 7, gid: 8, mtime: 9, body: 'abc' }),
    );
    const [entry] = seen(
      bytes,
      ({ path, type, typeflag, size, uid, gid, uname, gname, mode, mtime, linkpath }) => ({
        ...{ path, type, typeflag, size, uid, gid, uname, gname, mode, mtime, linkpath },
      }),
    );
    expect(entry).toEqual({
      ...{ path: 'in/file', type: 'file', typeflag: '0', size: 3, uid: 7, gid: 8 },
      ...{ uname: 'builder', gname: 'users', mode: 0o4755, mtime: 9, linkpath: '' },
    });
  });

  test('with PAX before a GNU long name before a global record before the header', () => {
    const globals = pax(
      [
        ['uid', '5'],
        ['uname', 'glo'],
        ['mtime', '1.5'],
      ],
      { typeflag: 'g' },
    );
    const bytes = tar(
      globals,
      pax([
        ['path', 'pax'],
        ['uid', '6'],
      ]),
      member({ name: 'header', uid: 7 }),
      long('L', 'long'),
      member({ name: 'header', uid: 7 }),
      pax([
        ['uid', ''],
        ['uname', ''],
      ]),
      member({ name: 'header', uid: 7 }),
    );
    expect(seen(bytes, ({ path, uid, uname, mtime }) => [path, uid, uname, mtime])).toEqual([
      ['pax', 6, 'glo', 1.5],
      ['long', 5, 'glo', 1.5],
      ['header', 7, 'builder', 1.5],
    ]);
  });

  test('with the name of a sparse file, not that of its stand-in', () => {
    const records = [
      ['GNU.sparse.major', '1'],
      ['GNU.sparse.name', 'big'],
    ] as const;
    const bytes = tar(pax(records), member({ name: 'GNUSparseFile.1/big' }));
    expect(seen(bytes, ({ path }) => path)).toEqual(['big']);
  });

  test('with its size in PAX', () => {
    const bytes = tar(pax([['size', '3']]), header({ name: 'x', size: 0 }), padded('abc'));
    expect(seen(bytes, ({ size }) => size)).toEqual([3]);
  });

  test('without names in v7, whatever stands there', () => {
    const bytes = tar(
      member({ name: 'x', magic: 'v7', patch: (block) => block.fill(0x41, 265, 500) }),
    );
    expect(seen(bytes, ({ path, uname, gname }) => [path, uname, gname])).toEqual([['x', '', '']]);
  });
});

describe('an entry gets another name', () => {
  const forms = {
    ustar: member({ name: 'old', prefix: 'in' }),
    gnu: member({ name: 'old', magic: 'gnu', patch: (block) => block.write('17', 345) }),
    v7: member({ name: 'old', magic: 'v7' }),
    'PAX without a path': Buffer.concat([pax([['mtime', '1']]), member({ name: 'old' })]),
    'PAX with a path': Buffer.concat([pax([['path', LONG]]), member({ name: 'old' })]),
    'a GNU long name': Buffer.concat([long('L', LONG), member({ name: 'old', magic: 'gnu' })]),
    'both, which agree': Buffer.concat([
      long('L', LONG),
      pax([['path', LONG]]),
      member({ name: 'old' }),
    ]),
    'an empty path in PAX': Buffer.concat([pax([['path', '']]), member({ name: 'old' })]),
    'a sparse file': Buffer.concat([
      pax([
        ['GNU.sparse.map', '0,1'],
        ['GNU.sparse.name', 'old'],
      ]),
      member({ name: 'GNUSparseFile.1/old' }),
    ]),
    'an old sparse file': oldSparse({ name: 'old' }, [[0, 'x']], 512),
  };
  const names = [
    'n',
    'n/'.repeat(49),
    'n'.repeat(100),
    'n'.repeat(101),
    `${'n'.repeat(155)}/${'n'.repeat(100)}`,
    LONGER,
  ];

  test.each(Object.entries(forms))('in %s, short and long, UTF-8 and not', (_, blocks) => {
    for (const name of [
      ...names.map((text) => Buffer.from(text)),
      LATIN1,
      Buffer.concat([Buffer.from(LONGER), LATIN1]),
    ]) {
      const entry = edited(tar(blocks), (one) => {
        one.pathBytes = name;
        expect(one.pathBytes.equals(name)).toBe(true);
      });
      expect(entry.name).toBe(name.toString('latin1'));
    }
  });

  test('and those who know no sparse files see a stand-in beside it', () => {
    const entry = edited(tar(forms['a sparse file']), (one) => (one.path = 'a/b'));
    expect(entry.header.name.toString()).toBe('a/GNUSparseFile.0/b');
  });

  test('for its link, short and long', () => {
    const link = { name: 'l', typeflag: '2', linkname: 'old' };
    const withLink = {
      ustar: member(link),
      gnu: member({ ...link, magic: 'gnu' }),
      PAX: Buffer.concat([pax([['linkpath', LONG]]), member(link)]),
      'a GNU long link': Buffer.concat([long('K', LONG), member({ ...link, magic: 'gnu' })]),
    };
    for (const blocks of Object.values(withLink)) {
      for (const name of names) {
        expect(edited(tar(blocks), (one) => (one.linkpath = name)).linkname).toBe(name);
      }
    }
  });
});

describe("an entry's owner", () => {
  test('is overruled where a global header has one', () => {
    const bytes = tar(
      pax(
        [
          ['uid', '5'],
          ['gname', 'glo'],
        ],
        { typeflag: 'g' },
      ),
      member({ name: 'x', uid: 1 }),
    );
    const entry = edited(bytes, (one) => {
      one.uid = 0;
      one.gname = '';
    });
    expect(entry.uid).toBe(0);
    // The record that takes the global one back.
    expect(entry.records.has('gname')).toBe(false);
  });

  test('is the same in every record of it, where it has several', () => {
    for (const last of ['1000', '0', '']) {
      const bytes = tar(
        pax([
          ['uid', '1000'],
          ['uid', last],
        ]),
        member({ name: 'x' }),
      );
      const { groups } = readTar(walk(bytes, (entry) => void (entry.uid = 0)).output);
      expect(groups[0]?.records.map(([key, value]) => `${key}=${value.toString()}`)).toEqual([
        'uid=0',
      ]);
    }
  });

  test('beyond octal is written in base-256', () => {
    expect(edited(tar(member({ name: 'x' })), (one) => (one.uid = 3_000_000)).uid).toBe(3_000_000);
  });

  test('that is what it was changes no byte', () => {
    const root = { uid: 0, gid: 0, uname: '', gname: '' };
    const bytes = tar(
      pax(
        [
          ['uid', '0'],
          ['gid', '00'],
        ],
        root,
      ),
      member({ name: 'x', ...root }),
    );
    const { output } = walk(bytes, (entry) => {
      entry.uid = entry.gid = 0;
      entry.uname = entry.gname = '';
    });
    expect(output.equals(bytes.subarray(0, output.length))).toBe(true);
  });
});

describe("an entry's other fields", () => {
  test('keep what a mode has beside the permissions', () => {
    const entry = edited(tar(member({ name: 'x', mode: 0o100644 })), (one) => (one.mode = 0o755));
    expect(entry.mode).toBe(0o100755);
  });

  test('have times in every form', () => {
    const bytes = tar(
      pax([
        ['mtime', '9.5'],
        ['atime', '8.5'],
        ['ctime', '1.5'],
        ['LIBARCHIVE.creationtime', '7'],
      ]),
      member({
        magic: 'gnu',
        name: 'x',
        patch: (block) => {
          block.write('00000000006\0', 345, 'latin1');
          block.write('00000000001\0', 357, 'latin1');
        },
      }),
    );
    const entry = edited(bytes, (one) => one.mapTimes((time) => Math.min(time, 3)));
    expect(entry).toMatchObject({ mtime: '3' });
    expect([...entry.records]).toEqual([
      ['atime', '3'],
      ['ctime', '1.5'],
      ['LIBARCHIVE.creationtime', '3'],
    ]);
    expect(entry.header.mtime).toBe(3);
    expect(entry.header.tail.toString('latin1', 16, 40)).toBe('00000000003\x0000000000001\0');
  });

  test('may be times with a fraction, where there is room for one', () => {
    const entry = edited(
      tar(pax([['mtime', '9']]), member({ name: 'x' })),
      (one) => (one.mtime = 1.25),
    );
    expect(entry).toMatchObject({ mtime: '1.25', header: { mtime: 1 } });
  });
});

describe('an entry is refused', () => {
  const refused = {
    'for a PAX path and a GNU long name that differ': [
      tar(pax([['path', 'good']]), long('L', 'evil'), member({ name: 'x' })),
      /PAX record 'path' and its GNU long name disagree/,
    ],
    'for a PAX link and a GNU long link that differ': [
      tar(long('K', 'evil'), pax([['linkpath', 'good']]), member({ name: 'x', typeflag: '2' })),
      /PAX record 'linkpath' and its GNU long link disagree/,
    ],
    "for a sparse file's name where nothing is sparse": [
      tar(
        pax([
          ['GNU.sparse.name', 'good'],
          ['path', 'evil'],
        ]),
        member({ name: 'x' }),
      ),
      /PAX record 'GNU\.sparse\.name' and its name disagree/,
    ],
    "for a sparse file's stand-in that leads outside": [
      tar(
        pax([
          ['GNU.sparse.major', '1'],
          ['GNU.sparse.name', 'good'],
          ['path', '../evil'],
        ]),
        member({ name: 'x' }),
      ),
      /disagree/,
    ],
    "for a sparse file's stand-in at the root": [
      tar(
        pax([
          ['GNU.sparse.map', '0,1'],
          ['GNU.sparse.name', 'good'],
        ]),
        member({ name: '/etc/evil' }),
      ),
      /disagree/,
    ],
    'for a NUL in a PAX link': [
      tar(pax([['linkpath', 'a\0b']]), member({ name: 'x', typeflag: '1' })),
      /a name in PAX has a NUL/,
    ],
    'for a sparse map where ustar has its prefix': [
      tar(member({ name: 'x', typeflag: 'S' })),
      /typeflag is GNU's for sparse files, but the header isn't GNU's/,
    ],
  } as const;
  test.each(Object.entries(refused))('%s', (_, [bytes, message]) => {
    expect(() => walk(bytes)).toThrowError(message);
  });
});
