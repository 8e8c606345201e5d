/**
 * Contents of files on their way from a stream to a layer: one temporary file without a name, so
 * that nothing is left of it however the process ends. Written in order, read anywhere.
 */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { DockerceptionError } from '../../errors.js';
import { outputFailure } from '../../image/output-error.js';

/** Bytes gathered for one write. */
const BATCH = 1 << 20;
/** Bytes read ahead where files are read in the order in which they lie. */
const AHEAD = 256 << 10;

export class Spool {
  readonly #folder: string;
  #descriptor: number | undefined;
  readonly #batch = Buffer.allocUnsafeSlow(BATCH);
  #batched = 0;
  #written = 0;
  readonly #ahead = Buffer.allocUnsafeSlow(AHEAD);
  #aheadFrom = 0;
  #aheadTo = 0;
  #lastRead = 0;

  /** @param folder where the file is made when there is something to write; `TMPDIR` as a rule. */
  constructor(folder: string = tmpdir()) {
    this.#folder = folder;
  }

  /** Where the next byte goes. */
  get length(): number {
    return this.#written + this.#batched;
  }

  /** Takes the bytes before it returns. Throws OUTPUT_FULL when the disk is. */
  append(bytes: Buffer): void {
    let from = 0;
    while (from < bytes.length) {
      if (this.#batched === 0 && bytes.length - from >= BATCH) {
        this.#write(from === 0 ? bytes : bytes.subarray(from));
        return;
      }
      const copied = bytes.copy(this.#batch, this.#batched, from);
      from += copied;
      this.#batched += copied;
      if (this.#batched === BATCH) this.#flush();
    }
  }

  /** Reads bytes that were appended: `length` of them from `offset` on, to `target` at `at`. */
  read(target: Buffer, at: number, offset: number, length: number): void {
    this.#flush();
    const sequential = offset === this.#lastRead;
    this.#lastRead = offset + length;
    let done = 0;
    while (done < length) {
      const from = offset + done;
      if (from >= this.#aheadFrom && from < this.#aheadTo) {
        const start = from - this.#aheadFrom;
        done += this.#ahead.copy(
          target,
          at + done,
          start,
          Math.min(start + length - done, this.#aheadTo - this.#aheadFrom),
        );
      } else if (sequential && length - done < AHEAD) {
        this.#aheadTo = this.#aheadFrom = from;
        this.#aheadTo += this.#readAt(this.#ahead, 0, AHEAD, from);
      } else {
        done += this.#readAt(target, at + done, length - done, from);
      }
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) fs.closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #flush(): void {
    if (this.#batched === 0) return;
    const batched = this.#batched;
    this.#batched = 0;
    this.#write(this.#batch.subarray(0, batched));
  }

  #write(bytes: Buffer): void {
    const descriptor = (this.#descriptor ??= this.#open());
    try {
      let from = 0;
      while (from < bytes.length) {
        const { length } = bytes;
        from += fs.writeSync(descriptor, bytes, from, length - from, this.#written + from);
      }
    } catch (error) {
      throw this.#failed(error);
    }
    this.#written += bytes.length;
  }

  #readAt(target: Buffer, at: number, length: number, position: number): number {
    const read = fs.readSync(this.#descriptor as number, target, at, length, position);
    if (read === 0) throw new Error(`the temporary file ends before byte ${position}`);
    return read;
  }

  #open(): number {
    const path = join(this.#folder, `dockerception-${randomBytes(8).toString('hex')}`);
    try {
      const descriptor = fs.openSync(path, 'wx+', 0o600);
      fs.unlinkSync(path);
      return descriptor;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(cause: unknown): unknown {
    const failure = outputFailure(`a temporary file in ${this.#folder}`, cause);
    if (!(failure instanceof DockerceptionError)) return failure;
    const { kind, code, message } = failure;
    return new DockerceptionError(kind, code, message, {
      cause,
      hint: 'TMPDIR names another folder',
    });
  }
}
