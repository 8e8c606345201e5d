/** A buffer that grows on demand, and is reused for many files. */
export class GrowableBuffer {
  #bytes = Buffer.alloc(64 << 10);
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

  /** A view of a range, valid until the next append or clear. */
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
