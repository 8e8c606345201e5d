/**
 * A layer on its way to a store: tar → SHA-256 (the diff ID) → compressor → the store, which takes
 * the digest. OCI image-spec, layer.md and config.md. Nothing of it is kept in memory.
 */
import { compress, type Compression, type CompressionType } from '../compression/compress.js';
import { type Descriptor, OCI_LAYER } from './descriptor.js';
import { hasherFor } from './hasher.js';
import type { Blob, BlobStore } from './store.js';

/** A layer that a store has. */
export interface Layer {
  readonly descriptor: Descriptor;
  /** The digest of its uncompressed tar: `sha256:` and 64 hexadecimal digits. */
  readonly diffId: string;
  /** Bytes of its uncompressed tar. */
  readonly size: number;
}

/**
 * Hashes, compresses and stores a layer while it is made. When `tar` or the store fails, the other
 * is ended, nothing of the layer stays, and the promise rejects with that error.
 *
 * @param expected bytes of the tar at most, as far as anybody knows
 */
export async function writeLayer(
  store: BlobStore,
  tar: Blob,
  compression: Compression,
  expected?: number,
): Promise<Layer> {
  const mediaType = layerMediaType(compression.type);
  if (compression.type === 'none') {
    const descriptor = await store.put(tar, mediaType, expected);
    return { descriptor, diffId: descriptor.digest, size: descriptor.size };
  }
  const hasher = hasherFor(expected);
  let size = 0;
  try {
    const descriptor = await store.put(await compress(hashed(), compression), mediaType);
    return { descriptor, diffId: await hasher.digest(), size };
  } finally {
    hasher.close();
  }

  async function* hashed(): Blob {
    for await (const chunk of tar) {
      await hasher.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  }
}

/** The media type of a layer that is compressed so. */
export function layerMediaType(type: CompressionType): string {
  return type === 'none' ? OCI_LAYER : `${OCI_LAYER}+${type}`;
}
