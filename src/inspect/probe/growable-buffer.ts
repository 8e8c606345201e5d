/** A buffer that grows as it has to, and is used again for one file after the other. */

/** What it starts with. */
const FIRST = 64 * 1024;

export class Scratch {
  #bytes = Buffer.alloc(FIRST);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  append(bytes: Buffer): void {
    this.#reserve(bytes.length);
    this.#length += bytes.copy(this.#bytes, this.#length);
  }

  appendZeros(length: number): void {
    this.#reserve(length);
    this.#bytes.fill(0, this.#length, (this.#length += length));
  }

  /** A part of what is there. It is other bytes after the next append or clear. */
  view(start = 0, end = this.#length): Buffer {
    return this.#bytes.subarray(start, Math.min(end, this.#length));
  }

  #reserve(more: number): void {
    const wanted = this.#length + more;
    if (wanted <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(wanted, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
