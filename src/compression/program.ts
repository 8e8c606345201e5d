/** Runs data through a codec of Node or a program: bzip2(1), xz(1), zstd(1) and others. */
import { spawn } from 'node:child_process';
import type { Transform, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { systemCode } from '../errors.js';
import { type Chunks, type CompressionFormat, corrupt, cutShort, unsupported } from './format.js';

/** Characters of standard error. */
const MAX_MESSAGE = 4096;

/** How a program has ended. */
interface ProgramEnd {
  /** Why it did not start. */
  readonly failure: Error | undefined;
  /** Whether it read all of its input. */
  readonly hasReadAll: boolean;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The first line of its standard error that isn't empty. */
  readonly complaint: string;
}

/** Runs `input` through a program. Throws an error of the input unchanged. */
export async function* throughProgram(
  program: string,
  args: readonly string[],
  input: Chunks,
): AsyncGenerator<Buffer, ProgramEnd> {
  const child = spawn(program, args, { stdio: 'pipe' });
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const closed = new Promise((resolve) => child.once('close', resolve));
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(0, MAX_MESSAGE);
  });
  const fed = feed(input, child.stdin);
  fed.catch(() => child.kill('SIGKILL'));
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    await closed;
    const hasReadAll = failure === undefined && (await fed);
    const lines = text.split('\n').map((line) => line.trim());
    const complaint = lines.find((line) => line !== '') ?? '';
    return { failure, hasReadAll, exitCode: child.exitCode, signal: child.signalCode, complaint };
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
}

/** Runs `input` through a codec. Throws an error of the input, or of the codec. */
export async function* throughCodec(codec: Transform, input: Chunks): AsyncGenerator<Buffer> {
  const isClosed = (): boolean => codec.destroyed && !codec.readableEnded;
  const fed = feed(input, codec, isClosed);
  fed.catch((error: Error) => codec.destroy(error));
  try {
    for await (const chunk of codec) yield chunk as Buffer;
  } finally {
    codec.destroy();
  }
  await fed;
}

/** Writes `input`, and ends `stream`. False if that accepts no more. A chunk is valid until the next one is requested. */
async function feed(
  input: Chunks,
  stream: Writable,
  isClosed = () => stream.destroyed,
): Promise<boolean> {
  stream.on('error', () => undefined);
  for await (const chunk of input) {
    await writeTo(stream, chunk);
    if (isClosed()) return false;
  }
  stream.end();
  return finished(stream, { readable: false }).then(
    () => true,
    () => false,
  );
}

/** Resolves when `chunk` is written, or the stream has ended or is closed. */
function writeTo(stream: Writable, chunk: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('end', done).off('close', done);
      resolve();
    };
    stream.once('end', done).once('close', done).write(chunk, done);
  });
}

/** Decompresses `input` with the program of the format. */
export async function* decompressWith(
  format: Exclude<CompressionFormat, 'gzip'>,
  input: Chunks,
): AsyncGenerator<Buffer> {
  const program = format === 'compress' ? 'gzip' : format;
  const end = yield* throughProgram(program, ['-d', '-c'], input);
  if (systemCode(end.failure) === 'ENOENT')
    throw unsupported(
      `needs the program "${program}", which is not there`,
      `install ${format === 'xz' ? 'xz-utils' : program}, or compress with gzip`,
    );
  if (end.failure !== undefined) throw end.failure;
  if (end.exitCode === 0 && end.complaint === '' && end.hasReadAll) return;
  if (/unexpected(ly)?|premature/i.test(end.complaint)) throw cutShort(new Error(end.complaint));
  throw corrupt(end.complaint || 'something else follows it');
}
