import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { CompressionType } from '../../src/compression/compress.js';
import { decompress } from '../../src/compression/decompress.js';
import type { Descriptor } from '../../src/image/descriptor.js';
import { layerMediaType, writeLayer } from '../../src/image/layer.js';
import type { Blob, BlobStore } from '../../src/image/store.js';
import { chunked, collected } from '../compression/chunks.js';

const digest = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A store that keeps its last blob in memory. */
class Kept implements BlobStore {
  blob: Buffer = Buffer.alloc(0);
  async put(blob: Blob, mediaType: string): Promise<Descriptor> {
    this.blob = await collected(blob);
    return { mediaType, digest: digest(this.blob), size: this.blob.length };
  }
  copy(): Promise<void> {
    throw new Error('not used');
  }
  open(): Promise<Readable> {
    throw new Error('not used');
  }
}

const tar = Buffer.from('as long as a layer is, '.repeat(40_000));

describe('a layer', () => {
  const cases = (['none', 'gzip', 'zstd'] as const).flatMap((type) =>
    [1, 511, 1 << 20].map((size): [CompressionType, number] => [type, size]),
  );
  it.each(cases)('compressed with %s from chunks of %i has both digests', async (type, size) => {
    const some = tar.subarray(0, size === 1 ? 2000 : tar.length);
    const store = new Kept();
    const {
      descriptor,
      diffId,
      size: bytes,
    } = await writeLayer(store, chunked(some, size), { type });
    expect(diffId).toBe(digest(some));
    expect(bytes).toBe(some.length);
    expect(descriptor).toEqual({
      mediaType: layerMediaType(type),
      digest: digest(store.blob),
      size: store.blob.length,
    });
    const plain = await decompress(Readable.from([store.blob]), 'a layer');
    expect((await collected(plain as AsyncIterable<Buffer>)).equals(some)).toBe(true);
  });

  it('has the same bytes if a thread computes its digest and its checksum', async () => {
    const [inline, threaded] = [new Kept(), new Kept()];
    const compression = { type: 'gzip' } as const;
    const small = await writeLayer(inline, chunked(tar, 4096), compression, tar.length);
    const large = await writeLayer(threaded, chunked(tar, 4096), compression, 1 << 30);
    expect(large).toEqual(small);
    expect(gunzipSync(threaded.blob).equals(tar)).toBe(true);
  });

  it('has another digest with each level, and one diff ID', async () => {
    const made = await Promise.all(
      [1, 9].map((level) => writeLayer(new Kept(), chunked(tar, 4096), { type: 'gzip', level })),
    );
    expect(made[0]?.diffId).toBe(made[1]?.diffId);
    expect(made[0]?.descriptor.digest).not.toBe(made[1]?.descriptor.digest);
  });

  it.each(['none', 'gzip', 'zstd'] as const)(
    'of %s ends its tar when the store fails',
    async (type) => {
      let ended = false;
      async function* endless(): AsyncGenerator<Buffer> {
        try {
          for (;;) yield* chunked(tar, 64 << 10);
        } finally {
          ended = true;
        }
      }
      const full = new Error('no space is left');
      const store = new Kept();
      store.put = async (blob): Promise<Descriptor> => {
        for await (const chunk of blob) if (chunk.length > 0) throw full;
        throw new Error('it has ended');
      };
      await expect(writeLayer(store, endless(), { type })).rejects.toBe(full);
      expect(ended).toBe(true);
    },
  );

  it('has the media type of the OCI', () => {
    expect(layerMediaType('none')).toBe('application/vnd.oci.image.layer.v1.tar');
    expect(layerMediaType('gzip')).toBe('application/vnd.oci.image.layer.v1.tar+gzip');
    expect(layerMediaType('zstd')).toBe('application/vnd.oci.image.layer.v1.tar+zstd');
  });
});
