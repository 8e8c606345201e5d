import { describe, expect, test } from 'vitest';
import { parseOwner, setMode } from '../../src/edit/attributes.js';
import type { Edit } from '../../src/edit/edit.js';
import { compose } from '../../src/edit/edit.js';
import { replaceBy } from '../../src/edit/select.js';
import { cleanPath } from '../../src/text/path.js';
import { parseTime, sourceDateEpoch } from '../../src/text/time.js';
import { filter, filtered } from '../support/filter.js';
import { readTar } from '../support/read-tar.js';
import { walk } from '../support/walk.js';
import { member, pax, tar } from '../support/write-tar.js';

const namesIn = (output: Buffer): string[] => readTar(output).entries.map(({ name }) => name);

describe('--mode', () => {
  const apply = (changes: string, mode: number, typeflag = '0'): number => {
    const bytes = tar(member({ name: 'x', mode, typeflag }));
    return readTar(walk(bytes, setMode(changes)).output).entries[0]?.mode ?? -1;
  };

  test.each([
    ['0755', 0o4600, 0o755],
    ['4755', 0, 0o4755],
    ['0', 0o7777, 0],
    ['u+x', 0o644, 0o744],
    ['+x', 0o644, 0o755],
    ['a+rX', 0o600, 0o644],
    ['a+rX', 0o700, 0o755],
    ['go-w', 0o666, 0o644],
    ['go=', 0o777, 0o700],
    ['u=rwx,go=rx', 0o7000, 0o755],
    ['g=u', 0o740, 0o770],
    ['o=g-w', 0o760, 0o764],
    ['u+s,g+s,o+t', 0o755, 0o7755],
    ['ug+s', 0o755, 0o6755],
    ['o+s', 0o755, 0o755],
    ['+t', 0o755, 0o1755],
    ['u-s', 0o4755, 0o755],
    ['a=', 0o7777, 0],
  ])('%s makes of %o what chmod makes of it: %o', (changes, before, after) => {
    expect(apply(changes, before)).toBe(after);
  });

  test.each([
    ['a+X', 0o600, 0o711],
    ['g=rx', 0o2700, 0o2750],
    ['=rx', 0o6700, 0o6555],
    ['u-s,g-s', 0o6755, 0o755],
  ])('%s makes of a directory with %o what GNU chmod makes of it: %o', (changes, before, after) => {
    expect(apply(changes, before, '5')).toBe(after);
  });

  test('leaves symbolic links alone', () => {
    expect(apply('0600', 0o777, '2')).toBe(0o777);
  });

  test.each(['', 'x', 'u', 'u+y', '8', '0888', '77777', 'u+x,', 'a+rX go-w', 'rwxr-xr-x', 'u+gr'])(
    'is refused where chmod refuses: %j',
    (changes) => {
      expect(() => setMode(changes)).toThrowError(/is not a mode/);
    },
  );
});

describe('--owner', () => {
  test.each([
    ['0', 0, 0],
    ['1000:1000', 1000, 1000],
    ['65534', 65534, 65534],
    ['4294967294:0', 4294967294, 0],
  ])('%s is numbers', (text, uid, gid) => {
    expect(parseOwner(text)).toEqual({ uid, gid });
  });

  test.each([
    '',
    'root',
    '0:',
    ':0',
    '-1',
    '1.5',
    '0:root',
    '4294967295',
    '0:4294967295',
    '1:2:3',
    ' 1',
  ])('%j is refused', (text) => {
    expect(() => parseOwner(text)).toThrowError(/is not UID\[:GID\]/);
  });
});

describe('--mtime', () => {
  test.each([
    ['0', 0],
    ['@1700000000', 1_700_000_000],
    ['@-86400', -86400],
    ['1700000000.25', 1_700_000_000.25],
    ['2024-01-31', 1_706_659_200],
    ['2024-01-31T12:00Z', 1_706_702_400],
    ['2024-01-31 12:00:00', 1_706_702_400],
    ['2024-01-31T12:00:00.5Z', 1_706_702_400.5],
    ['2024-01-31T12:00:00+02:00', 1_706_695_200],
    ['2024-01-31T12:00:00+0200', 1_706_695_200],
  ])('%s is a time', (text, seconds) => {
    expect(parseTime(text, '--mtime')).toBe(seconds);
  });

  test.each([
    '',
    'now',
    'yesterday',
    '2024',
    '2024-13-01',
    '31.01.2024',
    '1e9',
    '0x10',
    '9'.repeat(17),
  ])('%j is refused', (text) => {
    // A year alone would be seconds, and is.
    if (text === '2024') expect(parseTime(text, '--mtime')).toBe(2024);
    else expect(() => parseTime(text, '--mtime')).toThrowError(/reading --mtime: .* is not a time/);
  });

  test('is SOURCE_DATE_EPOCH as a clamp, when that is whole seconds', () => {
    expect(sourceDateEpoch({})).toBeUndefined();
    expect(sourceDateEpoch({ SOURCE_DATE_EPOCH: '' })).toBeUndefined();
    expect(sourceDateEpoch({ SOURCE_DATE_EPOCH: '1700000000' })).toBe(1_700_000_000);
    for (const text of ['1.5', '-1', 'now', '@5']) {
      expect(() => sourceDateEpoch({ SOURCE_DATE_EPOCH: text })).toThrowError(/SOURCE_DATE_EPOCH/);
    }
  });

  test('caps what is later, in PAX and global records too, and leaves what is earlier', async () => {
    const bytes = tar(
      pax(
        [
          ['mtime', '2000.5'],
          ['ctime', '10'],
        ],
        { typeflag: 'g' },
      ),
      member({ name: 'late', mtime: 3000 }),
      pax([['mtime', '500.25']]),
      member({ name: 'early', mtime: 500 }),
    );
    const reading = readTar(await filtered(bytes, { clampMtime: 1000 }));
    expect(reading.entries.map(({ name, mtime }) => [name, mtime])).toEqual([
      ['./', '0'],
      ['late', '1000'],
      ['early', '500.25'],
    ]);
    expect(Math.max(...reading.groups.map(({ header }) => header.mtime))).toBe(1000);
  });
});

describe('a path', () => {
  test.each([
    ['a/b', 'a/b'],
    ['./a//b/', 'a/b'],
    ['a/./b/../c', 'a/c'],
    ['', ''],
    ['.', ''],
    ['a/..', ''],
    ['..', undefined],
    ['a/../..', undefined],
    ['.hidden', '.hidden'],
    ['a/.hidden', 'a/.hidden'],
    ['...', '...'],
    ['/a', 'a'],
  ])('%j is clean as %j', (path, clean) => {
    expect(cleanPath(path)).toBe(clean);
  });
});

describe('--strip-components and --prefix', () => {
  const bytes = tar(
    member({ name: './', typeflag: '5' }),
    member({ name: './top/', typeflag: '5' }),
    member({ name: './top/Dockerfile' }),
    member({ name: './top/hard', typeflag: '1', linkname: './top/Dockerfile' }),
    member({ name: './top/soft', typeflag: '2', linkname: 'top/Dockerfile' }),
    member({ name: 'lone' }),
  );

  test('go as in tar', async () => {
    expect(namesIn(await filtered(bytes, { stripComponents: 2 }))).toEqual([
      'Dockerfile',
      'hard',
      'soft',
    ]);
    expect(namesIn(await filtered(bytes, { prefix: 'p/q/' }))).toEqual([
      ...['p/q/', 'p/q/top/', 'p/q/top/Dockerfile', 'p/q/top/hard', 'p/q/top/soft', 'p/q/lone'],
    ]);
  });

  test('take hard links along, and leave symbolic ones', async () => {
    const { entries } = readTar(await filtered(bytes, { stripComponents: 2, prefix: 'new' }));
    expect(entries.map(({ linkname }) => linkname)).toEqual([
      '',
      'new/Dockerfile',
      'top/Dockerfile',
    ]);
  });

  test('refuse a hard link to what is stripped', async () => {
    const linked = tar(
      member({ name: 'file' }),
      member({ name: 'a/hard', typeflag: '1', linkname: 'file' }),
    );
    const { error } = await filter(linked, { stripComponents: 1 });
    expect(error).toMatchObject({ code: 'TAR_LINK' });
  });

  test.each(['..', '../x', '/abs', 'a/../..'])(
    'refuse a prefix that leads outside: %s',
    async (prefix) => {
      expect((await filter(bytes, { prefix })).error).toMatchObject({
        kind: 'usage',
        code: 'USAGE_PREFIX',
      });
    },
  );
});

describe('--include and --exclude', () => {
  const bytes = tar(
    member({ name: './', typeflag: '5' }),
    member({ name: 'Dockerfile' }),
    member({ name: '.dockerignore' }),
    member({ name: 'src/', typeflag: '5' }),
    member({ name: 'src/a.c' }),
    member({ name: 'src/a.o' }),
    member({ name: 'docs/', typeflag: '5' }),
    member({ name: 'docs/index.md' }),
  );

  test('leave out what matches, but not the Dockerfile', async () => {
    const output = await filtered(bytes, {
      exclude: ['**/*.o', 'docs', 'Dockerfile'],
      file: 'Dockerfile',
    });
    expect(namesIn(output)).toEqual(['./', 'Dockerfile', '.dockerignore', 'src/', 'src/a.c']);
  });

  test('keep only what matches, with the directories above', async () => {
    const output = await filtered(bytes, { include: ['src/*.c'] });
    expect(namesIn(output)).toEqual(['./', 'Dockerfile', '.dockerignore', 'src/', 'src/a.c']);
  });

  test('take an exception back', async () => {
    const output = await filtered(bytes, { exclude: ['src/*', '!src/a.c'] });
    expect(namesIn(output)).toContain('src/a.c');
    expect(namesIn(output)).not.toContain('src/a.o');
  });

  test('refuse a hard link to what is left out', async () => {
    const linked = tar(
      member({ name: 'gone' }),
      member({ name: 'hard', typeflag: '1', linkname: 'gone' }),
    );
    const { error } = await filter(linked, { exclude: ['gone'] });
    expect(error).toMatchObject({
      code: 'TAR_LINK',
      hint: expect.stringMatching(/both or neither/) as string,
    });
  });
});

describe('what --add puts somewhere', () => {
  const kept = (edit: Edit, ...members: Buffer[]): string[] =>
    namesIn(walk(tar(...members), edit).output);

  test('takes the place of what the stream has there, and of all below a file', () => {
    const edit = replaceBy([new Set(['app', 'conf/', 'conf/new.ini'])]);
    const left = kept(
      edit,
      member({ name: 'app/', typeflag: '5' }),
      member({ name: 'app/old' }),
      member({ name: './conf/', typeflag: '5' }),
      member({ name: 'conf/old.ini' }),
      member({ name: 'conf/new.ini' }),
      member({ name: 'application' }),
    );
    expect(left).toEqual(['./conf/', 'conf/old.ini', 'application']);
  });

  test('is not replaced by a file of the stream where it is a directory', () => {
    expect(
      kept(
        replaceBy([new Set(['a/b/c'])]),
        member({ name: 'a/b' }),
        member({ name: 'a', typeflag: '2' }),
      ),
    ).toEqual([]);
  });

  test('is no target for a hard link of the stream', () => {
    const edit = replaceBy([new Set(['app'])]);
    const bytes = tar(member({ name: 'hard', typeflag: '1', linkname: './app' }));
    expect(() => walk(bytes, edit)).toThrowError(/which `add` replaces/);
  });
});

test('edits run in their order, until one drops the entry', () => {
  const ran: string[] = [];
  const edit = compose([
    () => void ran.push('first'),
    () => {
      ran.push('second');
      return 'drop';
    },
    () => void ran.push('third'),
  ]);
  expect(walk(tar(member({ name: 'x' })), edit).output).toHaveLength(0);
  expect(ran).toEqual(['first', 'second']);
});
