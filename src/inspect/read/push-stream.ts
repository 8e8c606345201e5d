/** A stream that is fed by a walk, which can't wait in the middle of a chunk: it waits behind it. */
import { Readable } from 'node:stream';

/** Bytes that may lie in it before its feeder has to wait. */
const ROOM = 1 << 20;

export class FedStream extends Readable {
  #wake: (() => void) | undefined;
  #waiting: Promise<void> | undefined;
  #full = false;

  constructor() {
    super({ highWaterMark: ROOM });
  }

  /** Takes a copy of the bytes; what nobody reads any more is dropped. */
  feed(bytes: Buffer): void {
    if (!this.destroyed) this.#full = !this.push(Buffer.from(bytes));
  }

  end(): void {
    if (!this.destroyed) this.push(null);
  }

  /** A promise while it is full. */
  ready(): Promise<void> | undefined {
    if (!this.#full || this.destroyed) return undefined;
    return (this.#waiting ??= new Promise((resolve) => (this.#wake = resolve)));
  }

  override _read(): void {
    this.#full = false;
    this.#release();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#release();
    callback(error);
  }

  #release(): void {
    this.#waiting = undefined;
    this.#wake?.();
  }
}
