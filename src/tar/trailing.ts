/** What stands behind the end-of-archive: zeros are padding, anything else isn't the tar's. */

/** As much of it as a message shows. Bytes. */
const SAMPLE = 64;

/** What stood behind the end-of-archive. */
export interface Trailing {
  /** Bytes from the first one that isn't zero to the end. */
  readonly bytes: number;
  /** The first of them, at most 64. */
  readonly sample: Buffer;
}

/** Counts it, however long it is. */
export class TrailingBytes {
  #bytes = 0;
  #sample = Buffer.alloc(0);

  /** Takes what stands in `chunk` from `at` on. */
  note(chunk: Buffer, at: number): void {
    let from = at;
    if (this.#bytes === 0) while (from < chunk.length && chunk[from] === 0) from++;
    this.#bytes += chunk.length - from;
    const missing = SAMPLE - this.#sample.length;
    if (missing > 0 && from < chunk.length) {
      this.#sample = Buffer.concat([this.#sample, chunk.subarray(from, from + missing)]);
    }
  }

  /** Undefined when there were zeros alone. */
  get found(): Trailing | undefined {
    return this.#bytes === 0 ? undefined : { bytes: this.#bytes, sample: this.#sample };
  }
}
