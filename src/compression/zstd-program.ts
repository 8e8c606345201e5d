/** zstd(1): its exit code and its standard error decide whether what came out is whole. */
import { spawn } from 'node:child_process';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import { printable } from '../text/printable.js';
import type { StreamCompressor } from './stream-compressor.js';

/** Characters of its standard error that are kept. */
const MAX_MESSAGE = 4096;

/** Starts the program with as many threads as there are cores: the output doesn't depend on them. */
export function zstdProgram(level: number, program = 'zstd'): StreamCompressor {
  const child = spawn(program, ['-q', '-c', '-T0', `-${level}`], { stdio: 'pipe' });
  let failure: unknown;
  child.on('error', (error) => (failure = error));
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(0, MAX_MESSAGE);
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  return {
    input: child.stdin,
    output: child.stdout,
    ended: closed.then(() => {
      if (failure !== undefined) throw notStarted(failure);
      if (child.exitCode !== 0) throw failed(complaint.trim(), child.signalCode);
    }),
    async close() {
      child.kill('SIGKILL');
      // Nobody reads it any more, and with data in it the program isn't closed.
      child.stdout.destroy();
      await closed;
    },
  };
}

function notStarted(cause: unknown): DockerceptionError {
  if (systemCode(cause) !== 'ENOENT') return failed(messageOf(cause), null, cause);
  return new DockerceptionError(
    'usage',
    'ZSTD_MISSING',
    'compressing a layer: zstd is neither in this Node nor a program on PATH',
    { hint: 'install zstd, use Node 22.15 or later, or --compression gzip', cause },
  );
}

function failed(why: string, signal: string | null, cause?: unknown): DockerceptionError {
  const line = printable(why.split('\n')[0] ?? '') || `it was ended by ${signal ?? 'an exit code'}`;
  return new DockerceptionError('output', 'ZSTD_FAILED', `compressing a layer: zstd: ${line}`, {
    ...(cause !== undefined && { cause }),
  });
}
