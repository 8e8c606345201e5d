/** The part of the spool in a temporary file, which is written in the background. */
import { createHash, type Hash } from 'node:crypto';
import { TemporaryFile } from '../../../files/temporary-file.js';

/** Bytes gathered for one write. */
const BATCH = 1 << 20;
/** Batches that are written at the same time. */
const MAX_PENDING = 2;
/** Bytes that are read at once while reads are sequential. */
const READ_AHEAD = 256 << 10;

/** A part of the file in memory. */
interface Batch {
  readonly bytes: Buffer;
  readonly position: number;
  /** Bytes that are used. */
  length: number;
}

export class SpoolFile {
  readonly #file: TemporaryFile;
  /** The bytes that were appended last. */
  #batch: Batch = { bytes: Buffer.allocUnsafeSlow(BATCH), position: 0, length: 0 };
  /** Batches that are being written, or could not be. */
  readonly #pending = new Map<Batch, Promise<void>>();
  readonly #free: Buffer[] = [];
  /** Bytes that were read ahead. */
  #ahead: Batch = { bytes: Buffer.allocUnsafeSlow(READ_AHEAD), position: 0, length: 0 };
  #lastRead = 0;
  /** Of all batches but the last. */
  readonly #hash: Hash | undefined;

  /** @param folder where the file is created when it is needed */
  constructor(folder: string, isHashed: boolean) {
    this.#file = new TemporaryFile(folder);
    if (isHashed) this.#hash = createHash('sha256');
  }

  digest(): string {
    if (this.#hash === undefined) throw new Error('the spool is not hashed');
    const { bytes, length } = this.#batch;
    return this.#hash.copy().update(bytes.subarray(0, length)).digest('hex');
  }

  /** Bytes appended so far: the offset of the next one. */
  get length(): number {
    return this.#batch.position + this.#batch.length;
  }

  /** Copies the bytes before it returns. Throws OUTPUT_FULL if the disk is full. */
  append(bytes: Buffer): void {
    for (let from = 0; from < bytes.length;) {
      const copied = bytes.copy(this.#batch.bytes, this.#batch.length, from);
      from += copied;
      this.#batch.length += copied;
      if (this.#batch.length === BATCH) this.#send();
    }
  }

  /** A promise while the maximum of writes is pending; it rejects if a write has failed. */
  ready(): Promise<void> | undefined {
    return this.#pending.size < MAX_PENDING ? undefined : Promise.race(this.#pending.values());
  }

  /** Resolves when everything is in the file; rejects if a write has failed. */
  async settle(): Promise<void> {
    if (this.#batch.length > 0) this.#send();
    await Promise.all(this.#pending.values());
  }

  /** Reads `length` bytes from `offset` on, to `target` at `at`. */
  read(target: Buffer, at: number, offset: number, length: number): void {
    const isSequential = offset === this.#lastRead;
    const end = offset + length;
    this.#lastRead = end;
    for (let from = offset; from < end;) {
      const found = this.#batchAt(from);
      const to = at + from - offset;
      if (found !== undefined) {
        const last = Math.min(found.length, end - found.position);
        from += found.bytes.copy(target, to, from - found.position, last);
        continue;
      }
      const inFile = this.#unwrittenAfter(from) - from;
      if (!isSequential || end - from >= READ_AHEAD)
        from += this.#readFile(target, to, Math.min(end - from, inFile), from);
      else {
        const { bytes } = this.#ahead;
        const read = this.#readFile(bytes, 0, Math.min(READ_AHEAD, inFile), from);
        this.#ahead = { bytes, position: from, length: read };
      }
    }
  }

  close(): void {
    this.#file.close().catch(() => undefined);
  }

  #batchAt(position: number): Batch | undefined {
    if (contains(this.#ahead, position)) return this.#ahead;
    if (contains(this.#batch, position)) return this.#batch;
    for (const batch of this.#pending.keys()) if (contains(batch, position)) return batch;
    return undefined;
  }

  /** Where the first batch begins that is after `position` and may not be in the file. */
  #unwrittenAfter(position: number): number {
    for (const batch of this.#pending.keys()) if (batch.position > position) return batch.position;
    return this.#batch.position > position ? this.#batch.position : Infinity;
  }

  #send(): void {
    const { bytes, position, length } = this.#batch;
    const used = bytes.subarray(0, length);
    this.#hash?.update(used);
    // Bounds the pending bytes of a caller that does not wait for `ready`.
    if (this.#pending.size >= MAX_PENDING) {
      this.#file.writeSync(used, position);
      this.#free.push(bytes);
    } else {
      const batch = this.#batch;
      const written = this.#file.write(used, position).then(() => {
        this.#pending.delete(batch);
        this.#free.push(bytes);
      });
      // `ready` and `settle` report it.
      written.catch(() => undefined);
      this.#pending.set(batch, written);
    }
    const next = this.#free.pop() ?? Buffer.allocUnsafeSlow(BATCH);
    this.#batch = { bytes: next, position: position + length, length: 0 };
  }

  #readFile(target: Buffer, at: number, length: number, position: number): number {
    const read = this.#file.readSync(target, at, length, position);
    if (read === 0) throw new Error(`the temporary file ends before byte ${position}`);
    return read;
  }
}

function contains({ position, length }: Batch, at: number): boolean {
  return position <= at && at < position + length;
}
