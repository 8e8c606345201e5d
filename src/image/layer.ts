/**
 * Writes a layer to a store: tar → SHA-256 (the diff ID) → compressor → store, which computes the digest. OCI image-
 * spec, layer.md and config.md.
 */
import { compress, type Compression, type CompressionType } from '../compression/compress.js';
import { type Descriptor, OCI_LAYER } from './descriptor.js';
import { type Hasher, hasherFor } from './hasher.js';
import type { Blob, BlobStore } from './store.js';

interface HashedTar {
  /** The digest of the uncompressed tar. */
  readonly diffId: string;
  /** Bytes of the uncompressed tar. */
  readonly size: number;
}

/** A layer in a store. */
export interface StoredLayer extends HashedTar {
  readonly descriptor: Descriptor;
}

/**
 * Hashes, compresses and stores a layer. If `tar` or the store fails, the other is ended, and nothing of the layer
 * remains.
 * @param expected the most bytes of the tar, if known
 */
export async function writeLayer(
  store: BlobStore,
  tar: Blob,
  compression: Compression,
  expected?: number,
): Promise<StoredLayer> {
  const mediaType = layerMediaType(compression.type);
  if (compression.type === 'none') {
    const descriptor = await store.put(tar, mediaType, expected);
    return { descriptor, diffId: descriptor.digest, size: descriptor.size };
  }
  const hasher = hasherFor(expected, compression.type === 'gzip');
  return whileHashed(tar, hasher, async (hashed) => ({
    descriptor: await store.put(await compress(hashed, compression, hasher.checksum), mediaType),
  }));
}

/** The diff ID of a layer, and its bytes. @param expected the most bytes, if known */
export function hashLayer(tar: Blob, expected?: number): Promise<HashedTar> {
  return whileHashed(tar, hasherFor(expected), async (hashed) => {
    const chunks = hashed[Symbol.asyncIterator]();
    while ((await chunks.next()).done !== true);
    return {};
  });
}

/** Hashes a tar while `read` reads it to its end, and adds the result to that of `read`. Closes the hasher. */
async function whileHashed<T>(
  tar: Blob,
  hasher: Hasher,
  read: (hashed: Blob) => Promise<T>,
): Promise<T & HashedTar> {
  let size = 0;
  try {
    const result = await read(hashed());
    return { ...result, diffId: await hasher.digest(), size };
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

/** The media type of a layer with this compression. */
export function layerMediaType(type: CompressionType): string {
  return type === 'none' ? OCI_LAYER : `${OCI_LAYER}+${type}`;
}
