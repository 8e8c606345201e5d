/** A file's bytes on their way to a sink. Holes become zeros there, no more at once than it takes. */
import type { Sink } from '../sink/sink.js';

const ZEROS = Buffer.alloc(64 << 10);

export class IntoSink {
  readonly #sink: Sink;
  readonly #signal: AbortSignal | undefined;
  /** Lengths of holes, and copies of what came behind one. */
  readonly #owed: (Buffer | number)[] = [];

  /** @param signal ends a hole that is longer than anybody waits for */
  constructor(sink: Sink, signal?: AbortSignal) {
    this.#sink = sink;
    this.#signal = signal;
  }

  append(bytes: Buffer): void {
    if (this.#owed.length === 0) this.#sink.write(bytes);
    else this.#owed.push(Buffer.from(bytes));
  }

  hole(length: number): void {
    this.#owed.push(length);
  }

  ready(): Promise<void> | undefined {
    return this.#owed.length === 0 ? this.#sink.ready() : this.#pay();
  }

  async #pay(): Promise<void> {
    for (const piece of this.#owed.splice(0))
      if (typeof piece === 'number') await this.#zeros(piece);
      else {
        this.#sink.write(piece);
        await this.#sink.ready();
      }
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
