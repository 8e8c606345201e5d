/** Streams whose producer can't pause within a chunk, and waits for `ready` after it. */
import { PassThrough, type Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Sink } from './sink.js';

/** Bytes under way between the walk and the engine's socket. */
const BUFFERED = 256 * 1024;

/** A stream that copies the bytes it is fed: its reader keeps them for as long as it likes. */
export class PushStream extends PassThrough {
  /** @param highWaterMark bytes that are buffered before `ready` returns a promise */
  constructor(highWaterMark: number) {
    super({ highWaterMark });
    // Releases a waiting producer.
    this.once('close', () => this.emit('drain'));
  }

  /** Does nothing after the stream is destroyed. */
  feed(bytes: Buffer): void {
    if (!this.destroyed) this.write(Buffer.from(bytes));
  }

  /** A promise while it is full. */
  ready(): Promise<void> | undefined {
    if (!this.writableNeedDrain || this.destroyed) return undefined;
    return new Promise((resolve) => void this.once('drain', resolve));
  }
}

/** A sink that an engine reads from: its stream ends well, or is destroyed with the first error. */
export class StreamSink implements Sink {
  readonly #through = new PushStream(BUFFERED);
  #waiting: Promise<void> | undefined;

  get stream(): Readable {
    return this.#through;
  }

  write(bytes: Buffer): void {
    this.#through.feed(bytes);
  }

  ready(): Promise<void> | undefined {
    const { destroyed, writableNeedDrain } = this.#through;
    return destroyed || writableNeedDrain ? (this.#waiting ??= this.#drained()) : undefined;
  }

  async end(): Promise<void> {
    this.#through.end();
    await finished(this.#through, { readable: false });
  }

  destroy(error: Error): void {
    this.#through.destroy(error);
  }

  async #drained(): Promise<void> {
    await this.#through.ready();
    this.#waiting = undefined;
    const { destroyed, errored } = this.#through;
    // Destroyed without an error, it was closed by the engine, which has the reason, if any.
    if (destroyed) throw errored ?? new Error('the engine closed the context');
  }
}
