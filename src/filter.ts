/** A context in, the corrected context out: into a sink, or as a stream. */
import { Duplex, Readable } from 'node:stream';
import { claimContext, destroyContext, runContext } from './context/run-context.js';
import { DockerceptionError } from './errors.js';
import { FILTER, type FilterOptions } from './options/context.js';
import { normalise } from './options/schema.js';
import { isObject } from './options/values.js';
import type { PipelineSummary } from './pipeline.js';
import { redacted } from './progress/reports.js';
import { FAILURE_BLOCK } from './sink/failure-block.js';
import type { Sink } from './sink/sink.js';
import { StreamSink } from './sink/stream.js';

/**
 * Writes the corrected context to `sink`, which it ends or, on failure, destroys.
 * @throws DockerceptionError of kind `usage` for a wrong option, of kind `context` for a bad stream; the signal's reason
 *   when it is aborted
 */
export async function filterInto(sink: Sink, options: FilterOptions): Promise<PipelineSummary> {
  checkSink(sink);
  const claimed = claimContext(options);
  let complete;
  try {
    complete = normalise(FILTER, claimed);
    complete.signal.throwIfAborted();
  } catch (error) {
    sink.destroy(error as Error, FAILURE_BLOCK);
    destroyContext(claimed, error);
    throw error;
  }
  const { report, signal, ...context } = complete;
  return runContext(sink, context, redacted(report), { exact: true, signal });
}

function checkSink(sink: unknown): void {
  const methods = ['write', 'ready', 'end', 'destroy'];
  if (isObject(sink) && methods.every((name) => typeof sink[name] === 'function')) return;
  const message = `reading the sink: it has no methods ${methods.join(', ')}`;
  throw new DockerceptionError('usage', 'USAGE_OPTION', message, {
    hint: 'new StreamSink() has a stream to read from',
  });
}

/**
 * Returns the corrected context as a stream. It ends only if all of the input was good; otherwise it is destroyed with
 * a `DockerceptionError`, or with the reason of the signal.
 */
export function filter(options: FilterOptions & Required<Pick<FilterOptions, 'context'>>): Readable;
/**
 * Returns a Duplex for `pipeline(input, filter(), output)`: what is written to it is the context. An error of the context
 * destroys both of its sides.
 */
export function filter(options?: Omit<FilterOptions, 'context'>): Duplex;
export function filter(options: FilterOptions): Readable;
export function filter(options: FilterOptions = {}): Readable {
  // `filterInto` refuses options that are not an object.
  const isGiven = (options as FilterOptions | null)?.context !== undefined;
  if (!isGiven) return new FilterDuplex(options);
  const sink = new StreamSink();
  // The stream has the error.
  filterInto(sink, options).catch(() => undefined);
  return sink.stream;
}

/** Bytes that wait for the reader. */
const BUFFERED = 256 * 1024;

/** A Duplex whose writable side feeds the context, and whose readable side is the sink. */
class FilterDuplex extends Duplex {
  readonly #context: Readable;
  /** Asks the writer for more data. */
  #accept: (() => void) | undefined;
  /** Continues the filter after the reader has asked for data, or closed the stream. */
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
