/** Files of the host: contents that are as long as their header says, and errors that name the path. */
import fs from 'node:fs';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import { printable } from '../text/printable.js';

const CHUNK = 256 * 1024;
const SMALL = 64 * 1024;
// A link or a pipe put in the file's place must neither be followed nor waited for.
const FLAGS = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;
const CHANGED = 'its size changed while it was read';
const HINT = 'make it readable, or name it in .dockerignore';

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'it was there, and is gone',
  ENOTDIR: 'it was there, and is gone',
  ELOOP: 'it was a file, and is a link now',
  EACCES: 'permission denied',
};

/** An entry of a directory can't be read; `path` as the user would write it. */
export function unreadable(path: string, cause: unknown): DockerceptionError {
  if (cause instanceof DockerceptionError) return cause;
  // A name that isn't UTF-8 comes from Node with replacement characters, and doesn't lead back.
  const undecoded = path.includes('\uFFFD') && systemCode(cause) === 'ENOENT';
  const why = undecoded
    ? 'its name is not UTF-8'
    : (WHY[systemCode(cause) ?? ''] ?? messageOf(cause));
  const message = `reading ${printable(path)}: ${why}`;
  return new DockerceptionError('context', 'CONTEXT_UNREADABLE', message, { hint: HINT, cause });
}

/**
 * Reads the content of a file that has `size` bytes. Throws CONTEXT_UNREADABLE when it has another
 * size, or can't be read.
 * @param shown the path as the user would write it
 */
export async function* readBody(path: string, size: number, shown: string): AsyncGenerator<Buffer> {
  try {
    // A small file is read at once: a thread for each step would cost many times the step.
    if (size <= SMALL) yield readWhole(path, size);
    else yield* readInPieces(path, size);
  } catch (error) {
    throw unreadable(shown, error);
  }
}

function readWhole(path: string, size: number): Buffer {
  const descriptor = fs.openSync(path, FLAGS);
  try {
    const buffer = Buffer.allocUnsafe(size + 1);
    const length = fs.readSync(descriptor, buffer, 0, buffer.length, null);
    if (length !== size) throw new Error(CHANGED);
    return buffer.subarray(0, size);
  } finally {
    fs.closeSync(descriptor);
  }
}

async function* readInPieces(path: string, size: number): AsyncGenerator<Buffer> {
  const file = await fs.promises.open(path, FLAGS);
  try {
    for (let left = size; ;) {
      // One byte more than is left: a short read is the end of the file, and needs no second one.
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK, left + 1));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead > left || (bytesRead === 0 && left > 0)) throw new Error(CHANGED);
      left -= bytesRead;
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      if (left === 0 && bytesRead < buffer.length) return;
    }
  } finally {
    await file.close();
  }
}
