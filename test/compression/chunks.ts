/** Bytes as a `Blob` gives them, and back. */
import type { Blob } from '../../src/image/store.js';

/** The bytes in chunks of this size. A chunk is overwritten when the next one is asked for. */
export async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  const chunk = Buffer.alloc(size);
  for (let at = 0; at < bytes.length; at += size) {
    const length = bytes.copy(chunk, 0, at, at + size);
    // Some are given at once, some later.
    if (at % (3 * size) === 0) await new Promise((resolve) => setImmediate(resolve));
    yield chunk.subarray(0, length);
    chunk.fill(0xee);
  }
}

/** All of it. */
export async function collected(blob: Blob): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of blob) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
