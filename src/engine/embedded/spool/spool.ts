/**
 * Contents of files on their way from a stream to a layer. Small ones stay in memory while there is
 * room: where there are many, reading each from a file takes longer than all else. The others go
 * to a temporary file. Contents are told in order, and read anywhere.
 */
import { tmpdir } from 'node:os';
import { SpoolFile } from './spool-file.js';
import { SpoolMemory } from './spool-memory.js';

/** Bytes of a content that may stay in memory. */
const SMALL = 64 << 10;
/** Bytes of all contents in memory, with those that the tree takes for each: many entries leave less room. */
const ROOM = 48 << 20;
const OF_TREE = 128;
/** Offsets from here on are those in memory: no file is as long. */
const IN_MEMORY = 2 ** 50;

export class Spool {
  readonly #file: SpoolFile;
  readonly #memory = new SpoolMemory();
  #inMemory = false;
  #room = ROOM;

  /** @param folder where a file is made when there is something to write; `TMPDIR` as a rule. */
  constructor(folder: string = tmpdir()) {
    this.#file = new SpoolFile(folder);
  }

  /** Bytes that were appended. */
  get length(): number {
    return this.#file.length + this.#memory.length;
  }

  /**
   * Begins a content; what is appended from now on is its own. Returns its offset.
   *
   * @param size bytes of it; @default nobody knows
   */
  begin(size = Infinity): number {
    this.#room -= OF_TREE;
    this.#inMemory = size <= SMALL && size <= this.#room;
    if (this.#inMemory) this.#room -= size;
    return this.#inMemory ? IN_MEMORY + this.#memory.length : this.#file.length;
  }

  /** Takes the bytes before it returns. Throws OUTPUT_FULL when the disk is. */
  append(bytes: Buffer): void {
    if (this.#inMemory) this.#memory.append(bytes);
    else this.#file.append(bytes);
  }

  /** Who appends much waits for this now and then: so long, writing goes on beside reading. */
  ready(): Promise<void> | undefined {
    return this.#file.ready();
  }

  /** Resolves when everything is written; rejects with why it couldn't be. */
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
