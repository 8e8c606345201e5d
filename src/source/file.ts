/** A tar file, compressed or not, as a source. */
import { open } from 'node:fs/promises';
import { decompressContext } from '../compression/decompress.js';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import type { Source } from './source.js';

const READ_SIZE = 512 * 1024;

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
};

/**
 * Opens a tar file. It is read when the stream is.
 * @throws DockerceptionError `USAGE_FILE` of kind `usage` when it can't be opened; the stream fails
 *   with `CONTEXT_UNREADABLE` of kind `context` when it can't be read
 */
export async function fileSource(path: string): Promise<Source> {
  const handle = await open(path).catch((error: unknown) => {
    throw unopened(path, error);
  });
  if ((await handle.stat()).isDirectory()) {
    await handle.close();
    throw unopened(path, Object.assign(new Error(), { code: 'EISDIR' }));
  }
  const file = handle.createReadStream({ highWaterMark: READ_SIZE });
  const stream = await decompressContext(file, path).catch((cause: unknown) => {
    file.destroy();
    if (cause instanceof DockerceptionError) throw cause;
    const message = `reading ${path}: ${messageOf(cause)}`;
    throw new DockerceptionError('context', 'CONTEXT_UNREADABLE', message, { cause });
  });
  return { name: path, stream, complete: Promise.resolve() };
}

function unopened(path: string, cause: unknown): DockerceptionError {
  const why = WHY[systemCode(cause) ?? ''] ?? messageOf(cause);
  return new DockerceptionError('usage', 'USAGE_FILE', `opening ${path}: ${why}`, {
    cause,
    hint: 'the context is a directory, a tar file, or - for standard input',
  });
}
