import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChangeKind, type Difference, differenceOf } from '../../src/inspect/difference.js';
import { type Entry, walk } from '../../src/inspect/entry.js';
import { goneFolders } from '../../src/inspect/text/difference.js';
import { type Described, type Paths, treeOf } from '../support/inspect/inspection-tree.js';

const compare = (before: Paths, after: Paths): Difference =>
  differenceOf(treeOf(before), treeOf(after));

const told = ({ entries }: Difference): string[] =>
  entries
    .filter(({ path }) => path !== '/')
    .map(({ how, path, from, changes }) =>
      [how, ...(from === undefined ? [] : [from]), path, ...(changes ?? [])].join(' '),
    );

describe('a difference', () => {
  it('reports removed, unchanged and new paths', () => {
    const difference = compare(
      { '/bin/cc': { size: 900, hash: 'cc' }, '/etc/passwd': { size: 10, hash: 'p' } },
      { '/etc/passwd': { size: 10, hash: 'p' }, '/srv/index.html': { size: 5, hash: 'i' } },
    );
    expect(told(difference)).toEqual([
      'gone /bin',
      'gone /bin/cc',
      'stayed /etc',
      'stayed /etc/passwd',
      'new /srv',
      'new /srv/index.html',
    ]);
    expect(difference.sizes).toEqual({ before: 910, after: 15 });
    expect(difference.totals).toEqual({
      gone: { entries: 2, bytes: 900 },
      stayed: { entries: 3, bytes: 10 },
      new: { entries: 2, bytes: 5 },
      changed: { entries: 0, bytes: 0 },
      moved: { entries: 0, bytes: 0 },
    });
  });

  it.each<[string, Described, Described, string]>([
    ['content', { size: 5, hash: 'a' }, { size: 5, hash: 'b' }, 'changed /x content'],
    ['size', { size: 5, hash: 'a' }, { size: 6, hash: 'b' }, 'changed /x content'],
    ['mode', { mode: 0o755 }, { mode: 0o4755 }, 'changed /x mode'],
    ['owner', { uid: 1000 }, { uid: 0 }, 'changed /x owner'],
    ['group', { gid: 1000 }, { gid: 0 }, 'changed /x owner'],
    [
      'target',
      { kind: 'symlink', target: 'a' },
      { kind: 'symlink', target: 'b' },
      'changed /x target',
    ],
    ['kind', { size: 5, hash: 'a' }, { kind: 'symlink', target: 'b' }, 'changed /x kind'],
    [
      'device',
      { kind: 'char-device', device: { major: 1, minor: 3 } },
      { kind: 'char-device', device: { major: 1, minor: 5 } },
      'changed /x device',
    ],
    [
      'attribute',
      { xattrs: { 'user.a': '1' } },
      { xattrs: { 'user.a': '2' } },
      'changed /x xattrs',
    ],
    ['attributes', { xattrs: { 'user.a': '1' } }, {}, 'changed /x xattrs'],
    ['time', { mtime: 1 }, { mtime: 2 }, 'stayed /x'],
    [
      "link's bits",
      { kind: 'symlink', target: 'a', mode: 0o755 },
      { kind: 'symlink', target: 'a' },
      'stayed /x',
    ],
    [
      'several',
      { size: 5, hash: 'a', uid: 1 },
      { size: 5, hash: 'b', mode: 0 },
      'changed /x content mode owner',
    ],
    [
      'time of what nobody hashed',
      { size: 5, mtime: 1 },
      { size: 5, mtime: 2 },
      'changed /x content',
    ],
  ])('tells another %s', (_, before, after, expected) => {
    expect(told(compare({ '/x': before }, { '/x': after }))).toEqual([expected]);
  });

  it('reports a moved file, and its changed attributes', () => {
    expect(
      told(
        compare(
          { '/out/app': { size: 9, hash: 'a', uid: 1000 } },
          { '/app': { size: 9, hash: 'a', mode: 0o755 } },
        ),
      ),
    ).toEqual(['moved /out/app /app mode owner', 'gone /out']);
  });

  it('moves a file once, by its name first; a second copy is new', () => {
    const a = { size: 9, hash: 'a' };
    expect(
      told(compare({ '/1': a, '/2/lib.so': a }, { '/3/copy': a, '/4/lib.so': a, '/5': a })),
    ).toEqual([
      'gone /2',
      'new /3',
      'moved /1 /3/copy',
      'new /4',
      'moved /2/lib.so /4/lib.so',
      'new /5',
    ]);
  });

  it.each<[string, Described]>([
    ['empty files', { size: 0, hash: 'e' }],
    ['what nobody hashed', { size: 5 }],
    ['links', { kind: 'symlink', target: 'x' }],
  ])('moves no %s', (_, described) => {
    expect(told(compare({ '/a': described }, { '/b': described }))).toEqual(['gone /a', 'new /b']);
  });

  it('moves nothing that is still where it was', () => {
    const a = { size: 9, hash: 'a' };
    expect(told(compare({ '/a': a }, { '/a': a, '/b': a }))).toEqual(['stayed /a', 'new /b']);
  });

  it('reports a directory that became a file, and its former contents', () => {
    expect(told(compare({ '/a/b': 1 }, { '/a': 1 }))).toEqual([
      'changed /a kind mode',
      'gone /a/b',
    ]);
  });

  it('counts a file with two names once', () => {
    const { totals, sizes } = compare({ '/a': 7, '/b': { size: 7, link: '/a' } }, {});
    expect(totals.gone).toEqual({ entries: 2, bytes: 7 });
    expect(sizes).toEqual({ before: 7, after: 0 });
  });

  it('is quick when every file has the same content', () => {
    const same = (prefix: string): Paths =>
      Object.fromEntries(
        Array.from({ length: 30_000 }, (_, index) => [
          `/${prefix}${index}`,
          { size: 1, hash: 'x' },
        ]),
      );
    const [before, after] = [treeOf(same('a')), treeOf(same('b'))];
    const started = Date.now();
    expect(differenceOf(before, after).totals.moved.entries).toBe(30_000);
    expect(Date.now() - started).toBeLessThan(5000);
  });
});

it('removed folders are reported once, with the totals of their contents', () => {
  const { entries } = compare(
    {
      '/usr/lib/gcc/a': 5,
      '/usr/lib/gcc/b/c': 6,
      '/usr/lib/kept': 1,
      '/usr/lib.so': 2,
      '/usr/lib-x/y': 3,
    },
    { '/usr/lib/kept': 1 },
  );
  expect(goneFolders(entries)).toEqual([
    { path: '/usr/lib/gcc', directory: true, bytes: 11, files: 2 },
    { path: '/usr/lib-x', directory: true, bytes: 3, files: 1 },
    { path: '/usr/lib.so', directory: false, bytes: 2, files: 1 },
  ]);
});

describe('of any two trees', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'ü', '\u{1f600}', '\uffee');
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => `/${names.join('/')}`);
  const described = fc.oneof(
    fc.record({
      size: fc.nat(2),
      hash: fc.constantFrom('x', 'y'),
      mode: fc.constantFrom(0o644, 0o755),
    }),
    fc.constant<Described>({ kind: 'symlink', target: 'a' }),
    fc.constant<Described>({ kind: 'directory' }),
  );
  const tree = fc
    .array(fc.tuple(path, described), { maxLength: 12 })
    .map((list) => treeOf(withoutFilesAbove(Object.fromEntries(list))));

  const pathsOf = (root: Entry): string[] => [...walk(root)].map((entry) => entry.path).sort();

  it('every path before is reported once, and every path after', () => {
    fc.assert(
      fc.property(tree, tree, (before, after) => {
        const { entries } = differenceOf(before, after);
        const old = entries
          .filter(({ how }) => how !== 'new')
          .map(({ path, from }) => from ?? path);
        expect(old.sort()).toEqual(pathsOf(before));
        const now = entries.filter(({ how }) => how !== 'gone').map((entry) => entry.path);
        expect(now.sort()).toEqual(pathsOf(after));
      }),
      { numRuns: 500 },
    );
  });

  it('the bytes of all that is there now are those of the whole', () => {
    fc.assert(
      fc.property(tree, tree, (before, after) => {
        const { totals, sizes } = differenceOf(before, after);
        const bytes = (hows: readonly ChangeKind[]): number =>
          hows.reduce((sum, how) => sum + totals[how].bytes, 0);
        expect(bytes(['stayed', 'new', 'changed', 'moved'])).toBe(sizes.after);
        expect(sizes.before).toBe(before.total);
      }),
    );
  });

  it('the same two are not different, and the other way round the new is gone', () => {
    fc.assert(
      fc.property(tree, tree, (before, after) => {
        const same = differenceOf(before, before);
        expect(same.entries.every(({ how }) => how === 'stayed')).toBe(true);
        const [there, back] = [differenceOf(before, after), differenceOf(after, before)];
        for (const how of ['stayed', 'changed', 'moved'] as const)
          expect(there.totals[how].entries).toBe(back.totals[how].entries);
        expect(there.totals.gone.entries).toBe(back.totals.new.entries);
      }),
    );
  });
});

/** What is below a file can't be. */
function withoutFilesAbove(paths: Readonly<Record<string, Described>>): Paths {
  const all = Object.keys(paths);
  return Object.fromEntries(
    Object.entries(paths).filter(
      ([path, { kind }]) =>
        kind === 'directory' || !all.some((other) => other.startsWith(`${path}/`)),
    ),
  );
}
