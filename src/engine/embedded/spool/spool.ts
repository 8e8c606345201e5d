/**
 * Stores contents of files between the context and a layer. Small contents stay in memory within a budget, because
 * reading many of them from a file dominates the build; all others go to a temporary file. Contents are
 * appended in order and read at any offset.
 */
import { tmpdir } from 'node:os';
import { SpoolFile } from './spool-file.js';

/** Bytes of a content that may stay in memory. */
const MAX_SMALL = 64 << 10;
/** Bytes of all contents in memory; each content also costs the bytes of its tree node. */
const MEMORY_BUDGET = 48 << 20;
const BYTES_PER_NODE = 128;
/** The first offset of contents in memory: no file is as long. */
const IN_MEMORY = 2 ** 50;
/** Bytes of a piece of memory. */
const PIECE = 1 << 20;

export class Spool {
  readonly #file: SpoolFile;
  readonly #memory = new SpoolMemory();
  #isInMemory = false;
  #budget = MEMORY_BUDGET;

  /** @param folder where the file is created when it is needed */
  constructor(folder: string = tmpdir()) {
    this.#file = new SpoolFile(folder);
  }

  /** Bytes appended so far. */
  get length(): number {
    return this.#file.length + this.#memory.length;
  }

  /**
   * Begins a content: the bytes that are appended next belong to it.
   *
   * @param size its bytes, if known
   * @returns its offset
   */
  begin(size = Infinity): number {
    this.#budget -= BYTES_PER_NODE;
    this.#isInMemory = size <= MAX_SMALL && size <= this.#budget;
    if (this.#isInMemory) this.#budget -= size;
    return this.#isInMemory ? IN_MEMORY + this.#memory.length : this.#file.length;
  }

  /** Copies the bytes before it returns. Throws OUTPUT_FULL if the disk is full. */
  append(bytes: Buffer): void {
    if (this.#isInMemory) this.#memory.append(bytes);
    else this.#file.append(bytes);
  }

  /** Backpressure: a promise while too many bytes wait to be written. */
  ready(): Promise<void> | undefined {
    return this.#file.ready();
  }

  /** Resolves when everything is written; rejects if it cannot be. */
  settle(): Promise<void> {
    return this.#file.settle();
  }

  /** A promise while the content that ends at `end` can't be read; it rejects if it never can. */
  whenReadable(end: number): Promise<void> | undefined {
    // The byte at `end` may belong to the next content.
    return end - 1 >= IN_MEMORY ? undefined : this.#file.whenReadable(end);
  }

  /** Reads `length` appended bytes at `offset` to `target` at `at`. */
  read(target: Buffer, at: number, offset: number, length: number): void {
    if (offset >= IN_MEMORY) this.#memory.read(target, at, offset - IN_MEMORY, length);
    else this.#file.read(target, at, offset, length);
  }

  close(): void {
    this.#file.close();
    this.#memory.close();
  }
}

/** The part of the spool in memory: pieces of one size, so that it grows without copying. */
class SpoolMemory {
  readonly #pieces: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(bytes: Buffer): void {
    for (let from = 0; from < bytes.length;) {
      const at = this.#length % PIECE;
      if (at === 0) this.#pieces.push(Buffer.allocUnsafeSlow(PIECE));
      const copied = bytes.copy(this.#pieces.at(-1) as Buffer, at, from);
      from += copied;
      this.#length += copied;
    }
  }

  read(target: Buffer, at: number, offset: number, length: number): void {
    for (let done = 0; done < length;) {
      const from = offset + done;
      const piece = this.#pieces[Math.floor(from / PIECE)] as Buffer;
      const start = from % PIECE;
      done += piece.copy(target, at + done, start, start + length - done);
    }
  }

  close(): void {
    this.#pieces.length = 0;
    this.#length = 0;
  }
}
