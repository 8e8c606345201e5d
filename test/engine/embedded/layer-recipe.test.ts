/** A layer that is found in the cache without being written is the layer of the same entries alone. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Spool } from '../../../src/engine/embedded/spool/spool.js';
import { build, type BuildOptions } from '../../../src/index.js';
import { inChunks } from '../../support/filter.js';
import { type Member, member, pax, tar } from '../../support/write-tar.js';

let folder = '';
const cache = (): string => join(folder, 'cache');
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-recipe-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const DOCKERFILE = 'FROM scratch\nARG DEST=/x\nWORKDIR /made\nCOPY s $DEST\n';
const BIG = Buffer.alloc(1_200_000, 'some text ');
const HALF = BIG.subarray(0, BIG.length / 2);
const OTHER = Buffer.concat([HALF, Buffer.from(HALF).fill('x', 7, 8)]);

type Item = readonly [name: string, change?: Partial<Member>];

/** Plain files, which are packed, and one with records, which isn't. */
const ITEMS: readonly Item[] = [
  ['s/d/', { typeflag: '5', mode: 0o755 }],
  ['s/d/a', { body: BIG }],
  ['s/d/b', { body: 'bbbb' }],
  ['s/d/c', { body: 'cccc' }],
  ['s/l', { typeflag: '2', linkname: 'd/a' }],
  ['s/r', { body: 'rrrr', mode: 0o640 }],
];

function contextOf(items: readonly Item[], xattr = 'v', dockerfile = DOCKERFILE): Buffer {
  return tar(
    member({ name: 'Dockerfile', body: dockerfile, mtime: 1 }),
    ...items.flatMap(([name, fields]) => {
      const written = member({ name, mtime: 1000, mode: 0o644, ...fields });
      return name === 's/r' ? [pax([['SCHILY.xattr.user.x', xattr]]), written] : [written];
    }),
  );
}

const changed = (wanted: string, change: Partial<Member>): Item[] =>
  ITEMS.map(([name, fields]) => [name, name === wanted ? { ...fields, ...change } : fields]);

async function archiveOf(context: Buffer, options: Partial<BuildOptions> = {}): Promise<Buffer> {
  const dest = join(folder, 'image.tar');
  await build({
    context: inChunks(context, 10_000),
    engine: 'embedded',
    tags: ['a'],
    check: false,
    cacheDir: cache(),
    outputs: [{ type: 'oci', dest, attributes: {} }],
    ...options,
  });
  return readFileSync(dest);
}

const SAME = contextOf(ITEMS);
const VARIANTS: readonly (readonly [
  what: string,
  context: Buffer,
  options?: Partial<BuildOptions>,
])[] = [
  ['the time of a packed file', contextOf(changed('s/d/b', { mtime: 1001 }))],
  ['the time of another file', contextOf(changed('s/r', { mtime: 1001 }))],
  ['the time of a directory', contextOf(changed('s/d/', { mtime: 1001 }))],
  ['the mode of a packed file', contextOf(changed('s/d/b', { mode: 0o600 }))],
  ['the mode of a directory', contextOf(changed('s/d/', { mode: 0o700 }))],
  ['the owner of a packed file', contextOf(changed('s/d/b', { uid: 5 })), { owner: 'keep' }],
  ['the owner of all', SAME, { owner: { uid: 5, gid: 6 } }],
  ['the name of a packed file', contextOf(changed('s/d/b', { name: 's/d/B' }))],
  ['the name of a directory', contextOf(changed('s/d/b', { name: 's/D/b' }))],
  ['a content of the same size', contextOf(changed('s/d/b', { body: 'bbbc' }))],
  ['a large content of the same size', contextOf(changed('s/d/a', { body: OTHER }))],
  ['the content of a file that is not packed', contextOf(changed('s/r', { body: 'rrrs' }))],
  [
    'two contents that are exchanged',
    contextOf(
      changed('s/d/b', { name: 's/d/c' }).map((item) =>
        item[0] === 's/d/c' ? ['s/d/b', item[1]] : item,
      ),
    ),
  ],
  ['the target of a link', contextOf(changed('s/l', { linkname: 'd/b' }))],
  ['an attribute', contextOf(ITEMS, 'w')],
  [
    'a link in place of a copy',
    contextOf(changed('s/d/c', { typeflag: '1', linkname: 's/d/b', body: '' })),
  ],
  ['the order of the entries', contextOf([...ITEMS].reverse())],
  ['a build argument', SAME, { buildArgs: { DEST: '/y' } }],
  ['SOURCE_DATE_EPOCH', SAME, { buildArgs: { SOURCE_DATE_EPOCH: '77' } }],
  ['an edit', SAME, { mode: 'a+x' }],
  ['an excluded file', SAME, { exclude: ['s/d/b'] }],
  ['the compression', SAME, { compression: { type: 'gzip', level: 9 } }],
  ['another instruction', contextOf(ITEMS, 'v', `${DOCKERFILE}COPY --chmod=700 s /z\n`)],
];

describe('a cached layer', () => {
  it('is found without reading the contents if nothing has changed', async () => {
    const first = await archiveOf(SAME);
    expect(readdirSync(join(cache(), 'layers'))).toHaveLength(1);
    const read = vi.spyOn(Spool.prototype, 'read');
    const again = await archiveOf(SAME);
    const bytes = read.mock.calls.reduce((sum, [, , , length]) => sum + length, 0);
    read.mockRestore();
    expect(again.equals(first)).toBe(true);
    // The Dockerfile, and the layer of WORKDIR.
    expect(bytes).toBeLessThan(1000);
  });

  it.each(VARIANTS.map(([what, ...rest]) => ({ what, rest })))(
    'is the right one after a change of $what',
    async ({ rest: [context, options] }) => {
      await archiveOf(SAME);
      const expected = await archiveOf(context, { ...options, noCache: true });
      expect((await archiveOf(context, options)).equals(expected)).toBe(true);
      expect((await archiveOf(context, options)).equals(expected)).toBe(true);
      const same = await archiveOf(SAME, { noCache: true });
      expect((await archiveOf(SAME)).equals(same)).toBe(true);
    },
  );
});
