/** Documents of images that were made to do harm: none ends in anything but a clear error. */
import { describe, expect, it } from 'vitest';
import type { Inspection } from '../../../src/inspect/inspection.js';
import { renderText } from '../../../src/inspect/text/render.js';
import {
  everyWay,
  image,
  layer,
  LAYOUT,
  layoutWith,
  OCI,
  refused,
  saved,
  useFolder,
} from '../../support/every-way.js';
import {
  archiveOf,
  blobsOf,
  configOf,
  digest,
  type Files,
  hex,
  index,
} from '../../support/inspect/image-forms.js';
import { facts, inspected } from '../../support/inspect/scan.js';

useFolder();

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
