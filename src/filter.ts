/** A context in, the corrected context out: into a sink, or as a stream. */
import { Duplex, PassThrough, type Readable } from 'node:stream';
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
  const sink = new StreamSink();
  // `filterInto` refuses options that are not an object.
  const isGiven = !isObject(options) || options.context !== undefined;
  const context = new PassThrough();
  const duplex = isGiven ? sink.stream : joined(context, sink.stream);
  // The stream has the error.
  filterInto(sink, isGiven ? options : { ...options, context }).catch(() => undefined);
  return duplex;
}

/** A Duplex that is written to `context` and read from `output`; unlike `Duplex.from`, it may be closed without an error. */
function joined(context: PassThrough, output: Readable): Duplex {
  const duplex = new Duplex({
    // An error of the context is the output's, too.
    write: (chunk: Buffer, encoding, done) => void context.write(chunk, encoding, () => done()),
    final: (done) => void context.end(() => done()),
    read: () => void output.resume(),
    destroy(error, done) {
      context.destroy();
      output.destroy(error ?? undefined);
      done(error);
    },
  });
  output
    .on('data', (chunk: Buffer) => duplex.push(chunk) || output.pause())
    .on('end', () => duplex.push(null))
    .on('error', (error) => duplex.destroy(error));
  return duplex;
}
