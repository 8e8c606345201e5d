/** A file's bytes on their way to a sink. Holes become zeros there, no more at once than it takes. */
import type { Sink } from '../sink/sink.js';

const ZEROS = Buffer.alloc(64 << 10);

export class IntoSink {
  readonly #sink: Sink;
  readonly #signal: AbortSignal | undefined;
  /** Lengths of holes, and copies of what came behind one. */
  readonly #owed: (Buffer | number)[] = [];
  #paying: Promise<void> | undefined;

  /** @param signal ends a hole that is longer than anybody waits for */
  constructor(sink: Sink, signal?: AbortSignal) {
    this.#sink = sink;
    this.#signal = signal;
  }

  append(bytes: Buffer): void {
    if (this.#isPaid) this.#sink.write(bytes);
    else this.#owed.push(Buffer.from(bytes));
  }

  hole(length: number): void {
    this.#owed.push(length);
  }

  ready(): Promise<void> | undefined {
    if (this.#isPaid) return this.#sink.ready();
    return (this.#paying ??= this.#pay());
  }

  get #isPaid(): boolean {
    return this.#owed.length === 0 && this.#paying === undefined;
  }

  async #pay(): Promise<void> {
    // What was written before the first hole leaves first, and may be overwritten afterwards.
    await this.#sink.ready();
    for (let piece = this.#owed.shift(); piece !== undefined; piece = this.#owed.shift()) {
      if (typeof piece === 'number') await this.#zeros(piece);
      else {
        this.#sink.write(piece);
        await this.#sink.ready();
      }
    }
    this.#paying = undefined;
  }

  async #zeros(length: number): Promise<void> {
    for (let left = length; left > 0; left -= ZEROS.length) {
      // What never waits hears no signal.
      await new Promise((resolve) => setImmediate(resolve));
      this.#signal?.throwIfAborted();
      this.#sink.write(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
      await this.#sink.ready();
    }
  }
}
