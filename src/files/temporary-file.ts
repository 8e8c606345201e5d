/**
 * A file that is written and read at any position before it belongs to an output. It has no name, so that nothing of it
 * is left however the process ends, or a temporary one. A small one stays in memory and needs no writable folder.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { outputFailure } from './write-error.js';

/** Bytes. Only a longer file without a name is created on disk. */
const MAX_IN_MEMORY = 16 << 20;
/** Bytes that are reserved in memory at first. */
const INITIAL_CAPACITY = 64 << 10;
const TEMPORARY_HINT =
  'TMPDIR names another folder; a read-only container gets one with --tmpfs /tmp';

const writeAt = promisify(fs.write);
const readAt = promisify(fs.read);
const truncateTo = promisify(fs.ftruncate);
const closed = promisify(fs.close);

/** A file that can be read at any position. */
export type RandomAccess = Pick<TemporaryFile, 'read'>;

export class TemporaryFile {
  /** Its length is the capacity; undefined once the bytes are in a file. */
  #memory: Buffer | undefined;
  #size = 0;
  /** Operations in other threads: the descriptor stays open while there are any. */
  #underWay = 0;
  #idle: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  /**
   * @param folder where a file without a name is created when it is too long for memory
   * @param descriptor of a file that is open; @default a file without a name
   * @param failure returns the error of a failed write
   */
  constructor(
    private readonly folder = tmpdir(),
    private descriptor?: number,
    private readonly failure = (cause: unknown): unknown =>
      outputFailure(`a temporary file in ${folder}`, cause, TEMPORARY_HINT),
  ) {
    if (descriptor === undefined) this.#memory = Buffer.alloc(0);
  }

  /** Bytes up to the last one that was written. */
  get size(): number {
    return this.#size;
  }

  /** Writes all of `bytes`, which must not change before it resolves. Throws OUTPUT_FULL, OUTPUT_FAILED. */
  async write(bytes: Buffer, position: number): Promise<void> {
    const descriptor = this.#prepare(bytes, position);
    if (descriptor === undefined) return;
    await this.#busy(async () => {
      for (let from = 0; from < bytes.length;) {
        const rest = bytes.length - from;
        from += (await writeAt(descriptor, bytes, from, rest, position + from)).bytesWritten;
      }
    });
  }

  /** Writes all of `bytes` before it returns. Throws as `write`. */
  writeSync(bytes: Buffer, position: number): void {
    const descriptor = this.#prepare(bytes, position);
    if (descriptor === undefined) return;
    try {
      writeAll(descriptor, bytes, position);
    } catch (error) {
      throw this.failure(error);
    }
  }

  async read(
    target: Buffer,
    at: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }> {
    const { descriptor } = this;
    if (descriptor === undefined) return { bytesRead: this.readSync(target, at, length, position) };
    this.#check();
    return this.#busy(() => readAt(descriptor, target, at, length, position));
  }

  /** Returns the number of bytes that were read, 0 at the end. */
  readSync(target: Buffer, at: number, length: number, position: number): number {
    this.#check();
    if (this.descriptor !== undefined)
      return fs.readSync(this.descriptor, target, at, length, position);
    const end = Math.min(position + length, this.#size);
    return position >= end ? 0 : (this.#memory?.copy(target, at, position, end) ?? 0);
  }

  async truncate(size: number): Promise<void> {
    this.#check();
    const { descriptor } = this;
    this.#memory?.fill(0, size, this.#size);
    this.#size = Math.min(size, this.#size);
    if (descriptor !== undefined) await this.#busy(() => truncateTo(descriptor, size));
  }

  /** Closes it after the operations that have begun. May be called twice. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    this.#memory = undefined;
    const { descriptor } = this;
    this.descriptor = undefined;
    if (descriptor !== undefined) await closed(descriptor);
  }

  /** Copies the bytes into memory, or returns the descriptor of the file to write them to. */
  #prepare(bytes: Buffer, position: number): number | undefined {
    this.#check();
    const end = position + bytes.length;
    if (this.#memory !== undefined) {
      if (end <= MAX_IN_MEMORY) {
        this.#memory = grown(this.#memory, end);
        bytes.copy(this.#memory, position);
      } else this.#spill(this.#memory);
    }
    this.#size = Math.max(this.#size, end);
    return this.descriptor;
  }

  #spill(memory: Buffer): void {
    try {
      const path = join(this.folder, `dockerception-${randomBytes(8).toString('hex')}`);
      this.descriptor = fs.openSync(path, 'wx+', 0o600);
      fs.unlinkSync(path);
      writeAll(this.descriptor, memory.subarray(0, this.#size), 0);
      this.#memory = undefined;
    } catch (error) {
      throw this.failure(error);
    }
  }

  async #busy<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await work();
    } catch (error) {
      throw this.failure(error);
    } finally {
      if (--this.#underWay === 0) this.#idle?.();
    }
  }

  #check(): void {
    if (this.#closing !== undefined) throw new Error('the temporary file is closed');
  }
}

function writeAll(descriptor: number, bytes: Buffer, position: number): void {
  for (let from = 0; from < bytes.length;)
    from += fs.writeSync(descriptor, bytes, from, bytes.length - from, position + from);
}

/** The same bytes, with zeros after them. */
function grown(memory: Buffer, length: number): Buffer {
  if (length <= memory.length) return memory;
  const larger = Buffer.alloc(
    Math.max(length, Math.min(memory.length * 2, MAX_IN_MEMORY), INITIAL_CAPACITY),
  );
  memory.copy(larger);
  return larger;
}
