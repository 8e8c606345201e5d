/**
 * Bytes that pass from one side to the other without a file between them: appended as they come, taken in the same
 * order. What waits is bounded by who appends waiting for `ready` now and then.
 */

/** Bytes that may wait. */
const ROOM = 4 << 20;

export class Passing {
  #ring = Buffer.alloc(0);
  /** Bytes that have ever come, and that were ever taken. */
  #come = 0;
  #taken = 0;
  #failure: { readonly why: unknown } | undefined;
  readonly #waiting: (() => void)[] = [];

  /** Where the next byte goes: bytes that were appended so far. */
  get length(): number {
    return this.#come;
  }

  /** Takes the bytes before it returns. */
  append(bytes: Buffer): void {
    this.#makeRoom(bytes.length);
    const at = this.#come % this.#ring.length;
    const first = bytes.copy(this.#ring, at);
    bytes.copy(this.#ring, 0, first);
    this.#come += bytes.length;
    this.#wake();
  }

  /** A promise while more waits than may; rejects when nobody will take it. */
  ready(): Promise<void> | undefined {
    return this.#isFull || this.#failure !== undefined
      ? this.#until(() => !this.#isFull && this.#failure === undefined)
      : undefined;
  }

  /** A promise while the bytes before `end` haven't all come. */
  landing(end: number): Promise<void> | undefined {
    return this.#come >= end ? undefined : this.#until(() => this.#come >= end);
  }

  /** Looks at bytes that wait: `length` of them from `from` on. */
  peek(target: Buffer, at: number, from: number, length: number): void {
    if (from < this.#taken || from + length > this.#come) throw new Error('bytes have passed by');
    const start = from % this.#ring.length;
    const first = this.#ring.copy(target, at, start, start + length);
    this.#ring.copy(target, at + first, 0, length - first);
  }

  /** The same, and everything before their end is gone then. */
  take(target: Buffer, at: number, from: number, length: number): void {
    this.peek(target, at, from, length);
    this.#taken = from + length;
    this.#wake();
  }

  /** Nobody takes any more: who waits is told why. */
  fail(why: unknown): void {
    this.#failure ??= { why };
    this.#wake();
  }

  get #isFull(): boolean {
    return this.#come - this.#taken > ROOM / 2;
  }

  async #until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      if (this.#failure !== undefined) throw this.#failure.why;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Chunks may be of any size: one that is larger than the ring makes a larger ring. */
  #makeRoom(length: number): void {
    const waiting = this.#come - this.#taken;
    if (waiting + length <= this.#ring.length) return;
    const ring = Buffer.allocUnsafeSlow(Math.max(ROOM, 2 * (waiting + length)));
    const kept = Buffer.allocUnsafe(waiting);
    this.peek(kept, 0, this.#taken, waiting);
    const at = this.#taken % ring.length;
    kept.copy(ring, 0, kept.copy(ring, at));
    this.#ring = ring;
  }
}
