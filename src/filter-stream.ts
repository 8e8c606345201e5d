/** The filter as a stream, for programs. */
import { Duplex, Readable } from 'node:stream';
import { filterInto } from './filter.js';
import type { FilterOptions } from './options/context.js';
import { isObject } from './options/values.js';
import type { Sink } from './sink/sink.js';
import { StreamSink } from './sink/stream.js';

/** Bytes that wait for the reader. */
const BUFFERED = 256 * 1024;

/** The context of {@link FilterOptions}, given. */
type Given = Required<Pick<FilterOptions, 'context'>>;

/**
 * Returns the corrected context as a stream. It ends only when all of the input was good; otherwise it is destroyed with
 * a `DockerceptionError`, or with the reason of the signal.
 */
export function filter(options: FilterOptions & Given): Readable;
/**
 * Returns a Duplex for `pipeline(input, filter(), output)`: what is written to it is the context. An error of the context
 * destroys both of its sides.
 */
export function filter(options?: Omit<FilterOptions, 'context'>): Duplex;
export function filter(options: FilterOptions): Readable;
export function filter(options: FilterOptions = {}): Readable {
  // A wrong value of the options is refused by whoever checks them.
  const isGiven = (options as FilterOptions | null)?.context !== undefined;
  if (!isGiven) return new FilterDuplex(options);
  const sink = new StreamSink();
  // The stream has the error.
  filterInto(sink, options).catch(() => undefined);
  return sink.stream;
}

/** Its writable side feeds a context, its readable side is the sink. */
class FilterDuplex extends Duplex {
  readonly #context: Readable;
  /** Asks the writer for more. */
  #accept: (() => void) | undefined;
  /** Tells the filter that the reader wants more, or never will. */
  #wake: (() => void) | undefined;
  #waiting: Promise<void> | undefined;
  #full = false;

  constructor(options: FilterOptions) {
    super({ readableHighWaterMark: BUFFERED });
    this.#context = new Readable({
      read: () => {
        const accept = this.#accept;
        this.#accept = undefined;
        accept?.();
      },
    });
    const given = isObject(options) ? { ...options, context: this.#context } : options;
    // The stream has the error.
    filterInto(this.#sink(), given).catch(() => undefined);
  }

  #sink(): Sink {
    return {
      write: (bytes) => {
        if (!this.destroyed) this.#full = !this.push(Buffer.from(bytes));
      },
      ready: () => this.#ready(),
      end: () => Promise.resolve(void this.push(null)),
      destroy: (error) => void this.destroy(error),
    };
  }

  #ready(): Promise<void> | undefined {
    if (this.destroyed) return Promise.reject(this.#reason());
    if (!this.#full) return undefined;
    return (this.#waiting ??= new Promise((resolve, reject) => {
      this.#wake = () => {
        this.#wake = undefined;
        this.#waiting = undefined;
        if (this.destroyed) reject(this.#reason());
        else resolve();
      };
    }));
  }

  #reason(): Error {
    return this.errored ?? new Error('the stream was closed');
  }

  override _read(): void {
    this.#full = false;
    this.#wake?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    if (this.#context.push(chunk)) callback();
    else this.#accept = callback;
  }

  override _final(callback: () => void): void {
    this.#context.push(null);
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#context.destroy();
    this.#wake?.();
    callback(error);
  }
}
