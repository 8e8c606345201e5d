/** A stream of a tar as a source, compressed or not. */
import type { Readable } from 'node:stream';
import { decompressContext } from '../compression/decompress.js';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import type { Source } from './source.js';

/**
 * Waits for the first bytes, which tell the compression; `signal` ends the wait. Rejects with its
 * reason, or with the stream's own error.
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

/** A stream's own error, with its name. */
export function sourceFailed(name: string, cause: unknown): DockerceptionError {
  const directory = systemCode(cause) === 'EISDIR';
  const why = directory ? 'it is a directory' : messageOf(cause);
  return new DockerceptionError('context', 'SOURCE_FAILED', `reading ${name}: ${why}`, {
    cause,
    ...(directory && { hint: 'name it as CONTEXT, without the <' }),
  });
}
