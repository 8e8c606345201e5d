import { describe, expect, it } from 'vitest';
import { FileTree } from '../../../src/page/client/model/file-tree.js';
import { Searcher } from '../../../src/page/client/model/search.js';
import { spotlightOn } from '../../../src/page/client/model/search.js';
import { encodeSide } from '../../../src/page/encode.js';
import { makeInspection } from '../../support/inspect/inspection.js';

const tree = new FileTree(
  encodeSide(
    makeInspection([
      { path: 'usr/lib/libc.so.6', size: 900 },
      { path: 'usr/lib/libssl.so.3', size: 500, layer: 1 },
      { path: 'usr/lib/python3/os.py', size: 40 },
      { path: 'usr/bin/python3', size: 600, layer: 1 },
      { path: 'app/LICENSE', size: 10 },
      { path: 'app/a+b (1).txt', size: 5 },
      { path: 'app/so', size: 1 },
    ]),
  ).entries,
);
const searcher = new Searcher(tree);

function found(query: string): string[] {
  return searcher.find(query).map((at) => tree.pathOf(at));
}

describe('a search', () => {
  it('finds parts of names in any case: exact names first, then names that start with the query', () => {
    expect(found('license')).toEqual(['/app/LICENSE']);
    expect(found('so')).toEqual(['/app/so', '/usr/lib/libc.so.6', '/usr/lib/libssl.so.3']);
    expect(found('PYTHON3')).toEqual(['/usr/bin/python3', '/usr/lib/python3']);
  });

  it('finds parts of paths if the query has a slash', () => {
    expect(found('bin/py')).toEqual(['/usr/bin/python3']);
    expect(found('/usr/lib/python3/')).toEqual(['/usr/lib/python3/os.py']);
  });

  it('matches patterns with whole names, or whole paths', () => {
    expect(found('*.so.?')).toEqual(['/usr/lib/libc.so.6', '/usr/lib/libssl.so.3']);
    expect(found('lib*.so')).toEqual([]);
    expect(found('/usr/*/lib[cs]*')).toEqual(['/usr/lib/libc.so.6', '/usr/lib/libssl.so.3']);
    expect(found('lib/*.py')).toEqual([]);
    expect(found('lib/**/*.py')).toEqual(['/usr/lib/python3/os.py']);
    expect(found('lib/**.py')).toEqual(['/usr/lib/python3/os.py']);
    expect(found('[!a-z]*')).toEqual([]);
  });

  it('supports every character in a pattern, outside of a class and inside', () => {
    for (let code = 0x20; code < 0x100; code++) {
      const character = String.fromCharCode(code).toLowerCase();
      if ('/*?['.includes(character)) continue;
      const odd = new Searcher(
        new FileTree(encodeSide(makeInspection([{ path: `a${character}z` }])).entries),
      );
      expect(odd.find(`a${character}*`), character).toEqual([1]);
      if (!'!^]'.includes(character)) expect(odd.find(`a[${character}]z`), character).toEqual([1]);
    }
  });

  it('takes any other query literally', () => {
    expect(found('a+b (1)')).toEqual(['/app/a+b (1).txt']);
    expect(found('a+b*')).toEqual(['/app/a+b (1).txt']);
    for (const odd of ['[', '[]', '[z-a]', '*[', '(', '\\', '?[!', '.*+^$|{}']) {
      expect(() => found(odd)).not.toThrow();
    }
    expect(found('   ')).toEqual([]);
  });
});

describe('the highlight', () => {
  it('includes the entries of a layer', () => {
    const light = spotlightOn(tree, 1, undefined);
    expect(light).toMatchObject({ files: 2, bytes: 1100 });
    const lib = tree.find('/usr/lib') as number;
    const app = tree.find('/app') as number;
    expect(light?.reaches(lib, tree.ends[lib] as number)).toBe(true);
    expect(light?.reaches(app, tree.ends[app] as number)).toBe(false);
  });

  it('includes what a search found and its contents, within the layer', () => {
    expect(spotlightOn(tree, undefined, searcher.find('python3'))).toMatchObject({
      files: 2,
      bytes: 640,
    });
    expect(spotlightOn(tree, 1, searcher.find('python3'))).toMatchObject({ files: 1, bytes: 600 });
  });

  it('is absent without a search and a layer', () => {
    expect(spotlightOn(tree, undefined, undefined)).toBeUndefined();
  });
});
