/** `dockerception filter`: the corrected context on standard output. */
import fs from 'node:fs';
import tty from 'node:tty';
import { DockerceptionError } from '../errors.js';
import { filterInto } from '../filter.js';
import type { ProgressEvent } from '../progress/events.js';
import { DescriptorSink } from '../sink/descriptor.js';
import { contextOptions } from './context.js';
import type { Arguments } from './parse.js';
import type { Process } from './process.js';

export async function runFilter(args: Arguments, process: Process): Promise<void> {
  if (tty.isatty(1)) {
    throw new DockerceptionError(
      'usage',
      'USAGE_TERMINAL',
      'writing standard output: it is a terminal',
      {
        hint: 'pipe it into a builder (… | docker build -t app -), or write it to a file with > context.tar',
      },
    );
  }
  const options = await contextOptions(args, process.env);
  const quiet = args.flag('quiet');
  const report = (event: ProgressEvent): void => {
    if (event.kind === 'notice' && !quiet)
      process.stderr.write(`dockerception: ${event.message}\n`);
  };
  const sink = new DescriptorSink(1, 'standard output');
  await filterInto(sink, { ...options, ...outputFile(), report, signal: process.signal });
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
