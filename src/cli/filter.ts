/** `dockerception filter`: the corrected context on standard output. */
import fs from 'node:fs';
import tty from 'node:tty';
import { filterInto } from '../filter.js';
import type { BuilderOptions } from '../options/builder.js';
import type { FilterOptions } from '../options/context.js';
import type { DisplayMode } from '../progress/create-display.js';
import { messageLine } from '../progress/display.js';
import type { ProgressEvent } from '../progress/events.js';
import { DescriptorSink } from '../sink/descriptor.js';
import { FAILURE_BLOCK } from '../sink/failure-block.js';
import type { Sink } from '../sink/sink.js';
import { builderOptions } from './arguments/builder-options.js';
import { contextOptions } from './arguments/context-options.js';
import type { Arguments } from './arguments/parse.js';
import { type Process, toTerminal } from './process.js';

export async function runFilter(args: Arguments, process: Process): Promise<void> {
  if (tty.isatty(1))
    throw toTerminal(
      'pipe it into a builder (… | docker build -t app -), or write it to a file with > context.tar',
    );
  const options = await contextOptions(args, process.env);
  const builder = builderOptions(args, process.env);
  const quiet = args.has('quiet');
  const report = (event: ProgressEvent): void => {
    if (event.kind === 'notice' && (!quiet || event.warning === true))
      process.stderr.write(`dockerception: ${messageLine(event)}\n`);
  };
  const { signal } = process;
  const sink = new DescriptorSink(1, 'standard output');
  const given = { ...options, ...outputFile(), report, signal };
  if (builder === undefined) await filterInto(sink, given);
  else await filterFrom(builder, sink, given, quiet ? 'quiet' : 'plain', process);
}

/** The builder's steps and its standard error are shown; the context itself goes by in silence, as without one. */
async function filterFrom(
  builder: BuilderOptions,
  sink: Sink,
  options: FilterOptions,
  mode: DisplayMode,
  { stderr, env, signal }: Process,
): Promise<void> {
  const { createDisplay } = await import('../progress/create-display.js');
  const { withBuilder } = await import('../builder/builder.js');
  const display = createDisplay(mode, stderr, env);
  const report = display.report;
  try {
    await withBuilder({ ...builder, report, signal }, async ({ context, died }) => {
      const quiet = (event: ProgressEvent): void => {
        if (event.kind !== 'context') report(event);
      };
      await filterInto(sink, {
        ...options,
        ...(context && { context }),
        report: quiet,
        signal: AbortSignal.any([signal, died]),
      });
    });
    display.close();
  } catch (error) {
    sink.destroy(error as Error, FAILURE_BLOCK);
    display.close(error);
    throw error;
  }
}

/** `filter . > context.tar` must not pack what it writes, as in tar. */
function outputFile(): { leaveOut?: readonly string[] } {
  try {
    return fs.fstatSync(1).isFile() ? { leaveOut: [fs.realpathSync('/proc/self/fd/1')] } : {};
  } catch {
    // No /proc: the file's name isn't known, and its growing size is an error then.
    return {};
  }
}
