import { describe, expect, test } from 'vitest';
import { CHUNKS } from '../support/filter.js';
import { readTar } from '../support/read-tar.js';
import { walk } from '../support/walk.js';
import { END, long, member, oldSparse, pax, tar } from '../support/write-tar.js';

const ENTRIES = Buffer.concat([
  member({ name: 'a', body: 'a'.repeat(600) }),
  pax([['comment', 'b']]),
  member({ name: 'b', body: 'b'.repeat(512) }),
  oldSparse(
    { name: 'c' },
    Array.from({ length: 30 }, (_, i) => [i * 1024, 'cc'] as const),
    1 << 20,
  ),
  long('L', 'd'.repeat(120)),
  member({ name: 'd', magic: 'gnu' }),
  member({ name: 'e', body: 'e' }),
]);
const WHOLE = Buffer.concat([ENTRIES, END]);

describe('the walk', () => {
  test.each(CHUNKS)(
    'passes on what nobody edits, but for the end-of-archive, in chunks of %i',
    (chunk) => {
      const { output, ending, walk: walker } = walk(WHOLE, undefined, { chunk });
      expect(output.equals(ENTRIES)).toBe(true);
      expect(ending).toBe('complete');
      expect(walker).toMatchObject({ entries: 5, offset: WHOLE.length, trailing: undefined });
    },
  );

  test.each(CHUNKS)(
    'leaves out what is dropped with all of its blocks, in chunks of %i',
    (chunk) => {
      for (const dropped of ['a', 'b', 'c', 'd'.repeat(120), 'e']) {
        const { output } = walk(WHOLE, ({ path }) => (path === dropped ? 'drop' : undefined), {
          chunk,
        });
        const kept = readTar(output).entries.map(({ name }) => name);
        expect(kept).toEqual(
          ['a', 'b', 'c', 'd'.repeat(120), 'e'].filter((name) => name !== dropped),
        );
        expect(readTar(output).groups.filter(({ header }) => header.typeflag === 'x')).toHaveLength(
          dropped === 'b' ? 0 : 1,
        );
      }
      expect(walk(WHOLE, () => 'drop', { chunk }).output).toHaveLength(0);
    },
  );

  test.each(CHUNKS)("never writes into a chunk that isn't its own, of %i bytes", (chunk) => {
    const before = Buffer.from(WHOLE);
    const shared = walk(before, (entry) => void (entry.uid = 0), { chunk, owned: false });
    expect(before.equals(WHOLE)).toBe(true);
    const own = walk(WHOLE, (entry) => void (entry.uid = 0), { chunk, owned: true });
    expect(shared.output.equals(own.output)).toBe(true);
  });

  test('tells the typeflag of the first block of each entry', () => {
    const leads: string[] = [];
    walk(WHOLE, (_, lead) => void leads.push(String.fromCharCode(lead)));
    expect(leads).toEqual(['0', 'x', 'S', 'L', '0']);
  });

  test.each(CHUNKS)('measures what trails the end, in chunks of %i', (chunk) => {
    const behind = Buffer.concat([
      Buffer.alloc(1000),
      Buffer.from('text'.repeat(50)),
      Buffer.alloc(9),
    ]);
    const {
      walk: walker,
      ending,
      output,
    } = walk(Buffer.concat([WHOLE, behind]), undefined, { chunk });
    expect(ending).toBe('complete');
    expect(walker.trailing).toEqual({ bytes: 209, sample: Buffer.from('text'.repeat(16)) });
    expect(output.equals(ENTRIES)).toBe(true);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['an entry', ENTRIES],
    ['one zero block', WHOLE.subarray(0, ENTRIES.length + 512)],
  ])('says that the end is missing behind %s', (_, bytes) => {
    expect(walk(bytes).ending).toBe('unterminated');
  });

  test.each(CHUNKS)('tells where a header is bad, in chunks of %i', (chunk) => {
    const damaged = Buffer.concat([member({ name: 'a', body: 'a' }), Buffer.alloc(512, 0x41)]);
    expect(() => walk(damaged, undefined, { chunk })).toThrowError(/bad checksum.* at byte 1024$/);
    const odd = Buffer.concat([
      member({ name: 'a', body: 'a' }),
      pax([['path', 'later']]),
      member({ name: 'b', patch: (block) => block.write('x', 124) }),
    ]);
    expect(() => walk(odd, undefined, { chunk })).toThrowError(
      /entry later at byte 2048: the size is not/,
    );
    const second = Buffer.concat([
      member({ name: 'a', body: 'a' }),
      long('L', 'n'),
      long('L', 'm'),
    ]);
    expect(() => walk(second, undefined, { chunk })).toThrowError(
      /at byte 2048: a second GNU long name/,
    );
  });

  test('names an entry in its message without what a terminal would act on', () => {
    const bytes = member({ name: '\x1b[2Jx', body: 'abc' }).subarray(0, 513);
    expect(() => walk(bytes)).toThrowError('in the body of \\x1b[2Jx, 2 bytes short');
  });

  test.each(CHUNKS)('takes a megabyte of metadata, and no byte more, in chunks of %i', (chunk) => {
    if (chunk < 512) return;
    const size = 1024 * 1024 - '1048576 comment=\n'.length;
    const most = tar(pax([['comment', 'c'.repeat(size)]]), member({ name: 'x' }));
    expect(walk(most, undefined, { chunk }).output.equals(most.subarray(0, -1024))).toBe(true);
    const more = tar(pax([['comment', 'c'.repeat(size + 1)]]), member({ name: 'x' }));
    expect(() => walk(more, undefined, { chunk })).toThrowError(/more than 1 MiB/);
  });

  test('is quick with as many records as a header can hold, and forgets those of global ones', () => {
    const body = Array.from(
      { length: 80_000 },
      (_, i) => `12 k${String(i).padStart(6, '0')}=\n`,
    ).join('');
    const distinct = member({ name: 'g', typeflag: 'g', body });
    const same = member({ name: 'g', typeflag: 'g', body: '8 uid=1\n'.repeat(130_000) });
    const started = performance.now();
    const bytes = Buffer.concat([
      ...Array<Buffer>(3).fill(distinct),
      same,
      tar(member({ name: 'x' })),
    ]);
    const { output } = walk(bytes, (entry) => void (entry.uid = 0), {
      global: (header) => header.setOwner(0, 0),
    });
    expect(readTar(output).entries[0]?.uid).toBe(0);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test.each([
    ['path', 'x'],
    ['linkpath', 'x'],
    ['size', '1'],
    ['GNU.sparse.major', '1'],
  ])('refuses a global %s, which readers disagree about', (key, value) => {
    const bytes = tar(pax([[key, value]], { typeflag: 'g' }), member({ name: 'x' }));
    expect(() => walk(bytes)).toThrowError(new RegExp(`global PAX header sets '${key}'`));
  });

  test('refuses a global header between metadata and its entry', () => {
    const bytes = tar(
      pax([['uid', '1']]),
      pax([['gid', '1']], { typeflag: 'g' }),
      member({ name: 'x' }),
    );
    expect(() => walk(bytes)).toThrowError(/global PAX header between/);
  });
});
