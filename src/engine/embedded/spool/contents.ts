/** Reads contents of files from the spool. */
import { Readable } from 'node:stream';
import type { Leaf } from '../../../filesystem/node.js';
import type { Blob } from '../../../image/store.js';
import type { Spool } from './spool.js';

/** Bytes that are read at once. */
export const CONTENT_CHUNK = 256 << 10;

/**
 * The content in pieces, each valid until the next is requested. Throws the spool's errors.
 *
 * @param chunk the buffer that pieces are read into, which several files can share
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

/** The first bytes of the content, at most `limit`. */
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

/** The places of a content in the spool, in order; offset -1 is a hole of a sparse file. */
export function* segments(file: Leaf): Generator<readonly [offset: number, length: number]> {
  const pieces = file.extra?.pieces;
  if (file.offset < 0 && file.size > 0) throw new Error('the content of a file was not kept');
  if (pieces === undefined) {
    if (file.size > 0) yield [file.offset, file.size];
    return;
  }
  let position = 0;
  let stored = file.offset;
  for (let i = 0; i < pieces.length; i += 2) {
    const [at, length] = [pieces[i] as number, pieces[i + 1] as number];
    if (at > position) yield [-1, at - position];
    yield [stored, length];
    stored += length;
    position = at + length;
  }
  if (file.size > position) yield [-1, file.size - position];
}

/** A stream of copies of chunks that are valid only until the next is requested. */
export function readableOf(blob: Blob | Iterable<Buffer>): Readable {
  return Readable.from(copies(blob), { objectMode: false });
}

async function* copies(blob: Blob | Iterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of blob) yield Buffer.from(chunk);
}
