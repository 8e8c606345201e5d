/**
 * A file that appears under its name when all of it is there, never before: it is written beside its
 * place and renamed. What can't be renamed over (a device, a FIFO) is filled at the end instead.
 */
import { randomBytes } from 'node:crypto';
import {
  constants,
  open,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  type FileHandle,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DockerceptionError, systemCode } from '../errors.js';
import { printable } from '../tar/printable.js';
import { readRange } from './file-range.js';
import { outputFailure } from './output-error.js';

export class OutputFile {
  /** What messages call it. */
  readonly name: string;
  readonly #handle: FileHandle;
  /** The file while it has a name that is not its own. */
  #partial: string | undefined;
  /** Where it belongs; `undefined` when it is only read from. */
  readonly #place: Place | undefined;
  #closed: Promise<void> | undefined;

  private constructor(
    name: string,
    handle: FileHandle,
    partial: string | undefined,
    place: Place | undefined,
  ) {
    this.name = name;
    this.#handle = handle;
    this.#partial = partial;
    this.#place = place;
  }

  /**
   * Begins a file that {@link publish} puts at `path`.
   * @param name what messages call it
   * @throws DockerceptionError of kind output: OUTPUT_FAILED, when it can't be made there.
   */
  static async create(path: string, name = path): Promise<OutputFile> {
    const place = await placeOf(path);
    if (!place.replace) return OutputFile.temporary(name, tmpdir(), place);
    const partial = `${place.path}.partial-${randomBytes(6).toString('hex')}`;
    try {
      return new OutputFile(name, await open(partial, 'wx+', 0o666), partial, place);
    } catch (error) {
      throw outputFailure(name, error);
    }
  }

  /** Begins a file without a name, which is gone once it is closed. */
  static async temporary(
    name: string,
    folder: string = tmpdir(),
    place?: Place,
  ): Promise<OutputFile> {
    const path = join(folder, `dockerception-${randomBytes(8).toString('hex')}`);
    try {
      const handle = await open(path, 'wx+', 0o600);
      await rm(path);
      return new OutputFile(name, handle, undefined, place);
    } catch (error) {
      throw outputFailure(name, error);
    }
  }

  /** Writes all of `bytes` at `position`. Throws OUTPUT_FULL, OUTPUT_FAILED. */
  async write(bytes: Buffer, position: number): Promise<void> {
    try {
      for (let from = 0; from < bytes.length;) {
        const rest = bytes.length - from;
        from += (await this.#handle.write(bytes, from, rest, position + from)).bytesWritten;
      }
    } catch (error) {
      throw outputFailure(this.name, error);
    }
  }

  async truncate(length: number): Promise<void> {
    await this.#handle.truncate(length).catch((error: unknown) => {
      throw outputFailure(this.name, error);
    });
  }

  /** A stream of `size` bytes from `offset` on; any number at a time. */
  read(offset: number, size: number): Readable {
    return readRange(this.#handle, offset, size);
  }

  /**
   * Puts the file where it belongs. It can still be read until it is closed.
   * @param path another name in the same folder, when the right one is known only now
   */
  async publish(path: string | undefined = this.#place?.path): Promise<void> {
    if (path === undefined) return;
    try {
      if (this.#partial === undefined) await this.#fill(path);
      else await rename(this.#partial, path);
      this.#partial = undefined;
    } catch (error) {
      throw outputFailure(this.name, error);
    }
  }

  /**
   * Writes all of it to a stream, as fast as that takes it, and leaves the stream open.
   * @param name what messages call the stream
   * @throws DockerceptionError of kind output: OUTPUT_CLOSED when its reader has gone.
   */
  async copyTo(output: Writable, name: string): Promise<void> {
    try {
      const { size } = await this.#handle.stat();
      await pipeline(this.read(0, size), output, { end: false });
    } catch (error) {
      throw outputFailure(name, error);
    }
  }

  /** Closes it; unless it was published, nothing is left of it. May be called twice. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    try {
      await this.#handle.close();
    } finally {
      if (this.#partial !== undefined) await rm(this.#partial, { force: true });
    }
  }

  async #fill(path: string): Promise<void> {
    const target = await open(path, constants.O_WRONLY);
    try {
      const { size } = await this.#handle.stat();
      await pipeline(this.read(0, size), target.createWriteStream());
    } finally {
      await target.close();
    }
  }
}

interface Place {
  readonly path: string;
  /** Whether a file may be renamed to it. */
  readonly replace: boolean;
}

/** Names of files that are open already. */
const OPEN_FILES = /^\/dev\/(std(in|out|err)$|fd\/)|^\/proc\/[^/]+\/fd\//;

async function placeOf(path: string): Promise<Place> {
  try {
    const found = await stat(path);
    if (found.isDirectory())
      throw new DockerceptionError(
        'output',
        'OUTPUT_FAILED',
        `writing ${printable(path)}: it is a folder`,
        {
          hint: 'name a file; type=local,dest=… and type=oci,tar=false,dest=… write into a folder',
        },
      );
    // /dev/stdout may well lead to a regular file, but it is the shell's.
    if (!found.isFile() || OPEN_FILES.test(path)) return { path, replace: false };
    // Over what a link points to, not over the link.
    return { path: await realpath(path), replace: true };
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw outputFailure(path, error);
  }
  const target = await readlink(path).catch(() => undefined);
  // A link to nothing yet: it is where the file belongs.
  return target === undefined ? { path, replace: true } : placeOf(resolve(dirname(path), target));
}
