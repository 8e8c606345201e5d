/** Small images for tests. */
import { writeImage, writeIndex } from '../../src/image/assemble.js';
import type { ImageConfig } from '../../src/image/config.js';
import { OCI_LAYER } from '../../src/image/descriptor.js';
import { digestOf } from '../../src/image/digest.js';
import type { AssembledImage } from '../../src/image/manifest.js';
import type { Blob, BlobStore } from '../../src/image/store.js';
import { END_OF_ARCHIVE, headerBlock } from '../../src/tar/writer.js';

/** Bytes of a chunk: every stream is read in each of these. */
export const CHUNKS = [1, 511, 512, 64 * 1024, 1 << 20];

/**
 * A blob in chunks of `size` bytes, whose buffer is used again for each: a store that keeps a chunk
 * has the wrong bytes.
 */
export async function* blobOf(bytes: Buffer, size = 64 * 1024): Blob {
  const chunk = Buffer.alloc(size);
  for (let at = 0; at < bytes.length; at += size) {
    const length = bytes.copy(chunk, 0, at, at + size);
    yield chunk.subarray(0, length);
    await Promise.resolve();
    chunk.fill(0xee);
  }
}

/** A blob that breaks after its first half. */
export async function* failing(bytes: Buffer): Blob {
  yield* blobOf(bytes.subarray(0, bytes.length / 2));
  throw new Error('the producer broke');
}

/** A layer of regular files. */
export function layerOf(files: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(files).flatMap(([name, content]) => {
    const body = Buffer.from(content);
    const header = headerBlock({
      path: name,
      typeflag: '0',
      mode: 0o755,
      uid: 0,
      gid: 0,
      size: body.length,
      mtime: 0,
    });
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return Buffer.concat([...parts, END_OF_ARCHIVE]);
}

/** A configuration for layers that aren't compressed. */
export function configOf(layers: readonly Buffer[], architecture = 'amd64'): ImageConfig {
  return {
    created: '2020-01-01T00:00:00Z',
    architecture,
    os: 'linux',
    config: { Cmd: ['/hello'] },
    rootfs: { type: 'layers', diff_ids: layers.map((bytes) => digestOf(bytes)) },
    history: layers.map(() => ({ created: '2020-01-01T00:00:00Z', created_by: 'COPY' })),
  };
}

/** Writes an image of one layer for each of these platforms. */
export async function assemble(
  store: BlobStore,
  architectures: readonly string[] = ['amd64'],
): Promise<AssembledImage> {
  const images = [];
  for (const architecture of architectures) {
    const layer = layerOf({ hello: `hello from ${architecture}` });
    const descriptor = await store.put(blobOf(layer), OCI_LAYER);
    const config = configOf([layer], architecture);
    const platform = { os: 'linux', architecture };
    images.push(await writeImage(store, { config, layers: [descriptor], platform }));
  }
  return writeIndex(store, images);
}
