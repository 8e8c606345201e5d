/** A context in, the corrected context out. */
import { claimContext, destroyContext, planContext, rewording } from './context.js';
import { DockerceptionError, rewordError } from './errors.js';
import { type CompleteContext, FILTER, type FilterOptions } from './options/context.js';
import { normalise } from './options/schema.js';
import { isObject } from './options/values.js';
import { type FileReceiver, pass, type Passed } from './pipeline.js';
import type { Report } from './progress/events.js';
import { redacted } from './progress/reports.js';
import type { EntrySink } from './sink/entries.js';
import { FAILURE_BLOCK } from './sink/failure-block.js';
import type { Sink } from './sink/sink.js';

/**
 * Passes the corrected context to `sink`, which it ends or, on failure, destroys.
 * @throws DockerceptionError of kind `usage` for a wrong option, of kind `context` for a bad stream; the signal's reason
 *   when it is aborted
 */
export async function filterInto(sink: Sink, options: FilterOptions): Promise<Passed> {
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
  return passContext(sink, context, redacted(report), { exact: true, signal });
}

function checkSink(sink: unknown): void {
  const methods = ['write', 'ready', 'end', 'destroy'];
  if (isObject(sink) && methods.every((name) => typeof sink[name] === 'function')) return;
  const message = `reading the sink: it has no methods ${methods.join(', ')}`;
  throw new DockerceptionError('usage', 'USAGE_OPTION', message, {
    hint: 'new StreamSink() has a stream to read from',
  });
}

/** How a context is passed on. */
interface PassSettings {
  /** No byte is added that no edit asks for. */
  readonly exact: boolean;
  readonly signal: AbortSignal;
  /** Receives the Dockerfile as it leaves. @default none */
  readonly receiver?: FileReceiver;
}

/**
 * Opens a context that was claimed and passes it to `sink`, which it ends or, on failure, destroys; the context is
 * destroyed then, too.
 */
export async function passContext(
  sink: Sink | EntrySink,
  options: CompleteContext,
  report: Report,
  { exact, signal, receiver }: PassSettings,
): Promise<Passed> {
  let plan;
  try {
    plan = await planContext(options, report, exact, signal);
  } catch (error) {
    const first = (signal.aborted ? signal.reason : error) as Error;
    if (!('entries' in sink)) sink.destroy(first, FAILURE_BLOCK);
    destroyContext(options, first);
    throw first;
  }
  const reword = await rewording(options);
  return pass({ ...plan, receiver }, sink, report, signal).catch((error: unknown) => {
    throw reword === undefined ? error : rewordError(error, reword);
  });
}
