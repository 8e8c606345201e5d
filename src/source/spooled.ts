/**
 * A file of unknown length for a tar, whose header has the length: standard input, a pipe. It goes to a temporary
 * file without a name, so that nothing is left of it however the process ends.
 */
import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { DockerceptionError, messageOf } from '../errors.js';
import { TemporaryFile } from '../files/temporary-file.js';
import { END_OF_ARCHIVE, headerOf, paddingAfter } from '../tar/writer.js';
import { toBinary } from '../text/binary.js';
import { PipeStream } from './pipe.js';
import type { Source } from './source.js';
import { isStandardInput } from './standard-input.js';
import { openInput } from './stdin.js';

/** Bytes of one read. */
const PIECE = 256 << 10;

const DESCRIPTOR = /^(?:\/dev|\/proc\/self)\/fd\/([0-9]{1,9})$/;

/** Opens a pipe by its path. Throws USAGE_TERMINAL for standard input that is a terminal. */
export function openPipe(path: string): Readable {
  if (isStandardInput(path)) return openInput();
  const descriptor = DESCRIPTOR.exec(path)?.[1];
  return descriptor === undefined ? createReadStream(path) : new PipeStream(Number(descriptor));
}

/**
 * Reads all of `input` and returns a tar with one file of that content, owned by 0:0, dated 1970.
 * @param name what messages call the input
 * @param target the path of the file in the tar
 * @throws the signal's reason; DockerceptionError of kind `context` when it can't be read, of kind `output`, code
 *   `OUTPUT_FULL` or `OUTPUT_FAILED`, when the temporary file can't be written
 */
export async function spooledSource(
  input: Readable,
  name: string,
  target: string,
  signal?: AbortSignal,
): Promise<Source> {
  const abort = (): void => void input.destroy(signal?.reason as Error);
  signal?.addEventListener('abort', abort);
  const spooled = new Spooled(name);
  try {
    signal?.throwIfAborted();
    for await (const chunk of input) await spooled.append(chunk as Buffer);
    return { name, stream: spooled.tar(target), complete: Promise.resolve() };
  } catch (error) {
    input.destroy();
    await spooled.close();
    if (signal?.aborted === true) throw signal.reason;
    if (error instanceof DockerceptionError) throw error;
    throw new DockerceptionError(
      'context',
      'SOURCE_FAILED',
      `adding ${name}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

class Spooled {
  readonly #name: string;
  readonly #file = TemporaryFile.nameless(tmpdir());

  constructor(name: string) {
    this.#name = name;
  }

  append(bytes: Buffer): Promise<void> {
    return this.#file.write(bytes, this.#file.size);
  }

  /** A tar with one file of that content; the temporary file is closed with the stream. */
  tar(target: string): Readable {
    const stream = Readable.from(this.#tar(target), { objectMode: false });
    return stream.once('close', () => void this.close());
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async *#tar(target: string): AsyncGenerator<Buffer> {
    const { size } = this.#file;
    const owner = { uid: 0, gid: 0 };
    yield headerOf({
      path: toBinary(target),
      typeflag: '0',
      mode: 0o644,
      ...owner,
      size,
      mtime: 0,
    });
    for (let at = 0; at < size;) {
      const buffer = Buffer.allocUnsafe(PIECE);
      const { bytesRead } = await this.#file.read(buffer, 0, PIECE, at);
      if (bytesRead === 0) throw new Error(`the temporary file of ${this.#name} is cut short`);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    yield Buffer.concat([paddingAfter(size), END_OF_ARCHIVE]);
  }
}
