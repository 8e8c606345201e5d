/**
 * What tar-fs gets in place of `node:fs`: errors that name the path and never look like a file
 * that may be left out, and file bodies that are as long as their header says, or fail.
 */
import fs from 'node:fs';
import { Readable } from 'node:stream';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import { printable } from '../tar/printable.js';

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

type Callback<T> = (error: Error | null, value?: T) => void;

/**
 * The functions that tar-fs calls for entries that are named to it, directories not walked.
 * `shown` turns a path into the one for messages.
 */
export function hostFiles(shown: (path: string) => string): object {
  let size = 0;
  const at = <T>(path: string, callback: Callback<T>, act: () => T): void => {
    let value: T | undefined;
    let failure: Error | null = null;
    try {
      value = act();
    } catch (error) {
      failure = unreadable(shown(path), error);
    }
    // A tick later, or many entries without a body would fill the stack.
    queueMicrotask(() => callback(failure, value));
  };
  return {
    lstat: (path: string, callback: Callback<fs.Stats>) =>
      at(path, callback, () => {
        const stat = fs.lstatSync(path);
        // tar-fs asks for a body right after its header, one at a time.
        size = stat.size;
        if (stat.isFile() || stat.isDirectory() || stat.isSymbolicLink() || stat.isSocket())
          return stat;
        throw new Error('it is a device or a named pipe');
      }),
    readdir: (path: string, callback: Callback<string[]>) => at(path, callback, () => []),
    readlink: (path: string, callback: Callback<string>) =>
      at(path, callback, () => fs.readlinkSync(path)),
    createReadStream: (path: string) =>
      size <= SMALL ? smallBody(path, size, shown(path)) : new FileBody(path, size, shown(path)),
  };
}

/** A small file, read at once: a thread for each step would cost many times the step. */
function smallBody(path: string, size: number, shown: string): Readable {
  return new Readable({
    read() {
      try {
        this.push(readWhole(path, size));
        this.push(null);
      } catch (error) {
        this.destroy(unreadable(shown, error));
      }
    },
  });
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

/** The first `size` bytes of a file, which have to be all. */
class FileBody extends Readable {
  private descriptor: number | undefined;
  private left: number;

  constructor(
    private readonly path: string,
    size: number,
    private readonly shown: string,
  ) {
    super({ highWaterMark: CHUNK });
    this.left = size;
  }

  override _construct(callback: (error?: Error | null) => void): void {
    fs.open(this.path, FLAGS, (error, descriptor) => {
      this.descriptor = descriptor;
      callback(error && unreadable(this.shown, error));
    });
  }

  override _read(): void {
    // One byte more than is left: a short read is the end of the file, and needs no second one.
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, this.left + 1));
    fs.read(this.descriptor as number, buffer, 0, buffer.length, null, (error, length) => {
      if (error) this.destroy(unreadable(this.shown, error));
      else if (length > this.left || (length === 0 && this.left > 0)) this.destroy(this.changed());
      else {
        this.left -= length;
        if (length > 0) this.push(buffer.subarray(0, length));
        if (this.left === 0 && length < buffer.length) this.push(null);
      }
    });
  }

  private changed(): DockerceptionError {
    return unreadable(this.shown, new Error(CHANGED));
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (this.descriptor === undefined) return callback(error);
    fs.close(this.descriptor, (failed) => callback(error ?? failed));
  }
}
