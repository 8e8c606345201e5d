/** A sink that an engine reads from: its stream ends well, or is destroyed with the first error. */
import { PassThrough, type Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Sink } from './sink.js';

/** Bytes under way between the walk and the engine's socket. */
const BUFFERED = 256 * 1024;

export class StreamSink implements Sink {
  readonly #through = new PassThrough({ highWaterMark: BUFFERED });
  #full = false;
  #waiting: Promise<void> | undefined;

  get stream(): Readable {
    return this.#through;
  }

  /** Copies the bytes: the stream's reader keeps them for as long as it likes. */
  write(bytes: Buffer): void {
    if (this.#through.destroyed) return;
    this.#full = !this.#through.write(Buffer.from(bytes));
  }

  ready(): Promise<void> | undefined {
    if (this.#through.destroyed) return Promise.reject(gone(this.#through.errored));
    if (!this.#full) return undefined;
    return (this.#waiting ??= this.#drained());
  }

  async end(): Promise<void> {
    this.#through.end();
    await finished(this.#through, { readable: false });
  }

  destroy(error: Error): void {
    this.#through.destroy(error);
  }

  #drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#through.off('drain', settle).off('close', settle);
        this.#full = false;
        this.#waiting = undefined;
        if (this.#through.destroyed) reject(gone(this.#through.errored));
        else resolve();
      };
      this.#through.on('drain', settle).on('close', settle);
    });
  }
}

/** The engine closed the stream: it has the reason, if there is one. */
function gone(error: Error | null): Error {
  return error ?? new Error('the engine closed the context');
}
