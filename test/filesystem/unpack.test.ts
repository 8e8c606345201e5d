import { describe, expect, it } from 'vitest';
import { listing, treeOf } from '../engine/embedded/listing.js';
import { CHUNKS } from '../support/filter.js';
import { member, pax, tar } from '../support/write-tar.js';

const file = (name: string, body = name): Buffer => member({ name, body });
const folder = (name: string, mode = 0o755): Buffer => member({ name, typeflag: '5', mode });
const link = (name: string, linkname: string): Buffer =>
  member({ name, typeflag: '2', mode: 0o777, linkname });
const hardLink = (name: string, linkname: string): Buffer =>
  member({ name, typeflag: '1', linkname });

async function unpacked(...parts: Buffer[]): Promise<string[]> {
  const { tree, spool } = await treeOf(tar(...parts));
  return listing(tree.freeze(), spool).map((line) => line.replace(' 1000:1000', ''));
}

describe('a tar, unpacked into a tree', () => {
  it.each(CHUNKS)('comes out the same in chunks of %i bytes', async (chunk) => {
    const parts = tar(folder('./'), file('./b/c'), file('a', 'x'.repeat(2000)), link('l', 'a'));
    const { tree, spool } = await treeOf(parts, {}, chunk);
    expect(listing(tree.freeze(), spool)).toEqual([
      `f 644 1000:1000 a "${'x'.repeat(100)}"`,
      'd 755 0:0 b',
      'f 644 1000:1000 b/c "./b/c"',
      'l 777 1000:1000 l -> a',
    ]);
  });

  it('has what a later entry says of a name', async () => {
    expect(await unpacked(file('a', 'old'), file('a', 'new'))).toEqual(['f 644 a "new"']);
    expect(await unpacked(file('a'), folder('a/'), file('a/b'))).toEqual([
      'd 755 a',
      'f 644 a/b "a/b"',
    ]);
    expect(await unpacked(file('a/b/c'), file('a'), file('x'))).toEqual([
      'f 644 a "a"',
      'f 644 x "x"',
    ]);
    expect(await unpacked(file('a/b'), folder('a', 0o700))).toEqual(['d 700 a', 'f 644 a/b "a/b"']);
  });

  it('follows links on the way inside the root, and refuses none that is there for its own sake', async () => {
    const parts = [folder('usr/'), link('bin', 'usr/bin'), folder('usr/bin'), file('bin/sh')];
    expect(await unpacked(...parts)).toContain('f 644 usr/bin/sh "bin/sh"');
    const out = [link('out', '../../../etc'), link('abs', '/etc'), file('abs/x')];
    expect(await unpacked(...out)).toContain('f 644 etc/x "abs/x"');
    expect(await unpacked(...out)).toContain('l 777 out -> ../../../etc');
    await expect(unpacked(...out, file('out/y'))).rejects.toMatchObject({ code: 'BUILD_ESCAPES' });
  });

  it('gives a file with several names one node', async () => {
    const parts = [file('a'), hardLink('d/b', 'a'), hardLink('c', './d/b')];
    expect(await unpacked(...parts)).toEqual([
      'f 644 a "a"',
      'f 644 c = a',
      'd 755 0:0 d',
      'f 644 d/b = a',
    ]);
    const last = member({ name: 'b', typeflag: '1', linkname: 'a', mode: 0o600, uid: 7 });
    expect(await unpacked(file('a'), hardLink('c', 'a'), last)).toEqual([
      'f 600 7:1000 a "a"',
      'f 600 7:1000 b = a',
      'f 600 7:1000 c = a',
    ]);
    await expect(unpacked(hardLink('b', 'nothing'))).rejects.toMatchObject({ code: 'TAR_LINK' });
  });

  it('refuses names that lead outside, and names that are too long', async () => {
    await expect(unpacked(file('a/../../b'))).rejects.toMatchObject({ code: 'TAR_UNSAFE' });
    expect(await unpacked(file('a/../b'))).toEqual(['f 644 b "a/../b"']);
    const name = 'n'.repeat(256);
    for (const long of [name, `${name}/x`, 'd/'.repeat(2048) + 'x'])
      await expect(unpacked(pax([['path', long]]), file('n'))).rejects.toMatchObject({
        code: 'TAR_NAME',
      });
  });

  it('refuses what no engine unpacks, when it is to be strict', async () => {
    const label = member({ name: 'label', typeflag: 'V' });
    const long = pax([['linkpath', 'd/'.repeat(2047) + 'de']]);
    const strict = { strict: true };
    await expect(treeOf(tar(label), strict)).rejects.toMatchObject({
      code: 'TAR_TYPE',
      message: 'reading entry label: an entry of a type that no engine unpacks',
    });
    await expect(treeOf(tar(link('l', '')), strict)).rejects.toMatchObject({ code: 'TAR_LINK' });
    await expect(treeOf(tar(long, link('l', '')), strict)).rejects.toMatchObject({
      code: 'TAR_LINK',
    });
    await treeOf(tar(pax([['linkpath', 'd'.repeat(4095)]]), link('l', '')), strict);
    await treeOf(tar(member({ name: 'c', typeflag: '7' })), strict);
    expect(await unpacked(label)).toEqual(['f 644 label ""']);
  });

  it('keeps extended attributes and devices', async () => {
    const value = Buffer.from([0, 1, 0xff, 10]);
    const { tree } = await treeOf(
      tar(
        pax([['SCHILY.xattr.user.x', value]]),
        file('a'),
        member({ name: 'null', typeflag: '3', devmajor: 1, devminor: 3 }),
      ),
    );
    expect(tree.find('a')?.extra?.xattrs?.get('user.x')).toEqual(value);
    expect(tree.find('null')?.extra?.device).toEqual({ major: 1, minor: 3 });
  });

  it('drops com.apple.* attributes where it unpacks as an engine does, and keeps them elsewhere', async () => {
    const apple = pax([['SCHILY.xattr.com.apple.provenance', 'x']]);
    const input = tar(apple, file('a'), apple, hardLink('b', 'a'), apple, folder('d'));
    for (const strict of [true, false]) {
      const { tree } = await treeOf(input, { strict });
      for (const name of ['a', 'b', 'd'])
        expect(tree.find(name)?.extra?.xattrs?.has('com.apple.provenance') ?? false).toBe(!strict);
    }
  });

  it('keeps the extended attributes of a directory that is told of again, and those of all names of a file', async () => {
    const { tree } = await treeOf(
      tar(
        ...[pax([['SCHILY.xattr.user.a', '1']]), folder('d'), folder('d')],
        ...[pax([['SCHILY.xattr.user.b', '2']]), folder('d')],
        ...[file('f'), pax([['SCHILY.xattr.user.c', '3']]), hardLink('g', 'f')],
      ),
    );
    const xattrs = (name: string): string[] =>
      [...(tree.find(name)?.extra?.xattrs ?? [])].map(
        ([key, value]) => `${key}=${value.toString()}`,
      );
    expect(xattrs('d')).toEqual(['user.a=1', 'user.b=2']);
    for (const name of ['f', 'g']) expect(xattrs(name)).toEqual(['user.c=3']);
  });

  it('tells the newest whole second', async () => {
    const old = member({ name: 'a', mtime: 5 });
    const { newest } = await treeOf(tar(old, pax([['mtime', '77.9']]), member({ name: 'b' })));
    expect(newest).toBe(77);
  });
});

describe('a tar, unpacked below a directory', () => {
  it('leaves the directory as it is, and never leads out of it', async () => {
    const { tree, spool } = await treeOf(tar(folder('opt', 0o700), link('opt/up', '..')));
    const into = ['opt'];
    const parts = tar(folder('./', 0o777), file('x'));
    await treeOf(parts, { tree, spool, into, owner: { uid: 5, gid: 6 } });
    expect(listing(tree.freeze(), spool)).toEqual([
      'd 700 1000:1000 opt',
      'l 777 1000:1000 opt/up -> ..',
      'f 644 5:6 opt/x "x"',
    ]);
    const climbing = treeOf(tar(file('up/y')), { tree, spool, into });
    await expect(climbing).rejects.toMatchObject({ code: 'BUILD_ESCAPES' });
    await treeOf(tar(link('r', '/new'), file('r/z')), { tree, spool, into });
    expect(tree.find('opt/new/z')).toBeDefined();
  });
});

describe('a layer, unpacked upon others', () => {
  const lower = tar(file('etc/a'), file('etc/b'), file('var/log/x'), file('keep'));

  it('has the extended attributes that its own directory has', async () => {
    const below = await treeOf(tar(pax([['SCHILY.xattr.user.a', '1']]), folder('d')));
    const { tree } = await treeOf(tar(folder('d')), { ...below, whiteouts: true });
    expect(tree.find('d')?.extra?.xattrs).toBeUndefined();
  });

  it('takes away what a whiteout names', async () => {
    const { tree, spool } = await treeOf(lower, { whiteouts: true });
    const upper = tar(file('etc/.wh.a', ''), file('var/.wh.log', ''), file('var/y'));
    await treeOf(upper, { tree, spool, whiteouts: true });
    expect(listing(tree.freeze(), spool).map((line) => line.split(' ')[3])).toEqual([
      'etc',
      'etc/b',
      'keep',
      'var',
      'var/y',
    ]);
  });

  it.each([
    ['in front', [file('etc/.wh..wh..opq', ''), file('etc/new')]],
    ['behind', [file('etc/new'), file('etc/.wh..wh..opq', '')]],
  ])('has only its own in an opaque directory, the mark %s', async (_, parts) => {
    const { tree, spool } = await treeOf(lower, { whiteouts: true });
    await treeOf(tar(...parts), { tree, spool, whiteouts: true });
    expect(listing(tree.freeze(), spool).map((line) => line.split(' ')[3])).toEqual([
      'etc',
      'etc/new',
      'keep',
      'var',
      'var/log',
      'var/log/x',
    ]);
  });
});
