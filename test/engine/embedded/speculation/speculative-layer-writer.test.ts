/** A layer that is written before the context ends has the same bytes as one that is written after. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runContext } from '../../../../src/context/run-context.js';
import { embeddedEngine } from '../../../../src/engine/embedded/embedded-engine.js';
import type { WrittenLayer } from '../../../../src/engine/embedded/output/assemble.js';
import { layerTar } from '../../../../src/engine/embedded/output/layer-tar.js';
import { SpeculativeLayerWriter } from '../../../../src/engine/embedded/speculation/speculative-layer-writer.js';
import { Spool } from '../../../../src/engine/embedded/spool/spool.js';
import type { LayerChange } from '../../../../src/engine/embedded/stages/stages.js';
import { changes } from '../../../../src/filesystem/changes.js';
import { FILE, Leaf } from '../../../../src/filesystem/node.js';
import { Tree } from '../../../../src/filesystem/tree.js';
import { ArchiveStore } from '../../../../src/image/archive/archive-store.js';
import { type StoredLayer, writeLayer } from '../../../../src/image/layer.js';
import { CONTEXT } from '../../../../src/options/context.js';
import { normalise } from '../../../../src/options/schema.js';
import { engineOptions } from '../../../support/engine-options.js';
import { inChunks } from '../../../support/filter.js';
import { readTar } from '../../../support/read-tar.js';
import { type Member, member, tar } from '../../../support/write-tar.js';

/** More than what the spool keeps in memory. */
const LARGE = 70_000;
const TIME = 1_700_000_000;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-speculation-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Bytes that differ from seed to seed, half of them easily compressed. */
function bytes(seed: number, length = LARGE): Buffer {
  const content = Buffer.alloc(length);
  for (let at = 0; at < length; at++) content[at] = at & 512 ? seed : (at * at * (seed + 3)) >> 5;
  return content;
}

/** The archive that a context becomes, or why it doesn't. */
async function archiveOf(
  context: Buffer,
  {
    threshold,
    needsContent = false,
    chunk = 65_536,
    type = 'gzip',
  }: { threshold: number; needsContent?: boolean; chunk?: number; type?: 'gzip' | 'none' | 'zstd' },
): Promise<Buffer | string> {
  const dest = join(folder, 'image.tar');
  const engine = embeddedEngine({
    env: { TMPDIR: folder },
    stdout: new PassThrough(),
    openDirectory: () => Promise.reject(new Error('there is none')),
    speculationThreshold: threshold,
  });
  const options = engineOptions({
    platforms: ['linux/amd64'],
    outputs: [{ type: 'oci', dest, attributes: {} }],
    compression: { type },
    check: {
      hasLimits: false,
      observe: () => Promise.resolve(undefined),
      assembled: () => Promise.resolve(),
      stored: () => Promise.resolve(),
      pushed: () => Promise.resolve(),
      needsContent: () => Promise.resolve(needsContent),
    },
  });
  const { report, signal } = options;
  const building = engine.begin(options);
  try {
    const stream = Readable.from(inChunks(context, chunk), { objectMode: false });
    await runContext(building, normalise(CONTEXT, { context: stream }), report, {
      exact: false,
      signal,
    });
    await building.finish();
  } catch (error) {
    return String(error);
  } finally {
    await building.close();
  }
  const archive = readFileSync(dest);
  rmSync(dest);
  return archive;
}

/** All ways to write a layer agree, and leave no temporary file. */
async function expectSame(
  context: Buffer,
  chunk?: number,
  type?: 'gzip' | 'none' | 'zstd',
): Promise<void> {
  const late = await archiveOf(context, { threshold: Infinity, type });
  for (const needsContent of [false, true]) {
    const early = await archiveOf(context, { threshold: LARGE, needsContent, chunk, type });
    if (typeof late === 'string') expect(early).toBe(late);
    else if (typeof early === 'string') expect.fail(early);
    else expect(early.equals(late) || sorted(early).equals(sorted(late))).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  }
}

/** A layer that was written early comes first in the archive, whatever its index. */
function sorted(archive: Buffer): Buffer {
  const entries = readTar(archive).entries.map(({ name, body }) => ({ name, body }));
  return tar(
    ...entries.sort((one, other) => (one.name < other.name ? -1 : 1)).map((entry) => member(entry)),
  );
}

const dockerfile = (text: string): Buffer => member({ name: 'Dockerfile', body: text });
const ALL = dockerfile('FROM scratch\nCOPY . /\nCMD ["/a"]\n');
const file = (name: string, seed: number, more: Partial<Member> = {}): Buffer =>
  member({ name, body: bytes(seed), mtime: TIME, ...more });

describe('an image whose layer is written before the context ends', () => {
  const rows: Readonly<Record<string, readonly Buffer[]>> = {
    'one file': [ALL, file('a', 1)],
    'files in the order of the layer': [ALL, file('a', 1), file('b', 2), file('c', 3)],
    'files in another order': [ALL, file('c', 3), file('a', 1), file('b', 2)],
    'the Dockerfile last': [file('a', 1), file('b', 2), ALL],
    'the Dockerfile between': [file('a', 1), ALL, file('b', 2)],
    'small files between': [
      ALL,
      member({ name: 'a', body: 'a' }),
      file('b', 2),
      member({ name: 'c', body: 'c' }),
      file('d', 4),
    ],
    'a small file that belongs in front': [ALL, file('b', 2), member({ name: 'a', body: 'a' })],
    'a name that occurs twice': [ALL, file('a', 1), file('b', 2), file('a', 3)],
    'a file in place of a directory': [
      ALL,
      file('d/a', 1),
      member({ name: 'd', body: 'd' }),
      file('e', 2),
    ],
    'a directory that follows its own files': [
      ALL,
      file('d/a', 1),
      member({ name: 'd', typeflag: '5', mode: 0o700 }),
      file('e', 2),
    ],
    'a newer time after directories without one': [
      ALL,
      file('d/a', 1),
      file('e', 2, { mtime: TIME + 5 }),
    ],
    'a newer time, and no directory without one': [
      ALL,
      file('a', 1),
      file('b', 2, { mtime: TIME + 5 }),
    ],
    'a second name for a file': [
      ALL,
      file('a', 1),
      member({ name: 'b', typeflag: '1', linkname: 'a' }),
      file('c', 3),
    ],
    'a symbolic link': [
      ALL,
      member({ name: 'a', typeflag: '2', linkname: 'b' }),
      file('b', 1),
      file('c', 3),
    ],
    'two layers': [dockerfile('FROM scratch\nCOPY b /\nCOPY a /\n'), file('a', 1), file('b', 2)],
    'a stage that is copied from': [
      dockerfile('FROM scratch AS one\nCOPY a b /x/\nFROM scratch\nCOPY --from=one /x /y\n'),
      file('a', 1),
      file('b', 2),
    ],
    'a stage that the target does not need': [
      dockerfile('FROM scratch AS one\nCOPY a /\nFROM scratch\nCOPY b /\n'),
      file('a', 1),
      file('b', 2),
    ],
    'a heredoc': [
      dockerfile('FROM scratch\nCOPY <<E /e\nhello\nE\nCOPY a /\n'),
      file('a', 1),
      file('b', 2),
    ],
    ADD: [dockerfile('FROM scratch\nADD a b /\n'), file('a', 1), file('b', 2)],
    'owners and modes': [
      dockerfile('FROM scratch\nCOPY --chown=7:8 --chmod=600 a b /d/\nWORKDIR /w\n'),
      file('a', 1),
      file('b', 2),
    ],
    'a second Dockerfile': [
      ALL,
      file('a', 1),
      dockerfile('FROM scratch\nCOPY b /\n'),
      file('b', 2),
    ],
    'a file that is not there yet': [
      dockerfile('FROM scratch\nCOPY b a /\n'),
      file('a', 1),
      file('b', 2),
    ],
    'a file that is missing': [
      dockerfile('FROM scratch\nCOPY b a /\n'),
      file('a', 1),
      file('c', 2),
    ],
    'a whiteout': [ALL, file('a', 1), member({ name: '.wh.b', body: '' }), file('c', 2)],
    'one file at two places': [
      dockerfile('FROM scratch\nCOPY a /x\nCOPY a b /y/\n'),
      file('a', 1),
      file('b', 2),
    ],
    'one file at two places of a layer': [
      dockerfile('FROM scratch AS s\nCOPY a /x/1\nCOPY a b /x/\nFROM scratch\nCOPY --from=s / /\n'),
      file('a', 1),
      file('b', 2),
    ],
    'a late RUN': [ALL, file('a', 1), dockerfile('FROM scratch\nCOPY a /\nRUN true\n')],
    'a late ADD': [ALL, file('a', 1), dockerfile('FROM scratch\nADD a /\n')],
    'a RUN': [dockerfile('FROM scratch\nCOPY a /\nRUN true\n'), file('a', 1), file('b', 2)],
    'an unknown base': [dockerfile('FROM 127.0.0.1:1/nothing\nCOPY a /\n'), file('a', 1)],
  };

  it.each(Object.entries(rows))('is the same with %s', async (_, members) => {
    await expectSame(tar(...members));
  });

  it.each([1, 511, 512, 513, 100_000])('is the same in chunks of %i bytes', async (chunk) => {
    await expectSame(tar(...(rows['small files between'] as Buffer[])), chunk);
    await expectSame(tar(...(rows['files in another order'] as Buffer[])), chunk);
  });

  it.each(['none', 'zstd'] as const)('is the same with layers compressed by %s', async (type) => {
    await expectSame(tar(ALL, file('a', 1), file('b', 2)), 10_000, type);
  });

  it('is the same with any entries in any order', async () => {
    const names = ['a', 'b', 'd', 'd/a', 'd/b', 'd/e/a', 'Dockerfile', 'z'];
    const entry = fc.record({
      name: fc.constantFrom(...names),
      size: fc.constantFrom(0, 10, LARGE, LARGE + 512, 200_000),
      seed: fc.nat(200),
      directory: fc.boolean(),
      mtime: fc.constantFrom(TIME - 1, TIME, TIME + 1),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 1, maxLength: 10 }),
        fc.constantFrom(
          'COPY . /',
          'COPY . /d/',
          'COPY d /',
          'COPY a b /x/',
          'COPY . /\nCOPY d /e',
        ),
        fc.constantFrom(1_000, 65_536, 1_000_000),
        async (entries, copy, chunk) => {
          const members = entries.map(({ name, size, seed, directory, mtime }) =>
            directory
              ? member({ name, typeflag: '5', mode: 0o755, mtime })
              : member({ name, body: bytes(seed, size), mtime }),
          );
          await expectSame(tar(dockerfile(`FROM scratch\n${copy}\n`), ...members), chunk);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('leaves no file when it is interrupted while a file is diverted', async () => {
    const context = tar(ALL, file('a', 1), file('b', 2));
    for (const at of [LARGE >> 1, LARGE + 3_000, LARGE + (LARGE >> 1)]) {
      const stop = new AbortController();
      const reason = new Error('interrupted');
      const { signal } = stop;
      const outputs = [{ type: 'oci', dest: join(folder, 'image.tar'), attributes: {} }] as const;
      const building = embeddedEngine({
        env: { TMPDIR: folder },
        stdout: new PassThrough(),
        openDirectory: () => Promise.reject(new Error('there is none')),
        speculationThreshold: LARGE,
      }).begin(engineOptions({ outputs, signal }));
      const stream = Readable.from(
        (async function* () {
          yield* inChunks(context.subarray(0, at), 5_000);
          await new Promise((resolve) => setImmediate(resolve));
          stop.abort(reason);
          yield context.subarray(at);
        })(),
        { objectMode: false },
      );
      const passed = runContext(
        building,
        normalise(CONTEXT, { context: stream }),
        () => undefined,
        {
          exact: false,
          signal,
        },
      );
      await expect(passed).rejects.toBe(reason);
      await building.close();
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it('leaves no file when the context is cut short', async () => {
    const whole = tar(ALL, file('a', 1), file('b', 2));
    for (const length of [LARGE, LARGE + 5_000, 2 * LARGE + 3_000])
      await expectSame(whole.subarray(0, length));
  });
});

describe.each([
  ['diverted past the spool', false],
  ['stored in the spool', true],
])('a layer that is written before the context ends, with contents %s,', (_, needsContent) => {
  const content = bytes(9);

  interface Scene {
    readonly writer: SpeculativeLayerWriter;
    readonly store: ArchiveStore;
    /** Sends a file. */
    readonly send: (name: string) => Promise<void>;
    readonly layers: (names: readonly string[]) => readonly LayerChange[];
    readonly spool: Spool;
    /** Bytes of the context in temporary files. */
    readonly spooled: () => number;
  }

  async function withScene(test: (scene: Scene) => Promise<void>): Promise<void> {
    const spool = new Spool(folder);
    const store = await ArchiveStore.temporary();
    const leaves = new Map<string, Leaf>();
    let prediction: readonly LayerChange[] | undefined;
    const layers = (names: readonly string[]): readonly LayerChange[] => {
      const tree = new Tree();
      for (const name of names) tree.directory([]).children.set(name, leaves.get(name) as Leaf);
      return [{ before: new Tree().freeze(), after: tree.freeze() }];
    };
    const writer = new SpeculativeLayerWriter({
      spool,
      compression: { type: 'gzip' },
      signal: new AbortController().signal,
      time: 0,
      threshold: LARGE,
      store: () => Promise.resolve(store),
      predict: () => Promise.resolve(prediction),
      needsContent: () => Promise.resolve(needsContent),
    });
    try {
      await test({
        writer,
        store,
        spool,
        layers,
        spooled: () => spool.length,
        send: async (name) => {
          const leaf = new Leaf(FILE | 0o644, 0, 0, TIME, LARGE, writer.begin(LARGE), undefined);
          leaves.set(name, leaf);
          prediction = layers([...leaves.keys()]);
          for (let at = 0; at < LARGE; at += 7_000) {
            writer.append(content.subarray(at, at + 7_000));
            await writer.ready();
          }
        },
      });
    } finally {
      await writer.close();
      spool.close();
      await store.close();
    }
  }

  it('commits the layer if the prediction was right', () =>
    withScene(async ({ writer, send, layers, spool, spooled }) => {
      await send('a');
      await send('b');
      const all = layers(['a', 'b']);
      await writer.verify(() => Promise.resolve(all));
      await spool.settle();
      expect(spooled()).toBe(needsContent ? 2 * LARGE : 0);
      const { index, layer } = (await writer.commit(all)) as WrittenLayer;
      expect([index, layer]).toEqual([0, await lateLayer(['a', 'b'])]);
    }));

  /** The same files in a layer that is written when all are there. */
  async function lateLayer(names: readonly string[]): Promise<StoredLayer> {
    const spool = new Spool(folder);
    const store = await ArchiveStore.temporary();
    try {
      const tree = new Tree();
      for (const name of names) {
        const leaf = new Leaf(FILE | 0o644, 0, 0, TIME, LARGE, spool.begin(LARGE), undefined);
        spool.append(content);
        tree.directory([]).children.set(name, leaf);
      }
      await spool.settle();
      const entries = changes(undefined, tree.freeze());
      return await writeLayer(store, layerTar([entries], { spool, time: TIME }), { type: 'gzip' });
    } finally {
      spool.close();
      await store.close();
    }
  }

  it.each([
    ['an earlier entry is missing', ['b']],
    ['nothing of it is left', []],
    ['another entry belongs in front', ['A', 'a', 'b']],
  ])('commits none, and restores all contents to the spool, if %s', (_what, end) =>
    withScene(async ({ writer, send, layers, spool }) => {
      const all = ['a', 'b', ...(end.includes('A') ? ['A'] : [])];
      for (const name of all) await send(name);
      const prediction = layers(end);
      await writer.verify(() => Promise.resolve(prediction));
      await spool.settle();
      expect(await writer.commit(prediction)).toBeUndefined();
      for (const leaf of layers(all)[0]?.after.children.values() ?? []) {
        const read = Buffer.alloc(LARGE);
        spool.read(read, 0, (leaf as Leaf).offset, LARGE);
        expect(read.equals(content)).toBe(true);
      }
    }),
  );

  it('commits none if the whole context has no valid Dockerfile', () =>
    withScene(async ({ writer, send, layers }) => {
      await send('a');
      await writer.verify(() => Promise.reject(new Error('no Dockerfile')));
      expect(await writer.commit([])).toBeUndefined();
      await writer.verify(() => Promise.resolve(layers([])));
    }));

  it('commits none after too many files', () =>
    withScene(async ({ writer, send, layers, spool, spooled }) => {
      for (let count = 0; count <= 100_000; count++) writer.begin(0);
      await send('a');
      await writer.verify(() => Promise.resolve(layers(['a'])));
      await spool.settle();
      expect(spooled()).toBe(LARGE);
      expect(await writer.commit(layers(['a']))).toBeUndefined();
    }));

  it('commits none without a large file', () =>
    withScene(async ({ writer, layers }) => {
      expect(await writer.commit(layers([]))).toBeUndefined();
    }));

  it('leaves the store unchanged if it is closed early or abandons the layer', async () => {
    const isAsItWas = async (store: ArchiveStore): Promise<void> => {
      const { digest } = await store.put(Readable.from([Buffer.from('x')]), 'text/plain');
      const read = await store.open({ digest, size: 1, mediaType: 'text/plain' });
      expect(Buffer.concat(await read.toArray())).toEqual(Buffer.from('x'));
      await store.discard({ digest, size: 1, mediaType: 'text/plain' });
      // Two folders stand at the start of every archive.
      const left = (await store.read().toArray()) as Buffer[];
      expect(Buffer.concat(left)).toHaveLength(1024);
    };
    await withScene(async ({ writer, send, store }) => {
      await send('a');
      await writer.close();
      await isAsItWas(store);
    });
    await withScene(async ({ writer, send, layers, store }) => {
      await send('a');
      await writer.verify(() => Promise.resolve(layers([])));
      await writer.commit(layers([]));
      await isAsItWas(store);
    });
  });
});
