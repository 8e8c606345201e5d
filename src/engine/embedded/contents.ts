/** The content of a file in the spool, as a stream or as bytes. */
import type { Leaf } from '../../filesystem/node.js';
import { segments } from './segments.js';
import type { Spool } from './spool.js';

const CHUNK = 256 << 10;

/** Yields the content; a chunk is valid until the next one is asked for. */
export async function* contentStream(file: Leaf, spool: Spool): AsyncGenerator<Buffer> {
  const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK, Math.max(file.size, 1)));
  for (const [offset, length] of segments(file)) {
    for (let done = 0; done < length;) {
      const step = Math.min(length - done, chunk.length);
      if (offset < 0) chunk.fill(0, 0, step);
      else spool.read(chunk, 0, offset + done, step);
      done += step;
      yield chunk.subarray(0, step);
    }
  }
  await Promise.resolve();
}

/** The first bytes of it, at most `limit`. */
export function contentOf(file: Leaf, spool: Spool, limit: number): Buffer {
  const content = Buffer.alloc(Math.min(file.size, limit));
  let at = 0;
  for (const [offset, length] of segments(file)) {
    const step = Math.min(length, content.length - at);
    if (offset >= 0 && step > 0) spool.read(content, at, offset, step);
    at += step;
  }
  return content;
}
