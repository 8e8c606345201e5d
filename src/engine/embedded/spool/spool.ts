/**
 * Stores contents of files between the context and a layer. Small contents stay in memory within a budget, because
 * reading many of them from a file dominates the build; all others go to a temporary file. Contents are
 * appended in order and read at any offset.
 *
 * A large content can have an offset before it is stored or diverted: the bytes of a diverted content go through a ring
 * buffer to the writer of a layer. Its first bytes stay in memory, because most readers need no more.
 */
import { createHash, type Hash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { Condition } from './condition.js';
import { RingBuffer } from './ring-buffer.js';
import { SpoolFile } from './spool-file.js';

/** Bytes of a content that may stay in memory. */
const MAX_SMALL = 64 << 10;
/** Bytes of all contents in memory; each content also costs the bytes of its tree node. */
const MEMORY_BUDGET = 96 << 20;
const BYTES_PER_NODE = 64;
/** The first offset of contents in memory: no file is as long. */
const IN_MEMORY = 2 ** 50;
/** The first offset of large contents. */
const LARGE = 2 ** 51;
/** Bytes of a piece of memory. */
const PIECE = 1 << 20;
/** Bytes kept of each diverted content. */
const MAX_HEAD = 64 << 10;

interface LargeContent {
  readonly offset: number;
  readonly size: number;
  /** Its offset as a stored content, if it is stored. */
  place?: number;
  /** Its first bytes, and its position in the ring buffer, if it is diverted. */
  head?: Buffer;
  start?: number;
}

export class Spool {
  /** Bytes stored so far. */
  length = 0;
  /** Offsets of the contents that are diverted and not stored. */
  readonly diverted = new Set<number>();
  readonly #file: SpoolFile;
  readonly #memory: SpoolMemory;
  readonly #ring = new RingBuffer();
  /** In the order of their offsets. */
  readonly #large: LargeContent[] = [];
  /** Receives the bytes that are appended. */
  #current: SpoolFile | SpoolMemory | RingBuffer;
  #budget = MEMORY_BUDGET;
  readonly #changed = new Condition();

  /**
   * @param folder where the file is created when it is needed
   * @param isHashed whether {@link digest} will be called
   */
  constructor(folder: string = tmpdir(), isHashed = false) {
    this.#memory = new SpoolMemory(isHashed);
    this.#current = this.#file = new SpoolFile(folder, isHashed);
  }

  /**
   * Begins a content: the bytes that are appended next belong to it.
   *
   * @param size its bytes, if known
   * @returns its offset
   */
  begin(size = Infinity): number {
    this.#budget -= BYTES_PER_NODE;
    const isSmall = size <= MAX_SMALL && size <= this.#budget;
    if (isSmall) this.#budget -= size;
    this.#current = isSmall ? this.#memory : this.#file;
    return (isSmall ? IN_MEMORY : 0) + this.#current.length;
  }

  /** Returns an offset for a content of `size` bytes, which is stored or diverted later. */
  reserve(size: number): number {
    const last = this.#large.at(-1);
    const offset = last === undefined ? LARGE : last.offset + last.size;
    this.#large.push({ offset, size });
    return offset;
  }

  /** Begins to store a large content: the bytes that are appended next belong to it. */
  store(offset: number): void {
    const content = this.#largeAt(offset);
    content.place = this.begin(content.size);
    delete content.head;
    this.diverted.delete(offset);
  }

  /** Begins to divert a large content with its first bytes; the bytes that are appended next belong to it. */
  divert(offset: number, head: Buffer): void {
    const content = this.#largeAt(offset);
    content.start = this.#ring.length;
    content.head = Buffer.from(head.subarray(0, MAX_HEAD));
    this.diverted.add(offset);
    this.#current = this.#ring;
    this.append(head);
  }

  /** Copies the bytes before it returns. Throws OUTPUT_FULL if the disk is full. */
  append(bytes: Buffer): void {
    this.#current.append(bytes);
    if (this.#current !== this.#ring) this.length += bytes.length;
    this.#changed.wake();
  }

  /** Backpressure: a promise while too many bytes wait to be written, or to be read if they are diverted. */
  ready(): Promise<void> | undefined {
    return this.#current === this.#ring
      ? this.#changed.until(() => !this.#ring.isFull)
      : this.#file.ready();
  }

  /** Resolves when everything is written; rejects if it cannot be. */
  settle(): Promise<void> {
    return this.#file.settle();
  }

  /** The digests of all stored bytes. Contents with equal places in spools with equal digests are equal. */
  digest(): string {
    return `${this.#memory.digest()} ${this.#file.digest()}`;
  }

  /** The place of a content, which is its offset unless it is large; undefined if it isn't stored. */
  placeOf(offset: number): number | undefined {
    if (offset < LARGE) return offset;
    const { offset: first, place } = this.#largeAt(offset);
    return place === undefined ? undefined : place + offset - first;
  }

  /** The first bytes of a diverted content; undefined for any other. */
  headOf(offset: number): Buffer | undefined {
    return offset < LARGE ? undefined : this.#largeAt(offset).head;
  }

  /** A promise while the bytes before `end` have not been appended; it rejects after {@link fail}. */
  whenReadable(end: number): Promise<void> | undefined {
    // The byte at `end` may belong to the next content.
    const [storage, last] = this.#locate(end - 1);
    return this.#changed.until(() => last < storage.length);
  }

  /** The reader of diverted contents has failed: it and their producer get the first reason. */
  fail(reason: unknown): void {
    this.#changed.fail(reason);
  }

  /** Reads `length` appended bytes at `offset` to `target` at `at`. Diverted bytes can be read once, in order. */
  read(target: Buffer, at: number, offset: number, length: number): void {
    const [storage, position] = this.#locate(offset);
    storage.read(target, at, position, length);
    if (storage === this.#ring) this.#changed.wake();
  }

  close(): void {
    this.fail(new Error('the spool is closed'));
    this.#file.close();
  }

  #locate(offset: number): [storage: SpoolFile | SpoolMemory | RingBuffer, position: number] {
    if (offset < IN_MEMORY) return [this.#file, offset];
    if (offset < LARGE) return [this.#memory, offset - IN_MEMORY];
    const { offset: first, place, start } = this.#largeAt(offset);
    if (place !== undefined) return this.#locate(place + offset - first);
    if (start === undefined) throw new Error('the content has not arrived');
    return [this.#ring, start + offset - first];
  }

  #largeAt(offset: number): LargeContent {
    const found = this.#large.findLast((content) => content.offset <= offset);
    if (found === undefined || offset >= found.offset + found.size)
      throw new Error('no content is at this offset');
    return found;
  }
}

/** The part of the spool in memory: pieces of one size, so that it grows without copying. */
class SpoolMemory {
  length = 0;
  readonly #pieces: Buffer[] = [];
  /** Of all full pieces. */
  readonly #hash: Hash | undefined;

  constructor(isHashed: boolean) {
    if (isHashed) this.#hash = createHash('sha256');
  }

  digest(): string {
    if (this.#hash === undefined) throw new Error('the spool is not hashed');
    const used = this.length % PIECE;
    const rest = used === 0 ? '' : (this.#pieces.at(-1) as Buffer).subarray(0, used);
    return this.#hash.copy().update(rest).digest('hex');
  }

  append(bytes: Buffer): void {
    for (let from = 0; from < bytes.length;) {
      const at = this.length & (PIECE - 1);
      if (at === 0) this.#pieces.push(Buffer.allocUnsafeSlow(PIECE));
      const copied = bytes.copy(this.#pieces.at(-1) as Buffer, at, from);
      from += copied;
      this.length += copied;
      // It is still in the processor's cache.
      if (at + copied === PIECE) this.#hash?.update(this.#pieces.at(-1) as Buffer);
    }
  }

  read(target: Buffer, at: number, offset: number, length: number): void {
    for (let done = 0; done < length;) {
      const from = offset + done;
      const piece = this.#pieces[Math.floor(from / PIECE)] as Buffer;
      const start = from & (PIECE - 1);
      done += piece.copy(target, at + done, start, start + length - done);
    }
  }
}
