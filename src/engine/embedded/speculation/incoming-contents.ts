/** The contents of a layer that is written while they arrive: from the spool, or diverted past it. */
import type { DivertingSpool } from './diverting-spool.js';
import { RingBuffer } from './ring-buffer.js';

interface DivertedContent {
  readonly offset: number;
  readonly size: number;
  /** Position of its first byte in the ring buffer. */
  readonly start: number;
}

export class IncomingContents {
  /** Offsets of the contents that are not in the spool. */
  readonly diverted = new Set<number>();
  readonly #spool: DivertingSpool;
  readonly #ring = new RingBuffer();
  readonly #contents: DivertedContent[] = [];

  constructor(spool: DivertingSpool) {
    this.#spool = spool;
  }

  /** Begins a diverted content with its first bytes; the bytes that are appended next belong to it. */
  begin(offset: number, size: number, head: Buffer): void {
    this.diverted.add(offset);
    this.#contents.push({ offset, size, start: this.#ring.length });
    this.#spool.keepHead(offset, head);
    this.append(head);
  }

  append(bytes: Buffer): void {
    this.#ring.append(bytes);
  }

  /** A promise while too many bytes wait; it rejects after {@link fail}. */
  ready(): Promise<void> | undefined {
    return this.#ring.ready();
  }

  /** A promise while the content that ends at `end` has not arrived; it rejects if it never will. */
  whenReadable(end: number): Promise<void> | undefined {
    // The byte at `end` may belong to the next content.
    const content = this.#at(end - 1);
    if (content === undefined) return this.#spool.whenReadable(end);
    return this.#ring.whenReadable(content.start + end - content.offset);
  }

  /** Reads `length` bytes at `offset` to `target` at `at`. Diverted bytes are read once and in order. */
  read(target: Buffer, at: number, offset: number, length: number): void {
    const content = this.#at(offset);
    if (content === undefined) this.#spool.read(target, at, offset, length);
    else this.#ring.take(target, at, content.start + offset - content.offset, length);
  }

  /** The reader has failed: the producer gets the reason. */
  fail(reason: unknown): void {
    this.#ring.fail(reason);
  }

  #at(offset: number): DivertedContent | undefined {
    return this.#contents.findLast(
      (content) => content.offset <= offset && offset < content.offset + content.size,
    );
  }
}
