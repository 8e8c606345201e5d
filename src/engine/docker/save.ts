/**
 * `-o`: the image as an archive, `GET /images/get` (Engine API, ImageGetAll). A file is written under
 * another name beside it and renamed when it is whole; nothing is left of one that failed.
 */
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DockerceptionError, messageOf } from '../../errors.js';
import type { Connection } from './connection.js';
import { archiveRequest } from './image-archive.js';
import { vanished } from './unreachable.js';

/**
 * Writes an image's archive.
 *
 * @param names tags, which the archive then carries, or an ID.
 * @param dest a path, or `-` for `stdout`, which is not closed.
 * @throws DockerceptionError of kind output, code OUTPUT_WRITE, or of kind engine; the signal's reason.
 */
export async function saveImage(
  connection: Connection,
  names: readonly string[],
  dest: string,
  stdout: Writable,
  signal: AbortSignal,
): Promise<void> {
  const archive = await connection.stream(archiveRequest(names), signal);
  if (dest === '-') await copy(connection, archive, stdout, 'standard output', signal);
  else if (await isSpecial(dest))
    await copy(connection, archive, createWriteStream(dest), dest, signal);
  else {
    const name = `.${basename(dest)}.${randomBytes(6).toString('hex')}`;
    const temporary = join(dirname(dest), name);
    try {
      const file = createWriteStream(temporary, { flags: 'wx' });
      await copy(connection, archive, file, dest, signal);
      await rename(temporary, dest).catch((error: unknown) => {
        throw outputError(dest, error);
      });
    } finally {
      // After a rename there is nothing under this name.
      await rm(temporary, { force: true });
    }
  }
}

async function copy(
  connection: Connection,
  archive: Readable,
  target: Writable,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  let targetError: unknown;
  const onError = (error: unknown): void => void (targetError ??= error);
  target.on('error', onError);
  try {
    await pipeline(archive, target, { signal, end: name !== 'standard output' });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (targetError !== undefined) throw outputError(name, targetError);
    throw vanished(connection.endpoint, `writing the image to ${name}`, error);
  } finally {
    target.off('error', onError);
  }
}

/** Whether something stands there that a rename must not replace: a pipe, a device, a folder. */
async function isSpecial(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => !entry.isFile(),
    () => false,
  );
}

function outputError(name: string, cause: unknown): DockerceptionError {
  const message = `writing the image to ${name}: ${messageOf(cause)}`;
  return new DockerceptionError('output', 'OUTPUT_WRITE', message, { cause });
}
