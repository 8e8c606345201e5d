/**
 * A file of unknown length for a tar, whose header has the length: standard input, a pipe. It is kept in memory while it is
 * small, else in one temporary file without a name, so that nothing is left of it however the process ends.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, type Writable } from 'node:stream';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import type { Source } from './source.js';
import { PipeStream } from './pipe.js';
import { isStandardInput } from './standard-input.js';
import { openInput } from './stdin.js';

/** Bytes that stay in memory. */
const MEMORY = 4 << 20;

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
    return { name, stream: await spooled.tar(target), complete: Promise.resolve() };
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
  #kept: Buffer[] = [];
  #size = 0;
  #file: FileHandle | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  async append(bytes: Buffer): Promise<void> {
    this.#size += bytes.length;
    if (this.#file === undefined && this.#size <= MEMORY) {
      this.#kept.push(Buffer.from(bytes));
      return;
    }
    try {
      this.#file ??= await this.#open();
      await this.#file.writeFile(bytes);
    } catch (error) {
      throw unwritten(this.#name, error);
    }
  }

  async tar(target: string): Promise<Readable> {
    const { pack: createPack } = await import('tar-stream');
    const { default: pump } = await import('pump');
    const pack = createPack();
    const header = { name: target, size: this.#size, mode: 0o644, mtime: new Date(0) };
    const stream = new PassThrough();
    stream.once('close', () => void this.close());
    pump(pack as unknown as Readable, stream);
    const entry = pack.entry(header) as unknown as Writable;
    pump(Readable.from(this.#content()), entry, (error) => {
      if (error) stream.destroy(error);
      else pack.finalize();
    });
    return stream;
  }

  async close(): Promise<void> {
    this.#kept = [];
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => undefined);
  }

  async *#content(): AsyncGenerator<Buffer> {
    yield* this.#kept;
    const file = this.#file;
    if (file === undefined) return;
    const kept = this.#kept.reduce((sum, { length }) => sum + length, 0);
    for (let at = 0; at < this.#size - kept;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(1 << 18), 0, 1 << 18, at);
      if (bytesRead === 0) throw new Error(`the temporary file of ${this.#name} is cut short`);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async #open(): Promise<FileHandle> {
    const path = join(tmpdir(), `dockerception-${randomBytes(8).toString('hex')}`);
    const file = await open(path, 'wx+', 0o600);
    await unlink(path);
    return file;
  }
}

function unwritten(name: string, cause: unknown): DockerceptionError {
  const isFull = ['ENOSPC', 'EDQUOT'].includes(systemCode(cause) ?? '');
  const why = isFull ? `no space is left in ${tmpdir()}` : messageOf(cause);
  const code = isFull ? 'OUTPUT_FULL' : 'OUTPUT_FAILED';
  return new DockerceptionError('output', code, `keeping the bytes of ${name}: ${why}`, {
    cause,
    hint: 'TMPDIR names another folder for temporary files',
  });
}
