import { describe, expect, it } from 'vitest';
import { Leaf, SYMLINK } from '../../src/filesystem/node.js';
import { Tree } from '../../src/filesystem/tree.js';
import { fromBinary, toBinary } from '../../src/text/binary.js';
import { special } from '../engine/embedded/flat.js';

function withLinks(links: Readonly<Record<string, string>>): Tree {
  const tree = new Tree();
  for (const [path, target] of Object.entries(links)) {
    const parts = path.split('/');
    const folder = tree.directory(parts.slice(0, -1));
    folder.children.set(parts.at(-1) as string, special(SYMLINK | 0o777, { target }));
  }
  return tree;
}

describe('a path in a tree', () => {
  const tree = withLinks({
    bin: 'usr/bin',
    abs: '/usr/lib',
    out: '../../../../etc',
    'a/b/up': '../../c',
    loop: 'loop2',
    loop2: 'loop',
    chain: 'bin',
  });
  tree.directory(['usr', 'bin']);

  it.each([
    ['/bin/sh', 'usr/bin/sh'],
    ['bin/../x', 'usr/x'],
    ['abs/y', 'usr/lib/y'],
    ['out/passwd', 'etc/passwd'],
    ['a/b/up/d', 'c/d'],
    ['chain/ls', 'usr/bin/ls'],
    ['../../x', 'x'],
    ['./a//b/./c/', 'a/b/c'],
    ['missing/../x', 'x'],
    ['', ''],
  ])('%s leads to %s', (path, expected) => {
    expect(tree.resolve(path).join('/')).toBe(expected);
  });

  it('may end at a link', () => {
    expect(tree.resolve('chain/', { followLast: false })).toEqual(['chain']);
    expect(tree.resolve('bin/chain', { followLast: false })).toEqual(['usr', 'bin', 'chain']);
  });

  it('that goes in a circle is refused', () => {
    expect(() => tree.resolve('loop/x')).toThrow('too many symbolic links');
  });
});

describe('a tree', () => {
  it('that was frozen stays as it was', () => {
    const tree = new Tree();
    tree.directory(['a', 'b']).children.set('x', special(SYMLINK));
    const before = tree.freeze();
    tree.directory(['a', 'b']).children.set('y', special(SYMLINK));
    const upon = new Tree(tree);
    upon.directory(['a']).children.delete('b');
    expect(tree.at(['a', 'b', 'y'])).toBeInstanceOf(Leaf);
    expect(upon.find('a/b')).toBeUndefined();
    const names = (path: string[]): string[] => {
      let here = before;
      for (const name of path) here = here.children.get(name) as typeof before;
      return [...here.children.keys()];
    };
    expect(names(['a', 'b'])).toEqual(['x']);
  });

  it('has no directory where a file is', () => {
    const tree = new Tree();
    tree.directory([]).children.set('f', special(SYMLINK));
    expect(() => tree.directory(['f', 'x'])).toThrow('/f is not a directory');
  });
});

describe('a name', () => {
  it.each(['plain', 'Grüße', '日本', '🐳'])('%s is the same from its bytes', (name) => {
    expect(fromBinary(toBinary(name))).toBe(name);
    expect(toBinary(name)).toHaveLength(Buffer.byteLength(name));
  });
});
