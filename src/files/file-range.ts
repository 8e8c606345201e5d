/** Streams of parts of an open file, any number at a time; none closes it. */
import { Readable } from 'node:stream';
import type { RandomAccess } from './temporary-file.js';

/** Bytes of one read. */
const READ = 256 * 1024;

/** Streams `size` bytes from `offset`. Fails if the file ends before. */
export function readRange(file: RandomAccess, offset: number, size: number): Readable {
  return Readable.from(chunks(file, offset, offset + size), {
    objectMode: false,
    highWaterMark: READ,
  });
}

async function* chunks(file: RandomAccess, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end;) {
    const chunk = Buffer.allocUnsafeSlow(Math.min(READ, end - at));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) throw new Error(`the file ends at byte ${at}, before ${end}`);
    at += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}
