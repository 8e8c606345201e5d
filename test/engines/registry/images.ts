/** Images for real registries: with layers that are tars, so that others can read them. */
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { Descriptor } from '../../../src/image/descriptor.js';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../../../src/image/descriptor.js';
import type { AssembledImage, Manifest, PlatformImage } from '../../../src/image/manifest.js';
import { descriptorOf, sha256 } from '../../image/registry/fake.js';
import { create } from '../tar.js';

/** A layer with one file in it. */
export const layerOf = (name: string, content: string): Promise<Buffer> =>
  create([{ name, content }]);

/** Compresses the layers and puts an image around them, one for each architecture. */
export function imageOf(
  tars: readonly Buffer[],
  architectures: readonly string[] = ['amd64'],
  origins: PlatformImage['origins'] = new Map(),
): AssembledImage & { readonly opened: string[] } {
  const bytes = new Map<string, Buffer>();
  const opened: string[] = [];
  const keep = (blob: Buffer, mediaType: string): Descriptor => {
    bytes.set(sha256(blob), blob);
    return descriptorOf(blob, mediaType);
  };
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const images = architectures.map((architecture): PlatformImage => {
    const created = '2020-01-01T00:00:00Z';
    const config = {
      created,
      architecture,
      os: 'linux',
      config: { Cmd: ['/nothing'] },
      rootfs: { type: 'layers' as const, diff_ids: tars.map(sha256) },
      history: tars.map(() => ({ created, created_by: 'test' })),
    };
    const manifest: Manifest = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: keep(json(config), OCI_CONFIG),
      layers: tars.map((tar) => keep(gzipSync(tar, { level: 1 }), `${OCI_LAYER}+gzip`)),
    };
    const platform = { os: 'linux', architecture };
    const descriptor = { ...keep(json(manifest), OCI_MANIFEST), platform };
    return { descriptor, manifest, origins };
  });
  const manifests = images.map(({ descriptor }) => descriptor);
  return {
    descriptor:
      manifests.length === 1
        ? (manifests[0] as Descriptor)
        : keep(json({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }), OCI_INDEX),
    images,
    opened,
    blobs: {
      open: async ({ digest }) => {
        opened.push(digest);
        return Readable.from(parts(bytes.get(digest) as Buffer), { objectMode: false });
      },
    },
  };
}

function* parts(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1 << 16) yield bytes.subarray(at, at + (1 << 16));
}
