/** A context in, the corrected context out. */
import { CONTEXT_KEYS, planContext, refuseUnknownKeys, type ContextOptions } from './context.js';
import { pass, type Passed } from './pipeline.js';
import type { Report } from './progress/events.js';
import type { EntrySink } from './sink/entries.js';
import type { Sink } from './sink/sink.js';

/** What a filter needs beside the context. */
export interface FilterOptions extends ContextOptions {
  /** Takes the progress and notices. @default nobody */
  readonly report?: Report;
  /** Aborts: the sink is destroyed with its reason. @default never */
  readonly signal?: AbortSignal;
}

/** Passes the corrected context to `sink`, which it ends or, on failure, destroys. */
export async function filterInto(sink: Sink, options: FilterOptions): Promise<Passed> {
  refuseUnknownKeys(options, [...CONTEXT_KEYS, 'report', 'signal']);
  const { report = () => undefined, signal, ...context } = options;
  return passContext(sink, context, report, { exact: true, signal });
}

/** How a context is passed on. */
interface PassSettings {
  /** No byte is added that no edit asks for. */
  readonly exact: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Opens a context and passes it to `sink`, which it ends or, on failure, destroys. */
export async function passContext(
  sink: Sink | EntrySink,
  options: ContextOptions,
  report: Report,
  { exact, signal }: PassSettings,
): Promise<Passed> {
  let plan;
  try {
    plan = await planContext(options, report, exact, signal);
  } catch (error) {
    if (!('entries' in sink)) sink.destroy(error as Error);
    throw error;
  }
  return pass(plan, sink, report, signal);
}
