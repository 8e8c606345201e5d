/** Plain files of a context are packed: an image is the same as without that, whatever else is in the context. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { build, type BuildOptions } from '../../../src/index.js';
import { PlainEntries } from '../../../src/tar/plain-entries.js';
import { inChunks } from '../../support/filter.js';
import { END, type Fields, member, padded, pax } from '../../support/write-tar.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-packed-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

const directory = fc.constantFrom('', 'd/', 'e/', 'd/e/', 'd/é/');
const last = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('a', 'b', 'aa', 'a-', 'ä', 'n'.repeat(90)) },
  { weight: 2, arbitrary: fc.constantFrom('d', 'e', 'é', 'a/b') },
);
const name = fc.tuple(directory, last).map((parts) => Buffer.from(`s/${parts.join('')}`));

const entry = fc
  .record({
    name,
    type: fc.constantFrom(...'00000000000000005521'),
    target: fc.oneof(name, fc.constantFrom(Buffer.from('d'), Buffer.from('../s/b'))),
    size: fc.constantFrom(0, 1, 100, 512, 2000, 70_000),
    mode: fc.constantFrom(0o644, 0o755, 0o4755),
    mtime: fc.constantFrom(0, 1000, 1_700_000_000, 2 ** 33, 2 ** 34),
    uid: fc.constantFrom(0, 1000, 2 ** 21),
    hasRecords: fc.nat(9).map((one) => one === 0),
  })
  .map(({ name: bytes, type, target, size, hasRecords, ...rest }) => {
    const isFile = type === '0';
    const fields: Fields = {
      ...rest,
      name: type === '5' ? Buffer.concat([bytes, Buffer.from('/')]) : bytes,
      typeflag: type,
      base256: rest.uid >= 2 ** 21 || rest.mtime >= 2 ** 33,
      ...(!isFile && { linkname: type === '1' ? target : target.subarray(0, 90) }),
    };
    const body = Buffer.alloc(isFile ? size : 0, bytes);
    const written = member({ ...fields, body });
    return hasRecords ? Buffer.concat([pax([['mtime', '77.5']]), written]) : written;
  });

const instruction = fc.constantFrom(
  'COPY . /',
  'COPY s /',
  'COPY s/ /x/',
  'COPY s /x',
  'COPY . s/a* /y/',
  'COPY --chown=7:8 s /z/',
  'COPY --exclude=**/b s /e/',
  'COPY --parents s/d* s/./e* . /p/',
  'WORKDIR /x/a',
);

const contexts = fc.record({
  entries: fc.array(entry, { maxLength: 25 }),
  instructions: fc.array(instruction, { minLength: 1, maxLength: 3 }),
  chunk: fc.constantFrom(700, 10_240, 100_000),
  owner: fc.constantFrom('keep' as const, { uid: 0, gid: 0 }, { uid: 3_000_000, gid: 5 }),
});

/** The archive with layers that are not compressed, or the error. */
async function outcomeOf(
  bytes: Buffer,
  chunk: number,
  owner: BuildOptions['owner'],
): Promise<string> {
  const dest = join(folder, 'image.tar');
  try {
    await build({
      context: inChunks(bytes, chunk),
      engine: 'embedded',
      tags: ['a'],
      owner,
      check: false,
      noCache: true,
      compression: { type: 'none' },
      outputs: [{ type: 'oci', dest, attributes: {} }],
    });
    return readFileSync(dest, 'latin1');
  } catch (error) {
    return String(error);
  }
}

describe('packed files', () => {
  it('are in the same image as all others, for any contexts', async () => {
    let [packed, built] = [0, 0];
    const count = vi.spyOn(PlainEntries.prototype, 'take');
    await fc.assert(
      fc.asyncProperty(contexts, async ({ entries, instructions, chunk, owner }) => {
        const dockerfile = ['FROM scratch', ...instructions, ''].join('\n');
        const bytes = Buffer.concat([
          member({ name: 'Dockerfile', body: dockerfile }),
          ...entries,
          padded(END),
        ]);
        count.mockClear();
        const found = await outcomeOf(bytes, chunk, owner);
        packed += count.mock.results.filter(({ value }) => Number(value) >= 0).length;
        if (!found.startsWith('DockerceptionError')) built++;
        count.mockReturnValue(-1);
        const expected = await outcomeOf(bytes, chunk, owner);
        count.mockReset();
        expect(found === expected, found.startsWith('Docker') ? `${found}\n${expected}` : '').toBe(
          true,
        );
      }),
      { numRuns: 300 },
    );
    expect(packed).toBeGreaterThan(100);
    expect(built).toBeGreaterThan(50);
  }, 120_000);
});
