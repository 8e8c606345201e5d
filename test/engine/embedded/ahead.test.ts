/** A layer that is written while the context comes: the same bytes as one that is written at its end. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ahead, type Foreseen, type WrittenAhead } from '../../../src/engine/embedded/ahead.js';
import { embeddedEngine } from '../../../src/engine/embedded/embedded-engine.js';
import { Spool } from '../../../src/engine/embedded/spool.js';
import { FILE, Leaf } from '../../../src/filesystem/node.js';
import { Tree } from '../../../src/filesystem/tree.js';
import { passContext } from '../../../src/filter.js';
import { ArchiveStore } from '../../../src/image/archive-store.js';
import { writeLayer } from '../../../src/image/layer.js';
import { layerTar } from '../../../src/engine/embedded/layer-tar.js';
import { changes } from '../../../src/filesystem/changes.js';
import { inChunks } from '../../support/filter.js';
import { member, tar, type Member } from '../../support/write-tar.js';

/** More than what the spool keeps in memory. */
const LARGE = 70_000;
const TIME = 1_700_000_000;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-ahead-'));
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
    large,
    chunk = 65_536,
    type = 'gzip',
  }: { large: number; chunk?: number; type?: 'gzip' | 'none' | 'zstd' },
): Promise<Buffer | string> {
  const dest = join(folder, 'image.tar');
  const engine = embeddedEngine({
    env: { TMPDIR: folder },
    stdout: new PassThrough(),
    openDirectory: () => Promise.reject(new Error('there is none')),
    large,
  });
  const { signal } = new AbortController();
  const report = (): void => undefined;
  const building = engine.begin({
    file: 'Dockerfile',
    tags: [],
    buildArgs: {},
    labels: {},
    target: undefined,
    platforms: ['linux/amd64'],
    noCache: false,
    pull: false,
    network: undefined,
    addHosts: [],
    buildContexts: {},
    push: false,
    load: false,
    outputs: [{ type: 'oci', dest, attributes: {} }],
    compression: { type },
    insecure: false,
    check: undefined,
    report,
    signal,
  });
  try {
    const stream = Readable.from(inChunks(context, chunk), { objectMode: false });
    await passContext(building, { context: stream }, report, { exact: false, signal });
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

/** Both ways to write a layer agree, and nothing is left of either. */
async function expectSame(
  context: Buffer,
  chunk?: number,
  type?: 'gzip' | 'none' | 'zstd',
): Promise<void> {
  const late = await archiveOf(context, { large: Infinity, type });
  const early = await archiveOf(context, { large: LARGE, chunk, type });
  if (typeof late === 'string' || typeof early === 'string') expect(early).toBe(late);
  else expect(early.equals(late)).toBe(true);
  expect(readdirSync(folder)).toEqual([]);
}

const dockerfile = (text: string): Buffer => member({ name: 'Dockerfile', body: text });
const ALL = dockerfile('FROM scratch\nCOPY . /\nCMD ["/a"]\n');
const file = (name: string, seed: number, more: Partial<Member> = {}): Buffer =>
  member({ name, body: bytes(seed), mtime: TIME, ...more });

describe('an image whose layer is written while the context comes', () => {
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
    'a name that comes twice': [ALL, file('a', 1), file('b', 2), file('a', 3)],
    'a file in place of a directory': [
      ALL,
      file('d/a', 1),
      member({ name: 'd', body: 'd' }),
      file('e', 2),
    ],
    'a directory that is told of behind what it holds': [
      ALL,
      file('d/a', 1),
      member({ name: 'd', typeflag: '5', mode: 0o700 }),
      file('e', 2),
    ],
    'a newer time behind directories without one': [
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
    'a Dockerfile that comes again': [
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
    'a file that never comes': [
      dockerfile('FROM scratch\nCOPY b a /\n'),
      file('a', 1),
      file('c', 2),
    ],
    'a whiteout': [ALL, file('a', 1), member({ name: '.wh.b', body: '' }), file('c', 2)],
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

  it('is the same whatever comes in whatever order', async () => {
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
      { numRuns: 60 },
    );
  });

  it('leaves nothing behind when the context breaks', async () => {
    const whole = tar(ALL, file('a', 1), file('b', 2));
    for (const length of [LARGE, LARGE + 5_000, 2 * LARGE + 3_000])
      await expectSame(whole.subarray(0, length));
  });
});

describe('a look ahead', () => {
  const content = bytes(9);

  interface Scene {
    readonly ahead: Ahead;
    readonly store: ArchiveStore;
    readonly foresee: (names: readonly string[]) => void;
    /** Tells of a file that begins, and lets its content come. */
    readonly come: (name: string) => Promise<void>;
    readonly layers: (names: readonly string[]) => Foreseen;
    readonly spool: Spool;
  }

  async function withScene(test: (scene: Scene) => Promise<void>): Promise<void> {
    const spool = new Spool(folder);
    const store = await ArchiveStore.temporary();
    const leaves = new Map<string, Leaf>();
    let foreseen: Foreseen | undefined;
    const layers = (names: readonly string[]): Foreseen => {
      const tree = new Tree();
      for (const name of names) tree.directory([]).children.set(name, leaves.get(name) as Leaf);
      return { layers: [{ before: new Tree().freeze(), after: tree.freeze() }], time: TIME };
    };
    const ahead = new Ahead({
      spool,
      compression: { type: 'gzip' },
      signal: new AbortController().signal,
      large: LARGE,
      store: () => Promise.resolve(store),
      foresee: () => Promise.resolve(foreseen),
    });
    try {
      await test({
        ahead,
        store,
        spool,
        layers,
        foresee: (names) => void (foreseen = layers(names)),
        come: async (name) => {
          leaves.set(
            name,
            new Leaf(FILE | 0o644, 0, 0, TIME, LARGE, ahead.begin(LARGE), undefined),
          );
          foreseen = layers([...leaves.keys()]);
          for (let at = 0; at < LARGE; at += 7_000) {
            ahead.append(content.subarray(at, at + 7_000));
            await ahead.ready();
          }
        },
      });
    } finally {
      await ahead.close();
      spool.close();
      await store.close();
    }
  }

  it('has the layer when the context turns out as foreseen', () =>
    withScene(async ({ ahead, come, layers, spool }) => {
      await come('a');
      await come('b');
      await spool.settle();
      const all = layers(['a', 'b']);
      const { index, layer } = (await ahead.conclude(all)) as WrittenAhead;
      const other = await ArchiveStore.temporary();
      const [change] = all.layers;
      const entries = changes(change?.before, change?.after as NonNullable<typeof change>['after']);
      const late = await writeLayer(other, layerTar(entries, { spool, time: TIME }), {
        type: 'gzip',
      });
      await other.close();
      expect([index, layer]).toEqual([0, late]);
    }));

  it('has none when an earlier entry is missing, different or new', async () => {
    const ends: readonly (readonly string[])[] = [['b'], [], ['a', 'b', 'A']];
    for (const end of ends)
      await withScene(async ({ ahead, come, layers, spool }) => {
        await come('a');
        await come('b');
        if (end.includes('A')) await come('A');
        await spool.settle();
        expect(await ahead.conclude(layers(end))).toBeUndefined();
      });
  });

  it('has none when there was nothing large', () =>
    withScene(async ({ ahead, layers }) => {
      expect(await ahead.conclude(layers([]))).toBeUndefined();
    }));

  it('leaves the store as it was when it is closed in the middle', () =>
    withScene(async ({ ahead, come, store }) => {
      await come('a');
      await ahead.close();
      const { digest } = await store.put(Readable.from([Buffer.from('x')]), 'text/plain');
      const read = await store.open({ digest, size: 1, mediaType: 'text/plain' });
      expect(Buffer.concat(await read.toArray())).toEqual(Buffer.from('x'));
    }));
});
