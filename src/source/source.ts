/** Where a context comes from. */
import type { Readable } from 'node:stream';
import { decompressContext } from '../compression/decompress.js';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';

/** One tar stream, read once, by one owner, who destroys `stream` on failure. */
export interface Source {
  /** The name in error messages: `standard input`, `context.tar`, `./dir`. */
  readonly name: string;
  /** The decompressed bytes. Destroyed with an error if the producer fails. */
  readonly stream: Readable;
  /**
   * Settles when the producer is known to have succeeded or failed: a container has exited with 0. The end-of-archive
   * is held back until then.
   */
  readonly complete: Promise<void>;
  /** Whether it is a directory, to which its .dockerignore is applied. @default false */
  readonly isDirectory?: boolean;
}

/**
 * Returns a stream of a tar, compressed or not, as a source. Waits for the first bytes, which show the compression.
 * @param signal ends the wait
 * @throws the signal's reason; DockerceptionError of kind `context`
 */
export async function streamSource(
  input: Readable,
  name: string,
  signal?: AbortSignal,
): Promise<Source> {
  signal?.throwIfAborted();
  const abort = (): void => void input.destroy(signal?.reason as Error);
  signal?.addEventListener('abort', abort);
  try {
    return { name, stream: await decompressContext(input, name), complete: Promise.resolve() };
  } catch (error) {
    if (signal?.aborted === true || error instanceof DockerceptionError) throw error;
    throw sourceFailed(name, error);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** The error for a stream that has failed. */
export function sourceFailed(name: string, cause: unknown): DockerceptionError {
  const isDirectory = systemCode(cause) === 'EISDIR';
  const why = isDirectory ? 'it is a directory' : messageOf(cause);
  return new DockerceptionError('context', 'SOURCE_FAILED', `reading ${name}: ${why}`, {
    cause,
    ...(isDirectory && { hint: 'name it as CONTEXT, without the <' }),
  });
}
