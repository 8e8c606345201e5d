import { describe, expect, it } from 'vitest';
import { Tree } from '../../../src/filesystem/tree.js';
import { SizeBudget } from '../../../src/inspect/read/budgets.js';
import { MemoryBudget } from '../../../src/inspect/read/budgets.js';
import { replayLayer, type ReplayOptions } from '../../../src/inspect/read/inspect-layers.js';
import { type RecordedLayer, recordLayer } from '../../../src/inspect/read/record-layer.js';
import { inChunks } from '../../support/filter.js';
import { digest } from '../../support/inspect/image-forms.js';
import { CHUNKS } from '../../support/inspect/scan.js';
import { header, member, tar } from '../../support/write-tar.js';

const bytes = tar(
  member({ name: 'a', body: 'a'.repeat(600) }),
  header({ name: 'l', typeflag: '2', linkname: 'a' }),
  member({ name: 'b', body: 'b' }),
  header({ name: '.wh.c' }),
);

function record(
  memory = new MemoryBudget(),
  chunk = 512,
  signal = new AbortController().signal,
  layer = bytes,
): Promise<RecordedLayer> {
  const budget = new SizeBudget();
  return recordLayer(inChunks(layer, chunk), {
    name: 'layer x',
    blob: 'x',
    budget,
    memory,
    signal,
  });
}

async function replayed(options: Partial<ReplayOptions>): Promise<Tree> {
  const tree = new Tree();
  const memory = new MemoryBudget();
  const all = { tree, name: 'layer x', whiteouts: true, firstContent: 10, memory, ...options };
  replayLayer(await record(), all);
  return tree;
}

/** Files whose headers are plain if the slash is a single one. */
function filesBelow(folder: string): Buffer {
  const owner = { uid: 5, gid: 7, mtime: 11, mode: 0o4711 };
  return tar(
    member({ name: `${folder}a`, ...owner, body: 'a'.repeat(600) }),
    header({ name: `${folder}.wh.b`, ...owner }),
    member({ name: `${folder}b`, ...owner, body: '#!/bin/sh\n' }),
  );
}

describe('a layer that is recorded', () => {
  it('has the same entries and facts from plain headers as from others', async () => {
    const { signal } = new AbortController();
    for (const chunk of CHUNKS) {
      const plain = await record(new MemoryBudget(), chunk, signal, filesBelow('d/'));
      const other = await record(new MemoryBudget(), chunk, signal, filesBelow('d//'));
      expect({ ...plain, diffId: '' }).toStrictEqual({ ...other, diffId: '' });
      expect(plain.entries.map((entry) => [entry.cleanPath, entry.bytes])).toEqual([
        ['d/a', 3],
        ['d/.wh.b', 7],
        ['d/b', 3],
      ]);
      expect(plain.entries[0]).toMatchObject({ uid: 5, gid: 7, mtime: 11, mode: 0o4711 });
      expect(plain.contents[2]?.script).toBeDefined();
    }
  });

  it('has its entries, their contents, its size and its digest, in chunks of any size', async () => {
    for (const chunk of CHUNKS) {
      const layer = await record(new MemoryBudget(), chunk);
      expect(layer).toMatchObject({ raw: bytes.length, size: 601, diffId: digest(bytes) });
      expect(layer.entries.map(({ type, content }) => `${type} ${content}`)).toEqual([
        'file 0',
        'symlink -1',
        'file 1',
        'file 2',
      ]);
      expect(layer.contents.map(({ blob, index }) => `${blob} ${index}`)).toEqual([
        'x 0',
        'x 1',
        'x 2',
      ]);
    }
  });

  it('gives its memory back when it fails', async () => {
    const memory = new MemoryBudget(5000);
    const cut = inChunks(bytes.subarray(0, 1800), 512);
    const signal = new AbortController().signal;
    const options = { name: 'layer x', blob: 'x', budget: new SizeBudget(), memory, signal };
    await expect(recordLayer(cut, options)).rejects.toMatchObject({ code: 'TAR_TRUNCATED' });
    expect(cut.destroyed).toBe(true);
    await expect(record(memory)).resolves.toBeDefined();
    await expect(record(memory)).rejects.toMatchObject({
      code: 'TARGET_ENTRIES',
      message: expect.stringMatching(
        /^reading entry .* there is no memory for more entries$/,
      ) as string,
    });
  });

  it('ends with the signal, before it and while it waits', async () => {
    const stopped = AbortSignal.abort(new Error('stopped'));
    await expect(record(new MemoryBudget(), 512, stopped)).rejects.toThrow('stopped');
    const abort = new AbortController();
    const silent = inChunks(bytes, 512);
    silent.push = () => true;
    setTimeout(() => abort.abort(new Error('stopped')), 10);
    const options = {
      name: 'x',
      blob: 'x',
      budget: new SizeBudget(),
      memory: new MemoryBudget(),
      signal: abort.signal,
    };
    await expect(recordLayer(silent, options)).rejects.toThrow('stopped');
  });
});

describe('a layer that is replayed', () => {
  it('has its contents where they were recorded, counted on', async () => {
    const tree = await replayed({});
    expect(tree.find('a')).toMatchObject({ offset: 10, size: 600 });
    expect(tree.find('b')).toMatchObject({ offset: 11, size: 1 });
    expect(tree.find('l')).toBe(tree.find('a'));
    expect(tree.find('.wh.c')).toBeUndefined();
  });

  it('of a context has names that start with .wh.', async () => {
    expect((await replayed({ whiteouts: false })).find('.wh.c')).toBeDefined();
  });

  it('until the memory is exhausted', async () => {
    await expect(replayed({ memory: new MemoryBudget(2000) })).rejects.toMatchObject({
      kind: 'context',
      code: 'TARGET_ENTRIES',
      message: 'reading layer x: there is no memory for more entries',
    });
  });
});
