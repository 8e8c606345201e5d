/**
 * A stream of a part of an open file. Unlike Node's own it leaves the file open when it is
 * destroyed: other parts are read at the same time.
 */
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { RandomAccess } from './temporary-file.js';

/** Bytes of one read. */
const READ = 256 * 1024;

/** Streams `size` bytes from `offset` on. Fails when the file ends before. */
export function readRange(file: RandomAccess, offset: number, size: number): Readable {
  return Readable.from(chunks(file, offset, offset + size), {
    objectMode: false,
    highWaterMark: READ,
  });
}

/** Streams what is left of a file, which may be a pipe. */
export function readOn(file: FileHandle): Readable {
  return Readable.from(rest(file), { objectMode: false, highWaterMark: READ });
}

async function* rest(file: FileHandle): AsyncGenerator<Buffer> {
  for (;;) {
    const chunk = Buffer.allocUnsafeSlow(READ);
    const { bytesRead } = await file.read(chunk, 0, READ, null);
    if (bytesRead === 0) return;
    yield chunk.subarray(0, bytesRead);
  }
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
