/**
 * A layer is a function of its own entries: a file that changes in the context changes only the layers that it is in,
 * and the time of a directory that nothing dates comes from its own layer.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runContext } from '../../../src/context/run-context.js';
import { embeddedEngine } from '../../../src/engine/embedded/embedded-engine.js';
import { CONTEXT } from '../../../src/options/context.js';
import { normalise } from '../../../src/options/schema.js';
import { engineOptions } from '../../support/engine-options.js';
import { readTar } from '../../support/read-tar.js';
import { member, tar } from '../../support/write-tar.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-stability-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Item {
  readonly name: string;
  readonly body?: string | Buffer;
  readonly mtime: number;
  readonly mode?: number;
  readonly typeflag?: string;
}

/** The bytes of each instruction's layer, by its place in the stage. */
type Layers = ReadonlyMap<number, Buffer>;

interface Settings {
  /** Bytes of a file that a layer is written ahead for. */
  readonly threshold?: number;
  readonly created?: number;
}

async function layersOf(
  dockerfile: string,
  items: readonly Item[],
  { threshold = Infinity, created }: Settings = {},
): Promise<Layers> {
  const dest = join(folder, 'image.tar');
  const engine = embeddedEngine({
    env: { TMPDIR: folder },
    stdout: new PassThrough(),
    openDirectory: () => Promise.reject(new Error('there is none')),
    speculationThreshold: threshold,
    created,
  });
  const options = engineOptions({
    platforms: ['linux/amd64'],
    outputs: [{ type: 'oci', dest, attributes: {} }],
    compression: { type: 'none' },
  });
  const bytes = tar(
    member({ name: 'Dockerfile', body: dockerfile, mtime: 1 }),
    ...items.map((item) => member(item)),
  );
  const building = engine.begin(options);
  try {
    const context = Readable.from([bytes], { objectMode: false });
    const { report, signal } = options;
    await runContext(building, normalise(CONTEXT, { context }), report, { exact: false, signal });
    await building.finish();
  } finally {
    await building.close();
  }
  return readLayers(readFileSync(dest));
}

function readLayers(archive: Buffer): Layers {
  const files = new Map(readTar(archive).entries.map(({ name, body }) => [name, body]));
  const json = (name: string): unknown => JSON.parse((files.get(name) as Buffer).toString());
  const [manifest] = json('manifest.json') as [{ Config: string; Layers: string[] }];
  const { history } = json(manifest.Config) as {
    history: { empty_layer?: boolean }[];
  };
  const made = [...history.keys()].filter((index) => history[index]?.empty_layer !== true);
  return new Map(
    manifest.Layers.map((layer, at) => [made[at] as number, files.get(layer) as Buffer]),
  );
}

/** The digest of each layer. */
async function digestsOf(...args: Parameters<typeof layersOf>): Promise<Map<number, string>> {
  const layers = await layersOf(...args);
  const digest = (layer: Buffer): string => createHash('sha256').update(layer).digest('hex');
  return new Map([...layers].map(([at, layer]) => [at, digest(layer)]));
}

/** `name mode mtime`, of every entry. */
function listed(layer: Buffer | undefined): string[] {
  return readTar(layer as Buffer).entries.map(
    ({ name, mode, mtime }) => `${name} ${(mode & 0o7777).toString(8)} ${mtime}`,
  );
}

const BASIC: readonly Item[] = [
  { name: 'd/', typeflag: '5', mode: 0o750, mtime: 2000 },
  { name: 'd/a', body: 'a', mode: 0o644, mtime: 3000 },
  { name: 'd/s/', typeflag: '5', mode: 0o710, mtime: 4000 },
  { name: 'd/s/b', body: 'b', mode: 0o644, mtime: 5000 },
  { name: 'e/', typeflag: '5', mode: 0o705, mtime: 6000 },
  { name: 'e/c', body: 'c', mode: 0o644, mtime: 8000 },
  { name: 'none/f', body: 'f', mode: 0o644, mtime: 9000 },
];

/** The last instruction's layer. */
async function lastLayer(dockerfile: string): Promise<string[]> {
  const layers = await layersOf(`FROM scratch\n${dockerfile}\n`, BASIC);
  return listed([...layers.values()].at(-1));
}

describe('the time of a directory', () => {
  it('is its source’s for the destination of a directory, which keeps the usual mode', async () => {
    expect(await lastLayer('COPY d /x/y')).toEqual([
      'x/ 755 2000',
      'x/y/ 755 2000',
      'x/y/a 644 3000',
      'x/y/s/ 710 4000',
      'x/y/s/b 644 5000',
    ]);
  });

  it('is its source’s for a destination that an earlier layer has, mode and owner stay', async () => {
    expect(await lastLayer('COPY d /d\nCOPY --chown=5:6 --chmod=700 e /d')).toEqual([
      'd/ 755 6000',
      'd/c 700 8000',
    ]);
  });

  it('is that of the first file in it where a destination is made for files', async () => {
    expect(await lastLayer('COPY e/c d/a /n/m/')).toEqual([
      'n/ 755 3000',
      'n/m/ 755 3000',
      'n/m/a 644 3000',
      'n/m/c 644 8000',
    ]);
  });

  it('comes from the own layer where a file goes into a directory of an earlier one', async () => {
    expect(await lastLayer('COPY d /x/d\nCOPY e/c /x/d/s/')).toEqual([
      'x/ 755 8000',
      'x/d/ 755 8000',
      'x/d/s/ 710 8000',
      'x/d/s/c 644 8000',
    ]);
  });

  it('is that of the first file in it where the context has no entry for it', async () => {
    expect(await lastLayer('COPY none /o')).toEqual(['o/ 755 9000', 'o/f 644 9000']);
  });

  it('is that of the first entry for the whole context, whose root has none', async () => {
    const items = [{ name: './', typeflag: '5', mode: 0o700, mtime: 77 }, ...BASIC];
    const layers = await layersOf('FROM scratch\nCOPY d e /all/\nCOPY . /all\n', items);
    expect(listed(layers.get(1)).slice(0, 2)).toEqual(['all/ 755 1', 'all/Dockerfile 644 1']);
  });

  it('is 1970 where nothing in it has one, as for a heredoc', async () => {
    const dockerfile = 'FROM scratch\nWORKDIR /w/v\nCOPY <<EOF /h/i\nhi\nEOF\n';
    const layers = await layersOf(dockerfile, BASIC);
    expect(listed(layers.get(0))).toEqual(['w/ 755 0', 'w/v/ 755 0']);
    expect(listed(layers.get(1))).toEqual(['h/ 755 0', 'h/i 644 0']);
  });

  it('is SOURCE_DATE_EPOCH where nothing in it has one', async () => {
    const dockerfile = 'FROM scratch\nWORKDIR /w/v\nCOPY d /d\n';
    const layers = await layersOf(dockerfile, BASIC, { created: 1234 });
    expect(listed(layers.get(0))).toEqual(['w/ 755 1234', 'w/v/ 755 1234']);
    expect(listed(layers.get(1))[0]).toBe('d/ 755 2000');
  });
});

/** Bytes that a layer is written ahead for. */
const LARGE = 5000;

/** Every instruction on its own line, with the context's files that its layer is made of. */
const STEPS: readonly (readonly [instruction: string, uses: RegExp])[] = [
  ['COPY --from=one /made /from/one/', /^(lib\/|app\/big)/],
  ['COPY --from=one /made/x/big /other', /^app\/big$/],
  ['COPY lib /app/lib', /^lib\//],
  ['COPY app /app', /^app\//],
  ['COPY conf/a /app/conf/', /^conf\/a$/],
  ['COPY conf/a conf/b /app/deep/er/', /^conf\/[ab]$/],
  ['COPY --chown=3:4 app/sub /app/sub', /^app\/sub(\/|$)/],
  ['COPY --chmod=755 conf /app/lib', /^conf\//],
  ['COPY --parents ./lib/l ./conf/b /parents/', /^(lib(\/l)?|conf(\/b)?)\/?$/],
  ['COPY --exclude=*2 none /app/none', /^none\/1$/],
  ['WORKDIR /app/work', /^$/],
  ['WORKDIR /new/work', /^$/],
  ['COPY --link conf/b /app/linked/', /^conf\/b$/],
  ['ADD inner.tar /app/', /^inner\.tar$/],
  ['COPY last /app/work/', /^last$/],
];

const INNER = tar(
  member({ name: 'lib/', typeflag: '5', mode: 0o755, mtime: 123_456 }),
  member({ name: 'lib/inner', body: 'inner', mtime: 123_457 }),
  member({ name: 'loose/inner', body: 'inner', mtime: 123_458 }),
);

const NAMES = [
  'lib/',
  'lib/l',
  'lib/z',
  'app/',
  'app/big',
  'app/sub/',
  'app/sub/s',
  'conf/',
  'conf/a',
  'conf/b',
  'none/1',
  'none/2',
  'last',
  'inner.tar',
] as const;

function itemsOf(times: readonly number[]): Item[] {
  return NAMES.map((name, index): Item => {
    const common = { name, mtime: times[index] as number };
    if (name.endsWith('/')) return { ...common, typeflag: '5', mode: 0o755 };
    const body = name === 'inner.tar' ? INNER : name === 'app/big' ? 'b'.repeat(LARGE) : name;
    return { ...common, body, mode: 0o644 };
  });
}

describe('a layer', () => {
  const dockerfile = (steps: readonly string[]): string =>
    ['FROM scratch AS one', 'COPY lib app/big /made/x/', 'FROM scratch', ...steps, ''].join('\n');

  it('stays the same, byte for byte, while only files of other layers change', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 14, maxLength: 14 }),
        fc.nat(NAMES.length - 1),
        fc.constantFrom('time', 'bytes'),
        fc.shuffledSubarray([...STEPS], { minLength: 3 }),
        fc.infiniteStream(fc.nat()),
        async (times, index, what, steps, order) => {
          const items = itemsOf(times);
          const changed = items.map((item, at): Item => {
            if (at !== index) return item;
            if (what === 'time' || item.body === undefined || item.name === 'inner.tar')
              return { ...item, mtime: item.mtime + 7 };
            return { ...item, body: `${item.body.toString()}changed` };
          });
          const text = dockerfile(steps.map(([instruction]) => instruction));
          const before = await digestsOf(text, items);
          const after = await digestsOf(text, changed);
          const shuffled = [...changed]
            .map((item) => [order.next().value as number, item] as const)
            .sort(([one], [other]) => one - other)
            .map(([, item]) => item);
          for (const ahead of [changed, shuffled])
            expect(await digestsOf(text, ahead, { threshold: LARGE })).toEqual(after);
          for (const [at, [instruction, uses]] of steps.entries()) {
            if (uses.test(NAMES[index] as string)) continue;
            expect(before.get(at), instruction).toEqual(after.get(at));
            compared++;
          }
        },
      ),
      { numRuns: 40 },
    );
    expect(compared).toBeGreaterThan(200);
  }, 60_000);
});
