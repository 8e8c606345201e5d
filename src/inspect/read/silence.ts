/** An engine that sends nothing: what is waited for is reported, and after a while it is given up. */
import { Readable } from 'node:stream';
import { DockerceptionError } from '../../errors.js';
import { announced, type Report } from '../../progress/events.js';
import { printable } from '../../text/printable.js';

/** Milliseconds for an image of no size. */
const BASE_TIMEOUT = 30_000;
/** Docker 20.10 writes all of an image to its disk before it sends the first byte: so many bytes in a millisecond. */
const SLOWEST_DISK = 5_000;

export class Silence {
  /** Aborted with the build, or with ENGINE_STALLED, of kind engine. */
  readonly signal: AbortSignal;
  readonly #stalled = new AbortController();
  readonly #timeout: number;
  readonly #name: string;
  readonly #report: Report;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param size bytes of the image
   * @param name of the image, for messages
   * @param signal the build's
   */
  constructor(size: number, name: string, report: Report, signal: AbortSignal) {
    this.#timeout = BASE_TIMEOUT + size / SLOWEST_DISK;
    this.#name = printable(name);
    this.#report = report;
    this.signal = AbortSignal.any([signal, this.#stalled.signal]);
  }

  /** Waits for the engine. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#timer = setTimeout(() => this.#stalled.abort(this.#error()), this.#timeout);
    const message = `checking ${this.#name}: waiting for the engine to send the image`;
    try {
      return await announced(work, this.#report, message);
    } finally {
      clearTimeout(this.#timer);
    }
  }

  /** The same stream, destroyed when the engine stalls. A slow reader is no silence. */
  watch(stream: Readable): Readable {
    // It may fail before anything is read; the reader learns of it.
    stream.on('error', () => undefined);
    const stop = (): void => void stream.destroy(this.signal.reason as Error);
    this.signal.addEventListener('abort', stop, { once: true });
    return Readable.from(this.#chunks(stream), { objectMode: false }).on('close', () =>
      stream.destroy(),
    );
  }

  /** Nothing is waited for any more. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  async *#chunks(stream: Readable): AsyncGenerator<Buffer> {
    const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
    for (;;) {
      const next = await this.during(iterator.next());
      if (next.done === true) return;
      yield next.value;
    }
  }

  #error(): DockerceptionError {
    const seconds = Math.round(this.#timeout / 1000);
    return new DockerceptionError(
      'engine',
      'ENGINE_STALLED',
      `checking ${this.#name}: the engine sent nothing for ${seconds} s`,
      { hint: 'see the engine’s own log, then try again' },
    );
  }
}
