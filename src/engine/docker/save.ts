/**
 * `-o`: the image as an archive, `GET /images/get` (Engine API, ImageGetAll). A file appears under its name
 * when it is whole; nothing is left of one that failed.
 */
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DockerceptionError } from '../../errors.js';
import { OutputFile } from '../../files/output-file.js';
import { outputFailure } from '../../files/write-error.js';
import type { Connection } from './connection.js';
import { archiveRequest } from './images.js';
import { vanished } from './engine-error.js';

/**
 * Writes an image's archive.
 *
 * @param names tags, which the archive then carries, or an ID.
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
  if (dest === '-') {
    const archive = await connection.stream(archiveRequest(names), signal);
    return toStream(connection, archive, stdout, signal);
  }
  const file = await OutputFile.create(dest);
  try {
    const archive = await connection.stream(archiveRequest(names), signal);
    await toFile(connection, archive, file, signal);
    signal.throwIfAborted();
    await file.publish();
  } finally {
    await file.close();
  }
}

async function toFile(
  connection: Connection,
  archive: Readable,
  file: OutputFile,
  signal: AbortSignal,
): Promise<void> {
  const abort = (): void => void archive.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort);
  try {
    if (signal.aborted) abort();
    let position = 0;
    for await (const chunk of archive as AsyncIterable<Buffer>) {
      await file.write(chunk, position);
      position += chunk.length;
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof DockerceptionError) throw error;
    throw vanished(connection.endpoint, `writing the image to ${file.name}`, error);
  } finally {
    signal.removeEventListener('abort', abort);
    archive.destroy();
  }
}

async function toStream(
  connection: Connection,
  archive: Readable,
  target: Writable,
  signal: AbortSignal,
): Promise<void> {
  let targetError: unknown;
  const onError = (error: unknown): void => void (targetError ??= error);
  target.on('error', onError);
  try {
    await pipeline(archive, target, { signal, end: false });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (targetError !== undefined) throw outputFailure('standard output', targetError);
    throw vanished(connection.endpoint, 'writing the image to standard output', error);
  } finally {
    target.off('error', onError);
  }
}
