/** `-o`: the image as an archive (Engine API, ImageGetAll). */
import type { Writable } from 'node:stream';
import { DockerceptionError } from '../../errors.js';
import { saveOutput } from '../../files/output-file.js';
import type { Connection } from './connection.js';
import { vanished } from './failures.js';
import { archiveRequest } from './images.js';

/**
 * `-o`: writes one archive of all these names, which it then carries, or of an ID. Nothing is left of one that failed.
 *
 * @param dest a path, or `-` for `stdout`, which is not closed.
 * @throws DockerceptionError of kind output: OUTPUT_FULL, OUTPUT_CLOSED, OUTPUT_FAILED; or of kind engine;
 *   the signal's reason.
 */
export async function saveImage(
  connection: Connection,
  names: readonly string[],
  dest: string,
  stdout: Writable,
  signal: AbortSignal,
): Promise<void> {
  const doing = `writing the image to ${dest === '-' ? 'standard output' : dest}`;
  await saveOutput(archiveChunks(connection, names, doing, signal), dest, stdout, signal);
}

async function* archiveChunks(
  connection: Connection,
  names: readonly string[],
  doing: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const archive = await connection.stream(archiveRequest(names), signal);
  const abort = (): void => void archive.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort);
  try {
    signal.throwIfAborted();
    yield* archive as AsyncIterable<Buffer>;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error instanceof DockerceptionError ? error : vanished(connection.endpoint, doing, error);
  } finally {
    signal.removeEventListener('abort', abort);
    archive.destroy();
  }
}
