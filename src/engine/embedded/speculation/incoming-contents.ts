/** The contents of a layer that is written while they come: those of the spool, and those that pass by it. */
import { Passing } from './ring-buffer.js';
import type { Spool } from '../spool/spool.js';

interface PassingContent {
  readonly offset: number;
  readonly size: number;
  /** Where its first byte is among all that have passed. */
  readonly start: number;
}

export class ComingContents {
  /** The offsets of contents that aren't in the spool. */
  readonly passed = new Set<number>();
  readonly #spool: Spool;
  readonly #passing = new Passing();
  readonly #contents: PassingContent[] = [];

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  /** One more that passes by the spool, and its first bytes. What is appended from now on is its own. */
  pass(offset: number, size: number, head: Buffer): void {
    this.passed.add(offset);
    this.#contents.push({ offset, size, start: this.#passing.length });
    this.#spool.elsewhere.keepHead(offset, head);
    this.append(head);
  }

  append(bytes: Buffer): void {
    this.#passing.append(bytes);
  }

  /** A promise while more waits than may; rejects when nobody will take it. */
  ready(): Promise<void> | undefined {
    return this.#passing.ready();
  }

  /** A promise while what ends at `end` hasn't come; rejects when it won't. */
  landing(end: number): Promise<void> | undefined {
    // Its last byte is its own; the one behind may be another content's.
    const content = this.#at(end - 1);
    if (content === undefined) return this.#spool.landing(end);
    return this.#passing.landing(content.start + end - content.offset);
  }

  /** Reads what has come: `length` bytes from `offset` on, to `target` at `at`. What passes is read once, in order. */
  read(target: Buffer, at: number, offset: number, length: number): void {
    const content = this.#at(offset);
    if (content === undefined) this.#spool.read(target, at, offset, length);
    else this.#passing.take(target, at, content.start + offset - content.offset, length);
  }

  /** Nobody reads any more: who appends is told why. */
  fail(error: unknown): void {
    this.#passing.fail(error);
  }

  #at(offset: number): PassingContent | undefined {
    return this.#contents.findLast(
      (content) => content.offset <= offset && offset < content.offset + content.size,
    );
  }
}
