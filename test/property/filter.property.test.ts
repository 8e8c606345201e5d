import fc from 'fast-check';
import { expect, test } from 'vitest';
import { filter, filtered } from '../support/filter.js';
import { LONG } from '../support/long.js';
import { readTar } from '../support/read-tar.js';
import { chunkSizes, type Edits, edits, entryLists, formats, write } from './entries.js';
import { list, type Listed, reference, Refusal } from './reference.js';

/** The same cases in every run: what fails here fails everywhere. */
const RUNS = { seed: 20_260_101, numRuns: LONG ? 1500 : 300 };

function referenceOrRefusal(tar: Buffer, wanted: Edits): Listed[] | undefined {
  try {
    return reference(readTar(tar).entries, wanted);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

test('any entries, in any format, any chunks, under any edits, read as the reference has them', async () => {
  const property = fc.asyncProperty(
    entryLists,
    formats,
    chunkSizes,
    edits,
    async (entries, format, chunks, wanted) => {
      const tar = await write(entries, format);
      const expected = referenceOrRefusal(tar, wanted);
      const { output, error, sink } = await filter(tar, wanted, chunks);
      if (expected === undefined) {
        expect(error).toMatchObject({ kind: 'context', code: 'TAR_LINK' });
        expect(sink).toBe('destroyed');
        return;
      }
      expect(error).toBeUndefined();
      const reading = readTar(output);
      expect(reading.terminated).toBe(true);
      const listed = reading.entries.map(list);
      // The root in front, where the first header isn't plain.
      if (listed.length > expected.length)
        expect(listed.shift()).toMatchObject({ name: './', typeflag: '5' });
      expect(listed).toEqual(expected);
    },
  );
  await fc.assert(property, RUNS);
});

test('twice filtered is once filtered', async () => {
  const property = fc.asyncProperty(
    entryLists,
    formats,
    chunkSizes,
    async (entries, format, chunks) => {
      const once = await filtered(await write(entries, format), {}, chunks);
      expect((await filtered(once, {}, chunks)).equals(once)).toBe(true);
    },
  );
  await fc.assert(property, { ...RUNS, numRuns: LONG ? 500 : 100 });
});

test('with owners kept and safe names, every byte is', async () => {
  const property = fc.asyncProperty(
    entryLists,
    formats,
    chunkSizes,
    async (entries, format, chunks) => {
      const tar = await write(entries, format);
      const { end, entries: listed } = readTar(tar);
      fc.pre(
        listed.every(
          ({ name, typeflag, linkname }) =>
            !/^\//.test(name) && !(typeflag === '1' && /^\//.test(linkname)),
        ),
      );
      const output = await filtered(tar, { owner: 'keep' }, chunks);
      expect(output.subarray(0, -1024).equals(tar.subarray(0, end))).toBe(true);
    },
  );
  await fc.assert(property, { ...RUNS, numRuns: LONG ? 500 : 100 });
});
