import { describe, expect, it } from 'vitest';
import { Style } from '../../../src/inspect/text/style.js';
import { treeLines, type TreeOptions } from '../../../src/inspect/text/tree.js';
import { textWidth } from '../../../src/text/terminal.js';
import { type Paths, treeOf } from '../../support/inspect/inspection-tree.js';

const TERMINAL = new Style({ colour: false, bars: true, width: 60 });
const PLAIN = new Style({ colour: false, bars: false, width: 60 });

const show = (paths: Paths, options: TreeOptions = {}, style = TERMINAL): string[] =>
  [...treeLines(treeOf(paths), style, options)].slice(1);

/** So many files of so many bytes each. */
const files = (directory: string, count: number, size: number): Paths =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${directory}/${index}`, size]));

const BIG: Paths = {
  '/a/b/c/d/e': 5000,
  '/a/b/c/x': 3000,
  '/a/y': 1000,
  '/z': 1000,
  ...files('/small', 30, 1),
};

describe('the tree', () => {
  it('is three levels deep, the largest first, chains joined, small ones folded', () => {
    expect(show(BIG)).toEqual([
      '   10.0 kB  ━━━━━━━  /',
      '    9.0 kB  ━━━━━━╸  ├ a/',
      '    8.0 kB  ━━━━━╸   │ ├ b/c/',
      '    5.0 kB  ━━━╸     │ │ ├ d/e',
      '    3.0 kB  ━━       │ │ └ x',
      '    1.0 kB  ╸        │ └ y',
      '    1.0 kB  ╸        ├ z',
      '      30 B           └ small/  30 files',
    ]);
  });

  it.each([
    [0, ['   10.0 kB  ━━━━━━━  /  34 files']],
    [
      1,
      [
        '   10.0 kB  ━━━━━━━  /',
        '    9.0 kB  ━━━━━━╸  ├ a/  3 files',
        '    1.0 kB  ╸        ├ z',
        '      30 B           └ small/  30 files',
      ],
    ],
  ])('is as deep as --depth %d says', (depth, lines) =>
    expect(show(BIG, { depth })).toEqual(lines),
  );

  it('has everything with --all, and is as deep as --depth says then, too', () => {
    expect(show(BIG, { all: true })).toHaveLength(1 + 6 + 1 + 30);
    expect(show(BIG, { all: true, depth: 1 })).toHaveLength(1 + 3);
  });

  it('counts what is folded, and its bytes', () => {
    const paths = { '/big': 100_000, ...files('', 40, 10) };
    expect(show(paths).slice(1)).toEqual([
      '    100 kB  ━━━━━━━  ├ big',
      '     400 B           └ 40 more',
    ]);
    expect(show(paths, {}, PLAIN).slice(1)).toEqual([
      '     100kB   99.6%  /big',
      '      400B    0.4%  40 more in /',
    ]);
  });

  it('of few entries has them all, empty ones, too', () => {
    expect(show({ '/big': 100_000, '/a': 1, '/b': 0, '/c/': '' })).toEqual([
      '    100 kB  ━━━━━━━  /',
      '    100 kB  ━━━━━━━  ├ big',
      '       1 B           ├ a',
      '       0 B           ├ b',
      '       0 B           └ c/',
    ]);
  });

  it('counts a file with two names once', () => {
    expect(show({ '/a': 7, '/b': { size: 7, link: '/a' } })[0]).toBe('       7 B  ━━━━━━━  /');
  });

  it('of a thousand levels stays in the terminal, and ends', () => {
    const deep: Record<string, number> = {};
    let path = '';
    for (let level = 0; level < 1000; level++) {
      path += '/d';
      deep[`${path}/f`] = 1;
    }
    const lines = show(deep, { all: true });
    expect(lines).toHaveLength(2000);
    for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(60);
  });

  it('folds a chain of a thousand names into one line', () => {
    const lines = show({ [`${'/d'.repeat(1000)}/f`]: 1 });
    expect(lines).toHaveLength(2);
    expect(textWidth(lines[1] as string)).toBeLessThanOrEqual(60);
  });

  it('has a hundred thousand lines one by one', () => {
    let count = 0;
    for (const line of treeLines(treeOf(files('/d', 100_000, 1)), PLAIN, { all: true }))
      count += line === '' ? 0 : 1;
    expect(count).toBe(100_003);
  });
});
