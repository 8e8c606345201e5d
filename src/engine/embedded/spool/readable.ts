/** A stream of chunks that are valid for a moment only: a stream keeps its chunks, so it gets copies. */
import { Readable } from 'node:stream';
import type { Blob } from '../../../image/store.js';

export function readableOf(blob: Blob | Iterable<Buffer>): Readable {
  return Readable.from(copies(blob), { objectMode: false });
}

async function* copies(blob: Blob | Iterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of blob) yield Buffer.from(chunk);
}
