import { describe, expect, it } from 'vitest';
import { Copier, type CopyChanges } from '../../../../src/engine/embedded/steps/copy.js';
import { findSources } from '../../../../src/engine/embedded/steps/sources.js';
import { Tree } from '../../../../src/filesystem/tree.js';
import { parseModeChanges } from '../../../../src/text/mode-changes.js';
import { member, pax, tar } from '../../../support/write-tar.js';
import { listing, treeOf } from '../listing.js';

const plain: CopyChanges = {
  owner: undefined,
  chmod: undefined,
  madeMode: 0o755,
  excluded: undefined,
};
const file = (name: string, mode = 0o644): Buffer => member({ name, body: name, mode });
const folder = (name: string, mode = 0o755): Buffer => member({ name, typeflag: '5', mode });
const link = (name: string, linkname: string): Buffer =>
  member({ name, typeflag: '2', mode: 0o777, linkname });

const base = tar(
  folder('usr/bin'),
  link('bin', 'usr/bin'),
  folder('tmp', 0o1777),
  folder('odd', 0o750),
  folder('odd/sub', 0o700),
  file('file'),
  link('out', '../../../nope'),
);
const context = tar(
  file('app', 0o755),
  folder('src'),
  folder('src/sub', 0o705),
  file('src/sub/x'),
  file('src/y'),
  link('src/l', 'y'),
  folder('root/bin'),
  file('root/bin/tool'),
  member({ name: 'links/a', body: 'a' }),
  member({ name: 'links/b', typeflag: '1', linkname: 'links/a' }),
  link('tofile', 'app'),
  link('dangling', 'nothing'),
);

async function copied(
  source: string,
  dest: string,
  changes: Partial<CopyChanges> = {},
): Promise<string[]> {
  const onto = await treeOf(base);
  const from = await treeOf(context, { spool: onto.spool });
  const before = new Set(listing(onto.tree.freeze(), onto.spool));
  const copier = new Copier(onto.tree, from.tree, { ...plain, ...changes });
  for (const found of findSources(from.tree, source, 'the context')) copier.copy(found, dest);
  const after = listing(onto.tree.freeze(), onto.spool);
  return after.filter((line) => !before.has(line)).map((line) => line.replace(' 1000:1000', ''));
}

describe('COPY', () => {
  it('of a directory leaves another one its extended attributes', async () => {
    const xattr = (name: string): Buffer => pax([[`SCHILY.xattr.user.${name}`, name]]);
    const onto = await treeOf(tar(xattr('old'), folder('d'), xattr('old'), folder('e')));
    const from = await treeOf(tar(folder('s/d'), xattr('new'), folder('s/e')), {
      spool: onto.spool,
    });
    const copier = new Copier(onto.tree, from.tree, plain);
    for (const found of findSources(from.tree, 's', 'the context')) copier.copy(found, '/');
    const names = (path: string): string[] => [
      ...(onto.tree.find(path)?.extra?.xattrs?.keys() ?? []),
    ];
    expect(names('d')).toEqual(['user.old']);
    expect(names('e')).toEqual(['user.old', 'user.new']);
  });

  it('of a file takes the destination as its name, or as its directory', async () => {
    expect(await copied('app', '/new/x')).toEqual(['d 755 0:0 new', 'f 755 new/x "app"']);
    expect(await copied('app', '/new/')).toEqual(['d 755 0:0 new', 'f 755 new/app "app"']);
    expect(await copied('app', '/odd')).toEqual(['f 755 odd/app "app"']);
    expect(await copied('tofile', '/odd/')).toEqual(['f 755 odd/tofile "app"']);
  });

  it('goes through the links of the base, and never out of it', async () => {
    expect(await copied('app', '/bin/app')).toEqual(['f 755 usr/bin/app "app"']);
    expect(await copied('app', '/out/x')).toEqual(['d 755 0:0 nope', 'f 755 nope/x "app"']);
    expect(await copied('root', '/')).toEqual(['f 644 usr/bin/tool "root/bin/tool"']);
  });

  it('of a directory merges its contents: what is there below it gets its attributes', async () => {
    expect(await copied('src', '/odd')).toEqual([
      'l 777 odd/l -> y',
      'd 705 odd/sub',
      'f 644 odd/sub/x "src/sub/x"',
      'f 644 odd/y "src/y"',
    ]);
  });

  it('refuses to put a directory over a file, and a file over a directory', async () => {
    await expect(copied('src', '/file')).rejects.toThrow('/file is not a directory');
    const { tree: onto } = await treeOf(tar(folder('a/y')));
    const { tree: from } = await treeOf(context);
    const copier = new Copier(onto, from, plain);
    const [found] = findSources(from, 'src', 'the context');
    expect(() => copier.copy(found as NonNullable<typeof found>, '/a')).toThrow(
      'cannot replace the directory /a/y with a file',
    );
  });

  it('changes owners and modes of what it brings and makes, not of what is there', async () => {
    const chmod = parseModeChanges('700');
    const owner = { uid: 3, gid: 4 };
    expect(await copied('src/sub', '/odd/new', { chmod, owner, madeMode: 0o700 })).toEqual([
      'd 700 3:4 odd/new',
      'f 700 3:4 odd/new/x "src/sub/x"',
    ]);
    expect(await copied('app', '/tmp/app', { owner })).toEqual(['f 755 3:4 tmp/app "app"']);
  });

  it('leaves out what is excluded, and keeps what is brought back below it', async () => {
    const excluded = (path: string): boolean => path === 'sub' || path === 'y';
    expect(await copied('src', '/n', { excluded })).toEqual([
      'd 755 0:0 n',
      'l 777 n/l -> y',
      'd 705 n/sub',
      'f 644 n/sub/x "src/sub/x"',
    ]);
    const all = (path: string): boolean => path.startsWith('sub');
    expect(await copied('src', '/n', { excluded: all })).not.toContain('d 705 n/sub');
  });

  it('gives each copy of a file with two names links of its own', async () => {
    const { tree: from, spool } = await treeOf(context);
    const onto = new Tree();
    const copier = new Copier(onto, from, plain);
    for (const dest of ['/a', '/b'])
      for (const found of findSources(from, 'links', 'the context')) copier.copy(found, dest);
    expect(listing(onto.freeze(), spool).map((line) => line.slice(16))).toEqual([
      '',
      'a/a "a"',
      'a/b = a/a',
      '',
      'b/a "a"',
      'b/b = b/a',
    ]);
  });

  it('with --parents keeps the directories that a source is in', async () => {
    const { tree: from, spool } = await treeOf(context);
    const onto = new Tree();
    const copier = new Copier(onto, from, plain);
    for (const found of findSources(from, '**/x', 'the context', true))
      copier.copyBelow(found, found.literal.length - 1, '/n');
    expect(listing(onto.freeze(), spool).map((line) => line.replace(' 1000:1000', ''))).toEqual([
      'd 755 0:0 n',
      'd 755 n/src',
      'd 705 n/src/sub',
      'f 644 n/src/sub/x "src/sub/x"',
    ]);
  });
});

describe('a source', () => {
  it.each([
    ['*', ['app', 'dangling', 'links', 'root', 'src', 'tofile']],
    ['s?c/*', ['src/l', 'src/sub', 'src/y']],
    ['[a-l]*s', ['links']],
    ['../../src/./sub/../y', ['src/y']],
    ['nothing*', []],
  ])('%s means %j', async (source, expected) => {
    const { tree } = await treeOf(context);
    tree.directory([]).children.delete(expected.includes('dangling') ? 'dangling' : '');
    const found = findSources(tree, source, 'the context').map(({ literal }) => literal.join('/'));
    expect(found).toEqual(expected.filter((path) => path !== 'dangling'));
  });

  it('that is not there is told with the names that are nearest', async () => {
    const { tree } = await treeOf(context);
    expect(() => findSources(tree, 'src/sbu/x', 'the context')).toThrow(
      expect.objectContaining({
        message: 'src/sbu/x is not in the context',
        hint: expect.stringMatching(/^the nearest in src of the context: sub,/) as string,
      }),
    );
    expect(() => findSources(tree, 'dangl*', 'the context')).toThrow('dangling is not in');
  });
});
