/** A byte queue: it is bounded if the producer waits while {@link RingBuffer.isFull}. */

/** Bytes that are allocated first. It is full while more than half of them wait. */
const INITIAL_CAPACITY = 4 << 20;

export class RingBuffer {
  /** Bytes appended since the start: the position of the next one. */
  length = 0;
  #ring = Buffer.alloc(0);
  /** Bytes read since the start. */
  #taken = 0;

  get isFull(): boolean {
    return this.length - this.#taken > INITIAL_CAPACITY / 2;
  }

  /** Copies the bytes before it returns. */
  append(bytes: Buffer): void {
    this.#reserve(bytes.length);
    const at = this.length % this.#ring.length;
    const first = bytes.copy(this.#ring, at);
    bytes.copy(this.#ring, 0, first);
    this.length += bytes.length;
  }

  /** Copies `length` bytes from position `from` to `target` at `at`, and frees everything before their end. */
  read(target: Buffer, at: number, from: number, length: number): void {
    if (from < this.#taken || from + length > this.length) throw new Error('bytes have passed by');
    const start = from % this.#ring.length;
    const first = this.#ring.copy(target, at, start, start + length);
    this.#ring.copy(target, at + first, 0, length - first);
    this.#taken = from + length;
  }

  /** Replaces the ring by a larger one if `length` more bytes do not fit. */
  #reserve(length: number): void {
    const taken = this.#taken;
    const waiting = this.length - taken;
    if (waiting + length <= this.#ring.length) return;
    const ring = Buffer.allocUnsafeSlow(Math.max(INITIAL_CAPACITY, 2 * (waiting + length)));
    const kept = Buffer.allocUnsafe(waiting);
    this.read(kept, 0, taken, waiting);
    this.#taken = taken;
    kept.copy(ring, 0, kept.copy(ring, taken % ring.length));
    this.#ring = ring;
  }
}
