/** What a command uses of its process: passed in, so that nothing is read at import. */
import { DockerceptionError } from '../errors.js';
import { DescriptorSink } from '../sink/descriptor.js';

export interface Process {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted on SIGINT, SIGTERM and SIGHUP, with an error of kind interrupted or terminated. */
  readonly signal: AbortSignal;
}

/** Settles when the text is written to standard output. Rejects with an error of kind output if that fails. */
export async function print(text: string): Promise<void> {
  const sink = new DescriptorSink(1, 'standard output');
  sink.write(Buffer.from(text));
  await sink.end();
}

/** The refusal to write a tar to a terminal. */
export function toTerminal(hint: string): DockerceptionError {
  const message = 'writing standard output: it is a terminal';
  return new DockerceptionError('usage', 'USAGE_TERMINAL', message, { hint });
}

const SIGNALS = [
  { name: 'SIGINT', kind: 'interrupted', exitCode: 130 },
  { name: 'SIGTERM', kind: 'terminated', exitCode: 143 },
  { name: 'SIGHUP', kind: 'terminated', exitCode: 129 },
] as const;

/**
 * Aborts on the first signal. A second one ends the process at once; temporary files are removed in either case
 * (files/temporary-path.ts). Call `release` at the end: after it, a first signal ends the process with the command's own exit
 * code, since its work is done, and a second one with the exit code of the first.
 */
export function onSignals(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  let isReleased = false;
  for (const { name, kind, exitCode } of SIGNALS)
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exitCode);
      if (isReleased) process.exit();
      controller.abort(new DockerceptionError(kind, name, kind));
    });
  return {
    signal: controller.signal,
    release() {
      isReleased = true;
    },
  };
}
