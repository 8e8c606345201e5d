/** A sink that an engine reads from: its stream ends well, or is destroyed with the first error. */
import { PassThrough, type Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Sink } from './sink.js';

/** Bytes under way between the walk and the engine's socket. */
const BUFFERED = 256 * 1024;

export class StreamSink implements Sink {
  readonly #through = new PassThrough({ highWaterMark: BUFFERED });
  #full = false;

  get stream(): Readable {
    return this.#through;
  }

  write(bytes: Buffer): void {
    if (this.#through.destroyed) return;
    this.#full = !this.#through.write(Buffer.from(bytes));
  }

  ready(): Promise<void> | undefined {
    if (this.#through.destroyed) return Promise.reject(gone(this.#through.errored));
    if (!this.#full) return undefined;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#through.off('drain', settle);
        this.#through.off('close', settle);
        this.#full = false;
        if (this.#through.destroyed) reject(gone(this.#through.errored));
        else resolve();
      };
      this.#through.on('drain', settle);
      this.#through.on('close', settle);
    });
  }

  async end(): Promise<void> {
    this.#through.end();
    await finished(this.#through, { readable: false });
  }

  destroy(error: Error): void {
    this.#through.destroy(error);
  }
}

/** The engine closed the stream: it has the reason, if there is one. */
function gone(error: Error | null): Error {
  return error ?? new Error('the engine closed the context');
}
