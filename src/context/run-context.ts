/** Claims the stream of a context, and runs the pipeline over it. */
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { rewordError } from '../errors.js';
import { type CompleteContext, type ContextOptions, isSource } from '../options/context.js';
import { type PipelineSummary, runPipeline } from '../pipeline.js';
import type { Report } from '../progress/events.js';
import { FAILURE_BLOCK } from '../sink/failure-block.js';
import type { EntrySink, Sink } from '../sink/sink.js';
import { isBytes, readableOf } from '../source/bytes.js';
import { planContext, type PlanSettings, rewording } from './plan-context.js';

/**
 * Converts the bytes of the context, in whatever form, to one stream, synchronously: an error of a stream that isn't
 * read yet must find a listener. The options may be unchecked. The caller reads the context or calls
 * {@link destroyContext}.
 */
export function claimContext<T extends ContextOptions>(options: T): T {
  // Not every caller is written in TypeScript.
  const context: unknown = (options as T | null | undefined)?.context;
  if (isSource(context)) {
    context.stream.on('error', () => undefined);
    context.complete.catch(() => undefined);
    return options;
  }
  // An address of another scheme is refused later.
  if (context instanceof URL && context.protocol === 'file:' && context.host === '')
    return { ...options, context: fileURLToPath(context) };
  if (!isBytes(context)) return options;
  const stream = readableOf(context);
  stream.on('error', () => undefined);
  return { ...options, context: stream };
}

/** Destroys the stream of a context that {@link claimContext} has returned. */
export function destroyContext(options: ContextOptions, error: unknown): void {
  const context: unknown = (options as ContextOptions | null | undefined)?.context;
  const stream = isSource(context) ? context.stream : context;
  if (stream instanceof Readable) stream.on('error', () => undefined).destroy(error as Error);
}

/**
 * Opens a claimed context and sends it to `sink`, which it ends or, on failure, destroys; the context is destroyed then,
 * too.
 */
export async function runContext(
  sink: Sink | EntrySink,
  options: CompleteContext,
  report: Report,
  settings: PlanSettings,
): Promise<PipelineSummary> {
  const { signal } = settings;
  let plan;
  try {
    plan = await planContext(options, report, settings);
  } catch (error) {
    const first = (signal.aborted ? signal.reason : error) as Error;
    if (!('entries' in sink)) sink.destroy(first, FAILURE_BLOCK);
    destroyContext(options, first);
    throw first;
  }
  return runPipeline(plan, sink, report, signal).catch((error: unknown) => {
    throw rewordError(error, rewording(options));
  });
}
