/** Archives that were made to do harm, or were damaged: each ends in a clear error, or is shown as it is. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspect } from '../../src/inspect/inspect.js';
import type { Inspection } from '../../src/inspect/inspection.js';
import { renderText } from '../../src/inspect/text/render.js';
import { CHUNKS, facts, inspected, list, paths } from '../support/inspected.js';
import {
  archiveOf,
  blobsOf,
  configOf,
  crane,
  digest,
  docker20,
  docker28,
  hex,
  index,
  layoutFiles,
  podman,
  type Described,
  type Files,
} from '../support/image-forms.js';
import { member, tar } from '../support/write-tar.js';

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const layer = tar(member({ name: 'app', body: 'app' }));
const image: Described = { layers: [layer] };
const OCI = 'application/vnd.oci.image';
const LAYOUT = { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}' };

/** One line, without a stack, fit for a terminal. */
const PLAIN = /^reading [^\x00-\x1f\x7f-\x9f\u2028-\u202e]{1,1000}$/;

interface Failure {
  readonly kind: string;
  readonly code: string;
  readonly message: string;
}

/** In every way to read an archive, and as a folder: how each ends. */
async function everyWay(files: Files): Promise<readonly (Failure | Inspection)[]> {
  const archive = archiveOf(files);
  const place = join(folder, String(count++));
  await mkdir(place);
  const file = join(place, 'image.tar');
  await writeFile(file, archive);
  for (const [path, content] of Object.entries(files)) {
    const at = join(place, 'folder', path);
    await mkdir(dirname(at), { recursive: true });
    if (typeof content === 'string' || Buffer.isBuffer(content)) await writeFile(at, content);
    else await symlink(content.link, at);
  }
  const ways = [
    ...CHUNKS.filter((chunk) => chunk > 1 || archive.length < 1e5).map((chunk) =>
      inspected(archive, { chunk }),
    ),
    ...[file, `oci-archive://${file}`, `docker-archive://${file}`].map((target) =>
      inspect({ target }),
    ),
    inspect({ target: join(place, 'folder') }),
  ];
  return Promise.all(ways.map((way) => way.catch((error: unknown) => error as Failure)));
}

async function refused(files: Files, expected: object): Promise<void> {
  for (const outcome of await everyWay(files)) {
    expect(outcome).toMatchObject({ kind: 'context', ...expected });
    expect((outcome as Failure).message).toMatch(PLAIN);
  }
}

/** A layout whose manifest, or configuration, is another. */
function layoutWith(change: {
  readonly manifest?: (manifest: Record<string, unknown>) => unknown;
  readonly config?: string;
  readonly blobs?: Files;
}): Files {
  const config = Buffer.from(change.config ?? configOf(image));
  const whole: Record<string, unknown> = {
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: { mediaType: `${OCI}.config.v1+json`, digest: digest(config), size: config.length },
    layers: [{ mediaType: `${OCI}.layer.v1.tar`, digest: digest(layer), size: layer.length }],
  };
  const manifest = Buffer.from(JSON.stringify(change.manifest?.(whole) ?? whole));
  const blobs = Object.fromEntries<Buffer>(
    [config, manifest, layer].map((blob) => [`blobs/sha256/${hex(blob)}`, blob]),
  );
  const descriptor = {
    mediaType: `${OCI}.manifest.v1+json`,
    digest: digest(manifest),
    size: manifest.length,
  };
  return { ...LAYOUT, ...blobs, ...change.blobs, 'index.json': index([descriptor]) };
}

const saved = (Config: string, Layers: readonly string[]): string =>
  JSON.stringify([{ Config, RepoTags: null, Layers }]);
const name = `${hex(configOf(image))}.json`;

describe('a layer', () => {
  const path = `blobs/sha256/${hex(layer)}`;

  it('with another digest is refused', async () => {
    const blobs = { [path]: tar(member({ name: 'app', body: 'bad' })) };
    await refused(layoutWith({ blobs }), { code: 'BLOB_DIGEST' });
    await refused({ ...docker28(image), ...blobs }, { code: 'BLOB_DIGEST' });
    await refused(
      {
        [name]: configOf(image),
        'l.tar': blobs[path] as Buffer,
        'manifest.json': saved(name, ['l.tar']),
      },
      { code: 'BLOB_DIGEST' },
    );
  });

  it('with another size is refused', async () => {
    for (const size of [layer.length - 1, layer.length + 1, 0]) {
      const layers = [{ mediaType: `${OCI}.layer.v1.tar`, digest: digest(layer), size }];
      await refused(layoutWith({ manifest: (manifest) => ({ ...manifest, layers }) }), {
        code: 'BLOB_DIGEST',
      });
    }
  });

  it('that is not there is refused', async () => {
    const files = Object.entries(layoutWith({}));
    const others = Object.fromEntries<Files[string]>(files.filter(([each]) => each !== path));
    await refused(others, {
      code: expect.stringMatching(/^(?:BLOB_DIGEST|IMAGE_INVALID)$/) as string,
    });
    for (const other of [
      'x.tar',
      '../../etc/passwd',
      '/etc/passwd',
      '',
      '.',
      '__proto__',
      'constructor',
    ])
      await refused(
        { [name]: configOf(image), 'manifest.json': saved(name, [other]) },
        { code: 'IMAGE_INVALID' },
      );
  });

  it('whose tar is not the configuration’s is refused', async () => {
    const config = configOf({ layers: [tar()] });
    await refused(layoutWith({ config }), { code: 'LAYER_DIFF_ID' });
    const named = `${hex(config)}.json`;
    const files = {
      [named]: config,
      'a.tar.gz': gzipSync(layer),
      'manifest.json': saved(named, ['a.tar.gz']),
    };
    await refused(files, { code: 'LAYER_DIFF_ID' });
  });

  it.each<[string, Buffer]>([
    ['text', Buffer.from('hello\n')],
    ['long text', Buffer.from('hello\n'.repeat(1000))],
    ['JSON', Buffer.from(`{"a":"${'b'.repeat(1000)}"}`)],
    ['a program', Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(2000, 1)])],
    ['a zip archive', Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(2000, 1)])],
    ['nothing', Buffer.alloc(0)],
    ['gzip that is cut short', gzipSync(layer).subarray(0, -12)],
    ['gzip that is damaged', Buffer.concat([gzipSync(layer).subarray(0, 20), Buffer.alloc(60, 7)])],
    ['gzip around text', gzipSync('hello\n'.repeat(1000))],
    ['a tar that is cut short', layer.subarray(0, 700)],
    [
      'a tar with a damaged header',
      Buffer.concat([layer.subarray(0, 512), Buffer.alloc(512), Buffer.alloc(512, 1)]),
    ],
  ])('that is %s is refused', async (_, bytes) => {
    const bad = { layers: [bytes] };
    const expected = {
      code: expect.stringMatching(/^(?:TAR|COMPRESSED|LAYER|BLOB|IMAGE)_/) as string,
    };
    for (const files of [layoutFiles(bad, (each) => each), docker28(bad), podman(bad)]) {
      if (bytes.length === 0) continue;
      for (const outcome of await everyWay(files)) {
        expect(outcome).toMatchObject({ kind: 'context', ...expected });
        expect((outcome as Failure).message).toMatch(/^reading .*layer/);
        expect((outcome as Failure).message).toMatch(PLAIN);
      }
    }
  });

  it('with something behind its end is read as engines read it', async () => {
    const [found] = await everyWay(
      layoutFiles({ layers: [Buffer.concat([layer, Buffer.from('behind')])] }),
    );
    expect(paths(found as Inspection)).toEqual(['/app']);
    const [unended] = await everyWay(layoutFiles({ layers: [layer.subarray(0, 1024)] }));
    expect(paths(unended as Inspection)).toEqual(['/app']);
  });

  it('in a layer is a file', async () => {
    const nested = gzipSync(gzipSync(tar(member({ name: 'deeper', body: 'x' }))));
    const inner = tar(
      member({ name: 'x.tar.gz', body: nested }),
      member({ name: 'manifest.json', body: '[]' }),
    );
    for (const found of await everyWay(crane({ layers: [inner] })))
      expect(paths(found as Inspection)).toEqual(['/manifest.json', '/x.tar.gz']);
  });
});

describe('a document', () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  const valid = JSON.parse(configOf(image)) as Record<string, unknown>;

  it.each<[string, string]>([
    ['no JSON', '{"architecture":'],
    ['a list', '[]'],
    ['a number', '5'],
    ['empty', '{}'],
    ['without a platform', JSON.stringify({ rootfs: valid['rootfs'] })],
    ['without rootfs', JSON.stringify({ ...valid, rootfs: undefined })],
    ['without diff IDs', JSON.stringify({ ...valid, rootfs: { type: 'layers', diff_ids: null } })],
    ['with other diff IDs', JSON.stringify({ ...valid, rootfs: { diff_ids: [5] } })],
    ['with a history that is none', JSON.stringify({ ...valid, history: 'x' })],
    ['with a history of nothing', JSON.stringify({ ...valid, history: [null] })],
    ['with instructions that are none', JSON.stringify({ ...valid, history: [{ created_by: 5 }] })],
    ['with a user that is a number', JSON.stringify({ ...valid, config: { User: 5 } })],
    [
      'with commands that are no lists',
      JSON.stringify({ ...valid, config: { Entrypoint: '/bin/sh' } }),
    ],
    ['with commands that are no texts', JSON.stringify({ ...valid, config: { Cmd: [5] } })],
    ['with an environment that is none', JSON.stringify({ ...valid, config: { Env: { a: 'b' } } })],
    ['with labels that are none', JSON.stringify({ ...valid, config: { Labels: { a: 5 } } })],
    ['with ports that are none', JSON.stringify({ ...valid, config: { ExposedPorts: ['80'] } })],
    [
      'with a check that is none',
      JSON.stringify({ ...valid, config: { Healthcheck: { Test: 'x' } } }),
    ],
    ['with more layers than anybody takes', configOf({ layers: Array<Buffer>(1001).fill(layer) })],
    ['nested deeply', configOf(image).replace('{', `{"x":${deep},`)],
  ])('that is a configuration %s is refused', async (_, config) => {
    await refused(layoutWith({ config }), { code: 'IMAGE_INVALID' });
    const named = `${hex(config)}.json`;
    const files = { [named]: config, 'l.tar': layer, 'manifest.json': saved(named, ['l.tar']) };
    await refused(files, { code: 'IMAGE_INVALID' });
  });

  it('that is a configuration full of nothing is read, and shown', async () => {
    const nothing = (names: string): object =>
      Object.fromEntries(names.split(' ').map((each) => [each, null]));
    const container = nothing(
      'User ExposedPorts Env Entrypoint Cmd Volumes WorkingDir Labels StopSignal Healthcheck OnBuild Shell',
    );
    for (const config of [
      { history: null, created: null, config: container },
      { config: null },
      { config: [] },
    ])
      for (const found of await everyWay(
        layoutWith({ config: JSON.stringify({ ...valid, ...config }) }),
      )) {
        expect(found).toMatchObject({ kind: 'image' });
        const shown = [
          ...renderText(found as Inspection, { colour: false, bars: false, width: 80 }),
        ];
        expect(shown.length).toBeGreaterThan(3);
        expect(facts(found as Inspection)).toBeTypeOf('object');
      }
  });

  it.each<[string, (manifest: Record<string, unknown>) => unknown]>([
    ['without layers', ({ layers: _, ...manifest }) => manifest],
    ['with layers that are none', (manifest) => ({ ...manifest, layers: [null] })],
    ['with another number of layers', (manifest) => ({ ...manifest, layers: [] })],
    [
      'of an artifact',
      (manifest) => ({
        ...manifest,
        config: { ...(manifest['config'] as object), mediaType: 'text/plain' },
      }),
    ],
    ['that is an index, too', (manifest) => ({ ...manifest, manifests: [] })],
    ['of schema 1', () => ({ schemaVersion: 1 })],
    [
      'with digests of another kind',
      (manifest) => ({ ...manifest, layers: [{ mediaType: 'x', digest: 'md5:x', size: 1 }] }),
    ],
    [
      'with digests that lead elsewhere',
      (manifest) => ({
        ...manifest,
        layers: [{ mediaType: 'x', digest: 'sha256:../../../etc/passwd', size: 1 }],
      }),
    ],
    [
      'with digests nobody computes',
      (manifest) => ({
        ...manifest,
        layers: [{ mediaType: 'x', digest: `sha512:${'0'.repeat(128)}`, size: 1 }],
      }),
    ],
  ])('that is a manifest %s is refused', async (_, manifest) => {
    await refused(layoutWith({ manifest }), {
      code: expect.stringMatching(/^(?:IMAGE_|DIGEST_|BLOB_)/) as string,
    });
  });

  it('that is an index that leads to itself, or too far, or nowhere, is refused', async () => {
    // A digest can't be that of what holds it: a chain is as far as it goes.
    let files: Files = LAYOUT;
    let inner = blobsOf(image).descriptor;
    for (let depth = 0; depth < 10; depth++) {
      const bytes = index([inner]);
      files = { ...files, [`blobs/sha256/${hex(bytes)}`]: bytes };
      inner = { mediaType: `${OCI}.index.v1+json`, digest: digest(bytes), size: bytes.length };
    }
    await refused({ ...files, 'index.json': index([inner]) }, { code: 'IMAGE_INVALID' });
    await refused({ ...LAYOUT, 'index.json': index([]) }, { code: 'IMAGE_INVALID' });
    await refused({ ...LAYOUT, 'index.json': index([inner]) }, { code: 'IMAGE_INVALID' });
    await refused(
      { ...LAYOUT, 'index.json': index([{}, 5, null] as object[]) },
      { code: 'IMAGE_INVALID' },
    );
  });

  it('of a hundred megabytes is a file of a context, and costs no memory', async () => {
    const body = Buffer.concat([
      Buffer.from('['),
      Buffer.alloc(100_000_000, ' '),
      Buffer.from(']'),
    ]);
    const archive = archiveOf({ 'manifest.json': body });
    const before = process.memoryUsage().rss;
    const found = await inspected(archive, { chunk: 1 << 20 });
    expect(found).toMatchObject({ kind: 'context', size: body.length });
    expect(process.memoryUsage().rss - before).toBeLessThan(120_000_000);
  });

  it('nested deeply, or with a list for a list of lists, is no image', async () => {
    for (const text of [
      deep,
      `[${deep}]`,
      `[{"Config":"x","Layers":${deep}}]`,
      `{"manifests":${deep}}`,
    ]) {
      const outcome = await inspected(
        archiveOf({ ...LAYOUT, 'manifest.json': text, 'index.json': text }),
      ).catch((error: unknown) => error);
      expect((outcome as Inspection).kind).toBe('context');
    }
  });
});

describe('a layer that is there many times', () => {
  it('is read once', async () => {
    const layers = Array<Buffer>(500).fill(layer);
    for (const found of await everyWay(docker28({ layers }))) {
      expect((found as Inspection).layers).toHaveLength(500);
      expect((found as Inspection).waste.bytes).toBe(499 * 3);
    }
  });
});

describe('links in an archive', () => {
  it('that lead out of it, or in circles, lead to nothing', async () => {
    for (const link of ['/etc/passwd', '../../../../etc/passwd', 'l.tar', 'other/../l.tar']) {
      const files = {
        'l.tar': { link },
        [name]: configOf(image),
        'manifest.json': saved(name, ['l.tar']),
      };
      for (const chunk of CHUNKS)
        await expect(inspected(archiveOf(files), { chunk })).rejects.toMatchObject({
          code: 'IMAGE_INVALID',
        });
    }
    const files = {
      [name]: { link: '/etc/passwd' },
      'l.tar': layer,
      'manifest.json': saved(name, ['l.tar']),
    };
    await expect(inspected(archiveOf(files))).rejects.toMatchObject({ code: 'IMAGE_INVALID' });
  });
});

describe('what is not whole', () => {
  it.each<[string, Buffer]>([
    ['cut between two entries', archiveOf(docker20(image)).subarray(0, -1024)],
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(512)],
    ['text', Buffer.from('hello\n')],
    ['a Dockerfile', Buffer.from('FROM scratch\n')],
    ['a zip archive', Buffer.from(`PK\x03\x04${'x'.repeat(600)}`, 'latin1')],
    ['gzip around nothing', gzipSync('')],
    ['gzip cut short', gzipSync(archiveOf(docker20(image))).subarray(0, -30)],
  ])('%s is refused', async (_, bytes) => {
    for (const chunk of CHUNKS) {
      const outcome = (await inspected(bytes, { chunk }).catch(
        (error: unknown) => error,
      )) as Failure;
      expect(outcome.kind).toBe('context');
      expect(outcome.message).toMatch(PLAIN);
    }
  });

  it('What stands behind the end of a context is told as building it would', async () => {
    const bytes = Buffer.concat([layer, Buffer.from('done\n')]);
    await expect(inspected(bytes)).rejects.toMatchObject({ kind: 'context', code: 'TAR_TRAILING' });
  });
});

it('A name of the archive is shown escaped in what is said of it', async () => {
  const odd = '\x1b[31mred\u202e\n.tar';
  for (const bytes of [
    Buffer.from('text\n'),
    archiveOf(layoutWith({ config: '{}' })),
    archiveOf({ ...LAYOUT, 'index.json': index([]) }),
  ]) {
    const error = (await inspected(bytes, { name: odd }).catch(
      (thrown: unknown) => thrown,
    )) as Failure;
    expect(error.message).toMatch(PLAIN);
  }
  expect(list(await inspected(layer, { name: odd }))).toHaveLength(1);
});
