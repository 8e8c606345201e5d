/** A stream of a tar as a source, compressed or not. */
import type { Readable } from 'node:stream';
import { decompress } from './decompress.js';
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
    return { name, stream: await decompress(input, name), complete: Promise.resolve() };
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
