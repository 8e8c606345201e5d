/** The filter as a stream, for programs. */
import type { Readable } from 'node:stream';
import { filterInto, type FilterOptions } from './filter.js';
import { StreamSink } from './sink/stream.js';

/**
 * The corrected context as a stream: it ends only when all of the input was good, and is
 * destroyed with a `DockerceptionError` otherwise.
 */
export function filter(options: FilterOptions): Readable {
  const sink = new StreamSink();
  // The stream carries the error to whoever reads it.
  filterInto(sink, options).catch(() => undefined);
  return sink.stream;
}
