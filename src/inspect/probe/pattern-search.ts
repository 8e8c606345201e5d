/**
 * Looks for a few texts in bytes that come in pieces of any size. Each is looked for until it is
 * found, once; long ones are cheap, since a search may skip as many bytes as a text is long.
 */
import { Scratch } from './growable-buffer.js';

/** Smaller pieces are put together: a search has its own cost. */
const PIECE = 4 * 1024;

export class Needles<Name extends string> {
  readonly #needles: readonly (readonly [Name, Buffer])[];
  /** How far a text may reach over the end of a piece. */
  readonly #overlap: number;
  readonly #kept = new Scratch();
  readonly #found = new Set<Name>();

  constructor(texts: readonly (readonly [Name, string])[]) {
    this.#needles = texts.map(([name, text]) => [name, Buffer.from(text, 'latin1')]);
    this.#overlap = Math.max(...this.#needles.map(([, { length }]) => length)) - 1;
  }

  /** Forgets everything. */
  begin(): void {
    this.#found.clear();
    this.#kept.clear();
  }

  get hasAll(): boolean {
    return this.#needles.every(([name]) => this.#found.has(name));
  }

  feed(bytes: Buffer): void {
    if (bytes.length < PIECE) {
      this.#kept.append(bytes);
      if (this.#kept.length >= PIECE) this.#searchKept();
      return;
    }
    // What begins in front of this piece ends within its first bytes.
    this.#kept.append(bytes.subarray(0, this.#overlap));
    this.#search(this.#kept.view());
    this.#search(bytes);
    this.#kept.clear();
    this.#kept.append(bytes.subarray(-this.#overlap));
  }

  /** What comes next isn't behind what came last. */
  interrupt(): void {
    this.#search(this.#kept.view());
    this.#kept.clear();
  }

  /** What was found; the same set is used for the next file. */
  end(): ReadonlySet<Name> {
    this.interrupt();
    return this.#found;
  }

  #searchKept(): void {
    const kept = this.#kept.view();
    this.#search(kept);
    const end = kept.subarray(-this.#overlap);
    this.#kept.clear();
    // It is moved to the front of the same memory.
    this.#kept.append(end);
  }

  #search(bytes: Buffer): void {
    for (const [name, needle] of this.#needles)
      if (!this.#found.has(name) && bytes.includes(needle)) this.#found.add(name);
  }
}
