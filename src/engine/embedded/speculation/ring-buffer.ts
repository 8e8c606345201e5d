/**
 * A byte queue between one producer and one consumer. It is bounded if the producer waits for
 * {@link RingBuffer.ready} between its writes.
 */

/** Bytes that are allocated first. The producer is held back while more than half of them wait. */
const INITIAL_CAPACITY = 4 << 20;

export class RingBuffer {
  #ring = Buffer.alloc(0);
  /** Bytes appended, and bytes taken, since the start. */
  #appended = 0;
  #taken = 0;
  #failure: { readonly reason: unknown } | undefined;
  readonly #waiting: (() => void)[] = [];

  /** Bytes appended since the start: the position of the next one. */
  get length(): number {
    return this.#appended;
  }

  /** Copies the bytes before it returns. */
  append(bytes: Buffer): void {
    this.#reserve(bytes.length);
    const at = this.#appended % this.#ring.length;
    const first = bytes.copy(this.#ring, at);
    bytes.copy(this.#ring, 0, first);
    this.#appended += bytes.length;
    this.#wake();
  }

  /** A promise while too many bytes wait; it rejects after {@link fail}. */
  ready(): Promise<void> | undefined {
    return this.#isFull || this.#failure !== undefined
      ? this.#until(() => !this.#isFull && this.#failure === undefined)
      : undefined;
  }

  /** A promise while not all bytes before `end` have been appended; it rejects after {@link fail}. */
  whenReadable(end: number): Promise<void> | undefined {
    return this.#appended >= end ? undefined : this.#until(() => this.#appended >= end);
  }

  /** Copies `length` waiting bytes from position `from` to `target` at `at`. */
  peek(target: Buffer, at: number, from: number, length: number): void {
    if (from < this.#taken || from + length > this.#appended)
      throw new Error('bytes have passed by');
    const start = from % this.#ring.length;
    const first = this.#ring.copy(target, at, start, start + length);
    this.#ring.copy(target, at + first, 0, length - first);
  }

  /** Does the same, and frees everything before the end of these bytes. */
  take(target: Buffer, at: number, from: number, length: number): void {
    this.peek(target, at, from, length);
    this.#taken = from + length;
    this.#wake();
  }

  /** The consumer has failed: both sides get the first reason. */
  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#wake();
  }

  get #isFull(): boolean {
    return this.#appended - this.#taken > INITIAL_CAPACITY / 2;
  }

  async #until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      if (this.#failure !== undefined) throw this.#failure.reason;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Replaces the ring by a larger one if `length` more bytes do not fit. */
  #reserve(length: number): void {
    const waiting = this.#appended - this.#taken;
    if (waiting + length <= this.#ring.length) return;
    const ring = Buffer.allocUnsafeSlow(Math.max(INITIAL_CAPACITY, 2 * (waiting + length)));
    const kept = Buffer.allocUnsafe(waiting);
    this.peek(kept, 0, this.#taken, waiting);
    const at = this.#taken % ring.length;
    kept.copy(ring, 0, kept.copy(ring, at));
    this.#ring = ring;
  }
}
