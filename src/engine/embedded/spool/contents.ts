/** The content of a file in the spool, in pieces or as bytes. */
import type { Leaf } from '../../../filesystem/node.js';
import { segments } from './segments.js';
import type { Spool } from './spool.js';

/** Bytes that are read at once. */
export const CONTENT_CHUNK = 256 << 10;

/**
 * The content in pieces, each valid until the next one is asked for. Throws what the spool does.
 *
 * @param chunk where pieces are read to: many files need but one; @default the file's own
 */
export function* contentChunks(
  file: Leaf,
  spool: Spool,
  chunk = Buffer.allocUnsafeSlow(Math.min(CONTENT_CHUNK, Math.max(file.size, 1))),
): Generator<Buffer> {
  for (const [offset, length] of segments(file)) {
    for (let done = 0; done < length;) {
      const step = Math.min(length - done, chunk.length);
      if (offset < 0) chunk.fill(0, 0, step);
      else spool.read(chunk, 0, offset + done, step);
      done += step;
      yield chunk.subarray(0, step);
    }
  }
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
