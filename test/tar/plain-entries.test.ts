/** Plain entries take a path of their own through the walk: its output is that of the general path. */
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { setOwner } from '../../src/edit/attributes.js';
import { filterInto } from '../../src/filter.js';
import type { FilterOptions } from '../../src/options/context.js';
import { PlainEntries } from '../../src/tar/plain-entries.js';
import { TarWalk } from '../../src/tar/walk.js';
import { CollectingSink, inChunks } from '../support/filter.js';
import { type Fields, header, member, tar } from '../support/write-tar.js';
import { contexts, likely } from './plain-contexts.js';

interface Outcome {
  readonly bytes: string;
  readonly last: string | undefined;
  readonly error: string | undefined;
  readonly notices: readonly string[];
  readonly entries: number | undefined;
}

async function outcomeOf(
  bytes: Buffer,
  options: FilterOptions,
  chunks: number | readonly number[],
): Promise<Outcome> {
  const sink = new CollectingSink();
  const notices: string[] = [];
  let error: unknown;
  let entries: number | undefined;
  try {
    const context = inChunks(bytes, chunks);
    const report: FilterOptions['report'] = (event) => {
      if (event.kind === 'notice') notices.push(event.message);
    };
    ({ entries } = await filterInto(sink, { ...options, context, report }));
  } catch (thrown) {
    error = thrown;
  }
  const { last } = sink;
  return {
    bytes: sink.bytes.toString('latin1'),
    last: last?.toString('latin1'),
    error: error instanceof Error ? `${error.name} ${error.message}` : undefined,
    notices,
    entries,
  };
}

/** Lets no entry take the fast path. */
function onlyGeneral(): () => void {
  const take = vi.spyOn(PlainEntries.prototype, 'take').mockReturnValue(-1);
  return () => take.mockRestore();
}

afterEach(() => vi.restoreAllMocks());

describe('plain entries', () => {
  it('leave as on the general path, for any headers, edits and chunks', async () => {
    let taken = 0;
    let failed = 0;
    const sizes = fc.oneof(
      fc.constantFrom([1], [511], [512], [513], [1536], [64 * 1024]),
      fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 }),
    );
    const property = fc.asyncProperty(contexts, likely, sizes, async (bytes, edits, chunks) => {
      const restore = onlyGeneral();
      const general = await outcomeOf(bytes, edits, chunks).finally(restore);
      const take = vi.spyOn(PlainEntries.prototype, 'take');
      const fast = await outcomeOf(bytes, edits, chunks);
      taken += take.mock.results.filter(({ value }) => Number(value) >= 0).length;
      take.mockRestore();
      if (general.error !== undefined) failed++;
      expect(fast).toEqual(general);
    });
    await fc.assert(property, { numRuns: 1000 });
    expect(taken).toBeGreaterThan(500);
    expect(failed).toBeGreaterThan(100);
  });

  it.each([1, 512, 700, 64 * 1024])('are edited in a chunk that is owned, of %i bytes', (size) => {
    const entries = ['src/a', 'src/b', 'src/c'].map((one) =>
      member({ name: one, body: 'x'.repeat(900) }),
    );
    const bytes = tar(member({ name: 'Dockerfile', body: 'x' }), ...entries);
    const written = (plain: boolean, owned: boolean): { output: Buffer; untouched: boolean } => {
      const parts: Buffer[] = [];
      const edit = setOwner({ uid: 0, gid: 0 });
      const walk = new TarWalk({
        entry: (one) => edit(one),
        ...(plain && { plain: () => ({ ...edit.plain, seesRoots: false }) }),
        bytes: (part) => void parts.push(Buffer.from(part)),
      });
      const input = Buffer.from(bytes);
      for (let at = 0; at < input.length; at += size)
        walk.push(input.subarray(at, at + size), owned);
      expect(walk.end()).toBe('complete');
      expect(walk.entries).toBe(4);
      return { output: Buffer.concat(parts), untouched: input.equals(bytes) };
    };
    const { output } = written(false, true);
    expect(written(true, true).output.equals(output)).toBe(true);
    const copied = written(true, false);
    expect([copied.output.equals(output), copied.untouched]).toEqual([true, true]);
  });

  it('take the fast path in the form of GNU tar, bsdtar, tar-stream and Go', () => {
    const forms: readonly Fields[] = [
      { name: './src/a', magic: 'gnu', uid: 1000 },
      { name: 'src/a', patch: (block) => void block.write('000644 \0', 100, 'latin1') },
      {
        name: 'src/.hidden/b',
        patch: (block) => void block.write('000000 \x00000000 \x00', 329, 'latin1'),
      },
      { name: 'src/folder/', typeflag: '5' },
    ];
    for (const form of forms) {
      const general = vi.fn();
      const walk = new TarWalk({ entry: general, plain: () => ({}) });
      walk.push(tar(header({ size: 0, ...form })));
      expect([walk.entries, general.mock.calls.length]).toEqual([1, 0]);
    }
  });

  it('do not become the content of the Dockerfile before them', async () => {
    const contents = new Map<string, Buffer[]>();
    let current: Buffer[] = [];
    const { runContext } = await import('../../src/context/run-context.js');
    const { CONTEXT } = await import('../../src/options/context.js');
    const { normalise } = await import('../../src/options/schema.js');
    const bytes = tar(
      member({ name: 'Dockerfile', body: 'FROM scratch\n' }),
      member({ name: 'Dockerfile', body: 'FROM other\n' }),
      ...['a', 'b', 'c'].map((one) => member({ name: `src/${one}`, body: one.repeat(5000) })),
    );
    for (const size of [1, 512, 1000, 64 * 1024]) {
      contents.clear();
      const receiver = {
        begin: (path: string) => void contents.set(path, (current = [])),
        data: (part: Buffer) => void current.push(Buffer.from(part)),
      };
      const context = normalise(CONTEXT, { context: inChunks(bytes, size) });
      const { signal } = new AbortController();
      await runContext(new CollectingSink(), context, () => undefined, {
        exact: false,
        signal,
        receiver,
      });
      expect([...contents].map(([path, parts]) => [path, Buffer.concat(parts).toString()])).toEqual(
        [['Dockerfile', 'FROM other\n']],
      );
    }
  });
});
