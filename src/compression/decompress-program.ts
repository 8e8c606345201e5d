/**
 * Decompression by a program: bzip2(1), xz(1), zstd(1) and others. Its exit code and its standard error show whether
 * the output is complete.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { systemCode } from '../errors.js';
import { type CompressionFormat, corrupt, cutShort, unsupported } from './decompress-error.js';

const MAX_MESSAGE = 4096;

/** Decompresses `input` with the program of the format. */
export async function* decompressWith(
  format: Exclude<CompressionFormat, 'gzip'>,
  input: AsyncIterable<Buffer>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const child = spawn(programOf(format), ['-d', '-c'], { stdio: 'pipe' });
  const started = new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve).once('error', reject);
  });
  const exit = once(child, 'close').catch(() => undefined);
  const message = collect(child.stderr);
  const fed = feed(input, child.stdin).finally(() => child.stdin.destroy());
  fed.catch(() => undefined);
  try {
    await started.catch((error: unknown) => {
      throw missing(error, format, name);
    });
    for await (const chunk of child.stdout) yield chunk as Buffer;
    await exit;
    // A failure of the input comes first: the program only saw its end.
    const all = await fed;
    const complaint = message();
    if (child.exitCode !== 0 || complaint || !all)
      throw /unexpected(ly)?|premature/i.test(complaint)
        ? cutShort(name, format, new Error(complaint))
        : corrupt(name, format, complaint || 'something else follows it');
  } finally {
    child.kill('SIGKILL');
    await exit;
  }
}

function programOf(format: Exclude<CompressionFormat, 'gzip'>): string {
  return format === 'compress' ? 'gzip' : format;
}

/** Resolves with whether the program read all of `input`. */
async function feed(input: AsyncIterable<Buffer>, stdin: Writable): Promise<boolean> {
  let closed = false;
  // The exit code reports what EPIPE would.
  const over = finished(stdin).then(
    () => true,
    () => false,
  );
  stdin.once('close', () => (closed = true));
  for await (const chunk of input) {
    if (closed) return false;
    if (!stdin.write(chunk)) await drained(stdin);
  }
  stdin.end();
  return over;
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) return resolve();
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}

function collect(stderr: Readable): () => string {
  let text = '';
  stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(0, MAX_MESSAGE);
  });
  return () =>
    text
      .split('\n')
      .map((line) => line.trim())
      .find((line) => line !== '') ?? '';
}

function missing(
  error: unknown,
  format: Exclude<CompressionFormat, 'gzip'>,
  name: string,
): unknown {
  if (systemCode(error) !== 'ENOENT') return error;
  return unsupported(
    name,
    format,
    `needs the program "${programOf(format)}", which is not there`,
    `install ${format === 'xz' ? 'xz-utils' : programOf(format)}, or compress with gzip`,
  );
}
