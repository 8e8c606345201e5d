import { describe, expect, it } from 'vitest';
import { layerTar } from '../../../../src/engine/embedded/output/layer-tar.js';
import { Spool } from '../../../../src/engine/embedded/spool/spool.js';
import { changes } from '../../../../src/filesystem/changes.js';
import { CHAR_DEVICE, FIFO, NO_TIME, SYMLINK } from '../../../../src/filesystem/node.js';
import { Tree } from '../../../../src/filesystem/tree.js';
import { readTar } from '../../../support/read-tar.js';
import { member, tar } from '../../../support/write-tar.js';
import { file, folder, special } from '../flat.js';
import { listing, treeOf } from '../listing.js';

async function written(
  root: Parameters<typeof changes>[1],
  spool: Spool,
  before?: Parameters<typeof changes>[1],
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of layerTar([changes(before, root)], { spool, time: 1234 }))
    chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

describe('a layer', () => {
  it('has directories in front of what they hold, and names in the order of their bytes', async () => {
    const spool = new Spool();
    const root = folder({
      b: folder({ z: file(spool, 'z'), 'a-': file(spool, 'a') }),
      'b-': file(spool, '-'),
      A: special(SYMLINK | 0o777, { target: 'b' }),
      p: special(FIFO | 0o600),
      n: special(CHAR_DEVICE | 0o666, { device: { major: 1, minor: 3 } }),
    });
    const { entries, terminated } = readTar(await written(root, spool));
    expect(terminated).toBe(true);
    expect(
      entries.map(({ typeflag, name, body }) => `${typeflag} ${name} ${String(body)}`),
    ).toEqual(['2 A ', '5 b/ ', '0 b/a- a', '0 b/z z', '0 b- -', '3 n ', '6 p ']);
    expect(entries[0]).toMatchObject({ linkname: 'b', mode: 0o777, uid: 7, gid: 8, uname: '' });
  });

  it('holds long names, large owners, attributes and early times in PAX records', async () => {
    const spool = new Spool();
    const name = 'n'.repeat(120);
    const deep = `${'d'.repeat(100)}/${'e'.repeat(90)}`;
    const xattrs = new Map([['user.x', Buffer.from([0, 255, 10])]]);
    const tree = new Tree();
    const into = tree.directory(deep.split('/'), { uid: 3_000_000, gid: 4_000_000, mode: 0o755 });
    into.children.set(name, file(spool, 'body', { mtime: -5, extra: { xattrs } }));
    into.children.set('l', special(SYMLINK | 0o777, { target: 't'.repeat(200) }));
    const { entries } = readTar(await written(tree.freeze(), spool));
    const found = entries.find((entry) => entry.name.endsWith(name));
    expect(found).toMatchObject({ name: `${deep}/${name}`, mtime: '-5' });
    expect(String(found?.body)).toBe('body');
    expect(found?.records.get('SCHILY.xattr.user.x')).toBe('\0\xff\n');
    expect(entries[0]).toMatchObject({ uid: 3_000_000, gid: 4_000_000, mtime: '1000' });
    expect(entries.find(({ typeflag }) => typeflag === '2')?.linkname).toBe('t'.repeat(200));
  });

  it('is read back as the tree that it came from, larger than any chunk', async () => {
    const context = tar(
      ...Array.from({ length: 700 }, (_, index) =>
        member({ name: `f${index % 7}/n${index}`, body: String(index).repeat(index * 3) }),
      ),
      member({ name: 'big', body: Buffer.alloc(1_300_000, 'big ') }),
      member({ name: 'again', typeflag: '1', linkname: 'big' }),
    );
    const { tree, spool } = await treeOf(context);
    const first = await written(tree.freeze(), spool);
    const again = await treeOf(first);
    expect(listing(again.tree.freeze(), again.spool)).toEqual(listing(tree.freeze(), spool));
    expect((await written(again.tree.freeze(), again.spool)).equals(first)).toBe(true);
  });

  it('tells holes as the zeros that they are', async () => {
    const spool = new Spool();
    const sparse = file(spool, 'abcdef', {
      size: 1_200_000,
      extra: { pieces: [10, 3, 600_000, 3] },
    });
    const { entries } = readTar(await written(folder({ sparse }), spool));
    const expected = Buffer.alloc(1_200_000);
    expected.write('abc', 10);
    expected.write('def', 600_000);
    expect(entries[0]?.body.equals(expected)).toBe(true);
  });

  it('gives what nothing told a time of its own', async () => {
    const spool = new Spool();
    const root = folder({ a: file(spool, '', { mtime: NO_TIME }) });
    expect(readTar(await written(root, spool)).entries[0]?.mtime).toBe('1234');
  });

  it('refuses a name that would delete', async () => {
    const spool = new Spool();
    const root = folder({ d: folder({ '.wh.x': file(spool, '') }) });
    await expect(written(root, spool)).rejects.toMatchObject({
      kind: 'context',
      code: 'LAYER_WHITEOUT',
      message: 'writing a layer: d/.wh.x would delete a file of the layers below',
    });
  });

  it('has only what changed, with the directories on the way as they are', async () => {
    const { tree, spool } = await treeOf(
      tar(
        member({ name: 'tmp', typeflag: '5', mode: 0o1777 }),
        member({ name: 'tmp/old', body: 'old' }),
        member({ name: 'other/x' }),
      ),
    );
    const before = tree.freeze();
    tree.directory(['other']);
    expect([...changes(before, tree.freeze())]).toEqual([]);
    tree.directory(['tmp']).children.set('new', file(spool, 'new'));
    const { entries } = readTar(await written(tree.freeze(), spool, before));
    expect(entries.map(({ name, mode }) => [name, mode])).toEqual([
      ['tmp/', 0o1777],
      ['tmp/new', 0o644],
    ]);
  });

  it('stops when it is told to', async () => {
    const spool = new Spool();
    const stop = new AbortController();
    stop.abort(new Error('stopped'));
    const entries = changes(undefined, folder({ a: file(spool, 'a') }));
    const reading = layerTar([entries], { spool, time: 0, signal: stop.signal });
    await expect(reading[Symbol.asyncIterator]().next()).rejects.toThrow('stopped');
  });
});
