/**
 * Bytes that are written and read at any position before they belong to an output: in a file that has no
 * name, so that nothing of it is left however the process ends, or in one whose name is temporary. What is small
 * stays in memory, and needs no folder that can be written to.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFailure } from './write-error.js';

/** Bytes that are kept in memory: only a longer file without a name is created on disk. */
const IN_MEMORY = 16 << 20;
/** Bytes that memory is first reserved for. */
const FIRST = 64 << 10;

const writeAt = promisify(fs.write);
const readAt = promisify(fs.read);
const truncateTo = promisify(fs.ftruncate);
const closed = promisify(fs.close);

/** What can be read at any position. */
export interface RandomAccess {
  read(
    target: Buffer,
    at: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
}

export class TemporaryFile implements RandomAccess {
  #descriptor: number | undefined;
  /** Its length is what is reserved; undefined when the bytes are in a file. */
  #memory: Buffer | undefined;
  readonly #open: () => number;
  readonly #failure: (cause: unknown) => unknown;
  #size = 0;
  /** Operations in other threads: the descriptor stays open while there are any. */
  #underWay = 0;
  #idle: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    descriptor: number | undefined,
    open: () => number,
    failure: (cause: unknown) => unknown,
  ) {
    this.#descriptor = descriptor;
    this.#memory = descriptor === undefined ? Buffer.alloc(0) : undefined;
    this.#open = open;
    this.#failure = failure;
  }

  /** A file without a name, which is created in `folder` when it is too long for memory. */
  static nameless(folder: string): TemporaryFile {
    const failure = (cause: unknown): unknown => temporaryFailure(folder, cause);
    const open = (): number => {
      const path = join(folder, `dockerception-${randomBytes(8).toString('hex')}`);
      const descriptor = fs.openSync(path, 'wx+', 0o600);
      fs.unlinkSync(path);
      return descriptor;
    };
    return new TemporaryFile(undefined, open, failure);
  }

  /** A file that is open. `failure` makes the error of a write that fails. */
  static opened(descriptor: number, failure: (cause: unknown) => unknown): TemporaryFile {
    return new TemporaryFile(descriptor, () => descriptor, failure);
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
      throw this.#failure(error);
    }
  }

  async read(
    target: Buffer,
    at: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }> {
    this.#check();
    const descriptor = this.#descriptor;
    if (descriptor === undefined)
      return { bytesRead: this.#readMemory(target, at, length, position) };
    return this.#busy(() => readAt(descriptor, target, at, length, position));
  }

  /** Returns the number of bytes that were read, 0 at the end. */
  readSync(target: Buffer, at: number, length: number, position: number): number {
    this.#check();
    return this.#descriptor === undefined
      ? this.#readMemory(target, at, length, position)
      : fs.readSync(this.#descriptor, target, at, length, position);
  }

  async truncate(size: number): Promise<void> {
    this.#check();
    const descriptor = this.#descriptor;
    this.#memory?.fill(0, size, this.#size);
    this.#size = Math.min(size, this.#size);
    if (descriptor !== undefined) await this.#busy(() => truncateTo(descriptor, size));
  }

  /** Closes it when nothing is under way any more. May be called twice. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    this.#memory = undefined;
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) await closed(descriptor);
  }

  /** Takes the bytes into memory and returns undefined, or returns the file that they go to. */
  #prepare(bytes: Buffer, position: number): number | undefined {
    this.#check();
    const end = position + bytes.length;
    if (this.#memory !== undefined) {
      if (end <= IN_MEMORY) {
        this.#memory = grown(this.#memory, end);
        bytes.copy(this.#memory, position);
      } else this.#spill(this.#memory);
    }
    this.#size = Math.max(this.#size, end);
    return this.#descriptor;
  }

  #spill(memory: Buffer): void {
    try {
      this.#descriptor = this.#open();
      writeAll(this.#descriptor, memory.subarray(0, this.#size), 0);
      this.#memory = undefined;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #readMemory(target: Buffer, at: number, length: number, position: number): number {
    const end = Math.min(position + length, this.#size);
    return position >= end ? 0 : (this.#memory?.copy(target, at, position, end) ?? 0);
  }

  async #busy<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await work();
    } catch (error) {
      throw this.#failure(error);
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
  const larger = Buffer.alloc(Math.max(length, Math.min(memory.length * 2, IN_MEMORY), FIRST));
  memory.copy(larger);
  return larger;
}
