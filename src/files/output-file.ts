/**
 * A file that appears under its name when it is complete: it is written beside its place and renamed. A place that no
 * file can be renamed to (a device, a FIFO, a mount point) is written at the end.
 */
import fs from 'node:fs';
import { access, open, readlink, realpath, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DockerceptionError, systemCode } from '../errors.js';
import { printable } from '../text/printable.js';
import { readRange } from './file-range.js';
import { TemporaryFile } from './temporary-file.js';
import { removeAbandoned, TemporaryPath } from './temporary-path.js';
import { outputFailure } from './write-error.js';

/** Smaller chunks are batched: a system call for each would cost more than the copy. */
const SMALL = 64 * 1024;
const BATCH = 512 * 1024;

/** Errors of a rename to a place that may be writable all the same. */
const NOT_RENAMED = ['EBUSY', 'EXDEV', 'EPERM', 'EACCES'];

export class OutputFile extends TemporaryFile {
  private constructor(
    /** The name in messages. */
    private readonly name: string,
    /** The final path; undefined for a file that is only read. */
    private readonly path?: string,
    /** The temporary path beside it, which is open. */
    private readonly partial?: TemporaryPath,
    descriptor?: number,
  ) {
    const failure = (cause: unknown): unknown => outputFailure(name, cause);
    super(tmpdir(), descriptor, descriptor === undefined ? undefined : failure);
  }

  /**
   * Begins a file that {@link publish} moves to `path`.
   * @param name the name in messages
   * @throws DockerceptionError of kind output: OUTPUT_FAILED, when it can't be created there.
   */
  static async create(path: string, name = path): Promise<OutputFile> {
    const place = await placeOf(path, name);
    if (!place.replace) return new OutputFile(name, place.path);
    const folder = dirname(place.path);
    await removeAbandoned(folder);
    try {
      const { place: partial, descriptor } = TemporaryPath.file(folder, 0o666);
      return new OutputFile(name, place.path, partial, descriptor);
    } catch (error) {
      throw outputFailure(name, error);
    }
  }

  /** Begins a file that is only read, and removed when it is closed. */
  static temporary(): OutputFile {
    return new OutputFile('a temporary file');
  }

  /** Moves the file to its path. It can still be read until it is closed. */
  async publish(): Promise<void> {
    const { path, partial } = this;
    if (path === undefined) return;
    try {
      if (partial === undefined || !rename(partial, path)) await this.#fill(path);
    } catch (error) {
      throw outputFailure(this.name, error);
    }
  }

  /**
   * Writes all of `data` from `offset`, and resolves to its end. Rejects with the error of `data` or of the file.
   * @param along also receives the bytes; a producer may reuse a chunk when both are done
   */
  async writeFrom(
    data: AsyncIterable<Buffer>,
    offset: number,
    along: (chunk: Buffer) => Promise<void> | undefined = () => undefined,
  ): Promise<number> {
    let batch: Buffer | undefined;
    let batched = 0;
    let at = offset;
    const flush = async (): Promise<void> => {
      if (batch === undefined || batched === 0) return;
      await this.write(batch.subarray(0, batched), at);
      at += batched;
      batched = 0;
    };
    for await (const chunk of data) {
      const isSmall = chunk.length < SMALL;
      if (!isSmall || batched + chunk.length > BATCH) await flush();
      if (isSmall) {
        await along(chunk);
        batch ??= Buffer.allocUnsafeSlow(BATCH);
        batched += chunk.copy(batch, batched);
        continue;
      }
      // Another thread writes it while this one reads it.
      await Promise.all([this.write(chunk, at), along(chunk)]);
      at += chunk.length;
    }
    await flush();
    return at;
  }

  /** Closes the file, and removes it unless it was published. May be called twice. */
  override close(): Promise<void> {
    this.partial?.remove();
    return super.close();
  }

  async #fill(path: string): Promise<void> {
    const target = await open(path, fs.constants.O_WRONLY);
    try {
      if ((await target.stat()).isFile() && !OPEN_FILES.test(path)) await target.truncate();
      await pipeline(readRange(this, 0, this.size), target.createWriteStream());
    } finally {
      await target.close();
    }
  }
}

/** Writes a small file as a whole. Throws as OutputFile.create, write and publish. */
export async function writeOutput(path: string, text: string, name = path): Promise<void> {
  await published(path, name, (file) => file.write(Buffer.from(text), 0));
}

async function published<T>(
  path: string,
  name: string,
  write: (file: OutputFile) => Promise<T>,
): Promise<T> {
  const file = await OutputFile.create(path, name);
  try {
    const result = await write(file);
    await file.publish();
    return result;
  } finally {
    await file.close();
  }
}

/**
 * Writes data to a file that appears at `dest` when it is complete, or to `stdout` for `-`. Resolves to the bytes.
 * @throws what `data` throws; the signal's reason; DockerceptionError of kind output.
 */
export async function saveOutput(
  data: AsyncIterable<Buffer>,
  dest: string,
  stdout: Writable,
  signal?: AbortSignal,
): Promise<number> {
  if (dest === '-') return writeToStream(data, stdout, signal);
  return published(dest, dest, async (file) => {
    const size = await file.writeFrom(data, 0);
    signal?.throwIfAborted();
    return size;
  });
}

/**
 * Writes data to standard output or another stream, and leaves it open. A chunk is written before the next is requested.
 * Resolves to the bytes.
 * @throws what `data` throws; the signal's reason; DockerceptionError of kind output: OUTPUT_CLOSED if the reader closed
 *   the stream
 */
export async function writeToStream(
  data: AsyncIterable<Buffer>,
  output: Writable,
  signal?: AbortSignal,
): Promise<number> {
  let size = 0;
  // Without a listener the event would end the process; the write's callback gets the same error.
  const ignore = (): void => undefined;
  output.on('error', ignore);
  for await (const chunk of data) {
    signal?.throwIfAborted();
    size += chunk.length;
    await new Promise<void>((resolve, reject) => {
      // A write whose reader has stalled may fail later: the listener for its error stays.
      const stop = (): void => reject(signal?.reason as Error);
      signal?.addEventListener('abort', stop, { once: true });
      output.write(chunk, (error) => {
        signal?.removeEventListener('abort', stop);
        if (error) reject(outputFailure('standard output', error));
        else resolve();
      });
    });
  }
  output.off('error', ignore);
  return size;
}

/**
 * Checks that an output can be written, and changes nothing.
 * @param name the name in messages
 * @throws DockerceptionError of kind output, OUTPUT_FAILED.
 */
export async function checkOutput(path: string, name = path): Promise<void> {
  const place = await placeOf(path, name);
  if (place.replace) await checkFolder(dirname(place.path), name);
}

/** Checks that files can be written into a folder, which need not exist yet. Throws as {@link checkOutput}. */
export async function checkOutputFolder(path: string): Promise<void> {
  let existing = resolve(path);
  while (!fs.existsSync(existing)) existing = dirname(existing);
  await checkFolder(existing, path);
}

async function checkFolder(folder: string, name: string): Promise<void> {
  try {
    // With the dot, a file in its place is ENOTDIR.
    await access(`${folder}/.`, WRITABLE_FOLDER);
  } catch (error) {
    throw outputFailure(name, error);
  }
}

/** Returns whether the file was renamed. */
function rename(partial: TemporaryPath, path: string): boolean {
  try {
    fs.renameSync(partial.path, path);
    partial.keep();
    return true;
  } catch (error) {
    if (NOT_RENAMED.includes(systemCode(error) ?? '')) return false;
    throw error;
  }
}

interface Place {
  readonly path: string;
  /** Whether a file may be renamed to it. */
  readonly replace: boolean;
}

const WRITABLE_FOLDER = fs.constants.W_OK | fs.constants.X_OK;
/** Names of files that are open already. */
const OPEN_FILES = /^\/dev\/(std(in|out|err)$|fd\/)|^\/proc\/[^/]+\/fd\//;

async function placeOf(path: string, name: string): Promise<Place> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) {
      const message = `writing ${printable(name)}: it is a folder`;
      const hint =
        'name a file; type=local,dest=… and type=oci,tar=false,dest=… write into a folder';
      throw new DockerceptionError('output', 'OUTPUT_FAILED', message, { hint });
    }
    await access(path, fs.constants.W_OK);
    // A regular file that /dev/stdout leads to belongs to the shell.
    if (!found.isFile() || OPEN_FILES.test(path)) return { path, replace: false };
    // A link stays: its target is replaced.
    const real = await realpath(path);
    const writable = access(dirname(real), WRITABLE_FOLDER);
    return { path: real, replace: await writable.then(() => true).catch(() => false) };
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw outputFailure(name, error);
  }
  const target = await readlink(path).catch(() => undefined);
  // A link without a target yet: the file is created there.
  return target === undefined
    ? { path, replace: true }
    : placeOf(resolve(dirname(path), target), name);
}
