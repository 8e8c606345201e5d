/** Entries of every kind, in a layer and in a context: what is told of them. */
import { describe, expect, it } from 'vitest';
import { find } from '../../../src/inspect/entry.js';
import type { Inspection } from '../../../src/inspect/inspection.js';
import { archiveOf, podman } from '../../support/inspect/image-forms.js';
import { at, CHUNKS, facts, inspected, list, paths } from '../../support/inspect/scan.js';
import { header, long, member, oldSparse, pax, tar } from '../../support/write-tar.js';

/** As a context and as a layer, in all sizes of chunks: the same but for that. */
async function both(...members: readonly Buffer[]): Promise<Inspection> {
  const layer = tar(Buffer.concat(members));
  const archives = [layer, archiveOf(podman({ layers: [layer] }))];
  const all = archives.flatMap((bytes) => CHUNKS.map((chunk) => inspected(bytes, { chunk })));
  const [first, ...others] = await Promise.all(all);
  const entries = (one: Inspection): unknown => (facts(one) as { entries: unknown }).entries;
  for (const other of others) expect(entries(other)).toEqual(entries(first as Inspection));
  return first as Inspection;
}

const bytes = (...parts: readonly (string | number)[]): Buffer =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))),
  );

describe('sparse files', () => {
  const content = Buffer.concat([Buffer.alloc(5000), Buffer.from('data'), Buffer.alloc(3000)]);
  const old = oldSparse({ name: 'old' }, [[5000, 'data']], content.length);
  const map = '1\n5000\n4\n';
  const posix = Buffer.concat([
    pax([
      ['GNU.sparse.major', '1'],
      ['GNU.sparse.minor', '0'],
      ['GNU.sparse.name', 'posix'],
      ['GNU.sparse.realsize', String(content.length)],
    ]),
    member({
      name: 'GNUSparseFile.1/posix',
      body: Buffer.concat([Buffer.from(map.padEnd(512, '\0')), Buffer.from('data')]),
    }),
  ]);

  it('have the size and the content that they unpack to', async () => {
    const found = await both(old, posix, member({ name: 'plain', body: content }));
    expect(paths(found)).toEqual(['/old', '/plain', '/posix']);
    expect(
      new Set(['/old', '/plain', '/posix'].map((path) => at(found, path).content?.hash)).size,
    ).toBe(1);
    expect(at(found, '/old').size).toBe(content.length);
    expect(found.waste.duplicates).toHaveLength(1);
  });

  it('of more zeros than are hashed have no hash, and cost nothing', async () => {
    const huge = oldSparse({ name: 'huge' }, [[0, 'x']], 8 ** 11 - 1);
    const large = pax([
      ['GNU.sparse.major', '1'],
      ['GNU.sparse.minor', '0'],
      ['GNU.sparse.realsize', String(2 ** 52)],
    ]);
    const found = await both(
      huge,
      Buffer.concat([large, member({ name: 'larger', body: '0\n'.padEnd(512, '\0') })]),
      member({ name: 'x', body: 'x' }),
    );
    expect(at(found, '/huge')).toMatchObject({ size: 8 ** 11 - 1, content: { index: 0 } });
    expect(at(found, '/huge').content?.hash).toBeUndefined();
    expect(at(found, '/larger').size).toBe(2 ** 52);
    expect(at(found, '/x').content?.hash).toHaveLength(16);
  });
});

describe('names', () => {
  it('that are not UTF-8 show their bytes, and stay apart', async () => {
    const names = [
      bytes('a', 0xff),
      bytes('a', 0xfe),
      bytes('a\\xff'),
      bytes('a\\x5cxff'),
      bytes('ä/', 0xfc, '/b'),
    ];
    const found = await both(...names.map((name) => member({ name, body: 'x' })));
    expect(paths(found)).toEqual([
      '/a\\x5cxff',
      '/a\\xff',
      '/a\\xfe',
      '/a\\x5cx5cxff',
      '/ä/',
      '/ä/\\xfc/',
      '/ä/\\xfc/b',
    ]);
    expect(found.root.files).toBe(5);
    expect(find(found.root, '/ä/\\xfc/b')?.size).toBe(1);
  });

  it('that are not UTF-8 are found through links, and reported when they are hidden', async () => {
    const name = bytes(0xff);
    const link = header({
      name: 'link',
      typeflag: '2',
      linkname: name.toString('latin1'),
      patch: (block) => block.fill(0xff, 157, 158).fill(0, 158, 160),
    });
    const layers = [tar(member({ name, body: 'x' }), link), tar(member({ name, body: 'y' }))];
    const found = await inspected(archiveOf(podman({ layers })));
    expect(at(found, '/link').target).toBe('\\xff');
    expect(find(found.root, '/link')?.path).toBe('/\\xff');
    expect(found.waste.hidden.map(({ path }) => path)).toEqual(['/\\xff']);
  });

  it('are as long as file systems allow', async () => {
    const path = `${'a'.repeat(255)}/${'ü'.repeat(127)}x`;
    const found = await both(Buffer.concat([long('L', path), member({ name: 'x', magic: 'gnu' })]));
    expect(paths(found)[1]).toBe(`/${path}`);
    for (const name of ['a'.repeat(256), 'ü'.repeat(128), 'a'.repeat(300)])
      await expect(both(pax([['path', name]]), member({ name: 'x' }))).rejects.toMatchObject({
        kind: 'context',
        code: 'TAR_NAME',
        message: expect.not.stringMatching(/reading.*reading/) as string,
      });
  });

  it.each([
    '\x1b[31mred',
    'new\nline',
    'cr\rx',
    '\u202eevil',
    '</script><!--',
    '\u009b2J',
    'a\'b"c`$(d)',
  ])('as %j are shown escaped', async (name) => {
    const found = await both(
      member({ name, body: 'x' }),
      header({ name: 'link', typeflag: '2', linkname: name }),
    );
    const json = [JSON.stringify(facts(found))];
    for (const line of list(found)) expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028-\u202e]/);
    expect(json[0]).toContain(JSON.stringify(`/${name}`));
    expect(find(found.root, '/link')?.path).toBe(`/${name}`);
  });

  it('of __proto__ and of constructor are names', async () => {
    const names = ['__proto__/constructor', 'constructor', 'toString/__proto__', 'hasOwnProperty'];
    const found = await both(...names.map((name) => member({ name, body: 'x' })));
    expect(found.root.files).toBe(4);
    expect(JSON.stringify(facts(found))).toContain('"/__proto__/constructor"');
  });
});

describe('what is no file', () => {
  it('is a device, a pipe, a link', async () => {
    const found = await both(
      header({ name: 'null', typeflag: '3', mode: 0o666, devmajor: 1, devminor: 3 }),
      header({ name: 'sda', typeflag: '4', mode: 0o660, devmajor: 8, devminor: 0 }),
      header({ name: 'pipe', typeflag: '6' }),
      header({ name: 'link', typeflag: '2', linkname: '/etc/x', mode: 0o600 }),
    );
    expect(list(found).map((line) => line.replace(/ \d{4}-.*?:\d\d /, ' '))).toEqual([
      'lrwxrwxrwx 1000:1000   0 20 /link -> /etc/x'.replace(' 20', ''),
      'crw-rw-rw- 1000:1000 1,3 /null',
      'prw-r--r-- 1000:1000   0 /pipe',
      'brw-rw---- 1000:1000 8,0 /sda',
    ]);
  });

  it('has no type of its own that a mode could give it', async () => {
    const found = await both(
      header({ name: 'pipe', typeflag: '6', mode: 0o100644 }),
      header({ name: 'd/', typeflag: '5', mode: 0o120755 }),
    );
    expect(at(found, '/pipe').kind).toBe('fifo');
    expect(at(found, '/d')).toMatchObject({ kind: 'directory', mode: 0o755 });
  });
});

describe('attributes', () => {
  it('of any bytes are preserved', async () => {
    const found = await both(
      pax([
        ['SCHILY.xattr.security.capability', bytes(1, 0, 0, 2, 0xff)],
        ['SCHILY.xattr.user.__proto__', 'x'],
      ]),
      member({ name: 'ping', body: 'x' }),
      member({ name: 'plain', body: 'y' }),
    );
    expect(at(found, '/ping').xattrs?.get('security.capability')).toEqual(bytes(1, 0, 0, 2, 0xff));
    expect(at(found, '/plain').xattrs).toBeUndefined();
  });

  it('for all in a global header are those of each, but for its own', async () => {
    const found = await both(
      pax(
        [
          ['mtime', '5.9'],
          ['uid', '77'],
        ],
        { typeflag: 'g' },
      ),
      member({ name: 'a', body: 'x' }),
      pax([['uid', '8']]),
      member({ name: 'b', body: 'x' }),
    );
    expect(at(found, '/a')).toMatchObject({ uid: 77, mtime: 5 });
    expect(at(found, '/b')).toMatchObject({ uid: 8, mtime: 5 });
  });

  it('of folders without an entry are the defaults of engines', async () => {
    const found = await both(member({ name: 'a/b', body: 'x' }));
    expect(at(found, '/a')).toMatchObject({ mode: 0o755, uid: 0, gid: 0, mtime: 0 });
  });

  it('of times before 1970 and far away are numbers', async () => {
    const found = await both(
      member({ name: 'a', mtime: -1, base256: true }),
      pax([['mtime', '99999999999999']]),
      member({ name: 'b' }),
    );
    expect(at(found, '/a').mtime).toBe(-1);
    expect(list(found)[1]).toContain('@99999999999999');
  });
});

it('An entry for the root describes the root', async () => {
  const found = await both(
    header({ name: './', typeflag: '5', mode: 0o700 }),
    member({ name: './a', body: 'x' }),
  );
  expect(found.root).toMatchObject({ mode: 0o700, total: 1 });
  expect((await both(member({ name: '.', body: 'x' }))).root.files).toBe(0);
});
