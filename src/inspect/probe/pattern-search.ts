/** Searches for a few texts in chunks of any size, for each until it is found. */
import { GrowableBuffer } from './growable-buffer.js';

/** Smaller chunks are joined, since each search has a fixed cost. */
const MIN_CHUNK = 4 * 1024;

export class PatternSearch<Name extends string> {
  readonly #patterns: readonly (readonly [Name, Buffer])[];
  /** Bytes of a match that may be in the next chunk. */
  readonly #overlap: number;
  readonly #buffer = new GrowableBuffer();
  readonly #found = new Set<Name>();

  constructor(texts: readonly (readonly [Name, string])[]) {
    this.#patterns = texts.map(([name, text]) => [name, Buffer.from(text, 'latin1')]);
    this.#overlap = Math.max(...this.#patterns.map(([, { length }]) => length)) - 1;
  }

  begin(): void {
    this.#found.clear();
    this.#buffer.clear();
  }

  get hasAll(): boolean {
    return this.#patterns.every(([name]) => this.#found.has(name));
  }

  feed(bytes: Buffer): void {
    const isSmall = bytes.length < MIN_CHUNK;
    // A match that starts in an earlier chunk ends in the first bytes of this one.
    this.#buffer.append(isSmall ? bytes : bytes.subarray(0, this.#overlap));
    const joined = this.#buffer.view();
    if (isSmall && joined.length < MIN_CHUNK) return;
    this.#search(joined);
    if (!isSmall) this.#search(bytes);
    // The end of the joined chunks moves to the front of the same memory.
    const end = (isSmall ? joined : bytes).subarray(-this.#overlap);
    this.#buffer.clear();
    this.#buffer.append(end);
  }

  /** The next chunk doesn't continue the last one. */
  interrupt(): void {
    this.#search(this.#buffer.view());
    this.#buffer.clear();
  }

  /** The patterns that were found. The set is reused for the next file. */
  end(): ReadonlySet<Name> {
    this.interrupt();
    return this.#found;
  }

  #search(bytes: Buffer): void {
    for (const [name, pattern] of this.#patterns)
      if (!this.#found.has(name) && bytes.includes(pattern)) this.#found.add(name);
  }
}
