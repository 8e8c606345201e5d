/** A path of the host as a source: a directory, or a tar file, compressed or not. */
import fs from 'node:fs';
import { stat } from 'node:fs/promises';
import { decompressContext } from '../compression/decompress.js';
import { DockerceptionError, messageOf, readReason, systemCode } from '../errors.js';
import { openDescriptor } from './descriptor.js';
import type { DirectoryOptions } from './directory.js';
import type { Source } from './source.js';

/** Opens a path; the options are for a directory. Throws USAGE_CONTEXT if it doesn't exist. */
export async function openPath(path: string, options: DirectoryOptions): Promise<Source> {
  const found = await stat(path).catch((cause: unknown) => {
    throw missingPath(path, cause);
  });
  if (!found.isDirectory()) return fileSource(path);
  const { directorySource } = await import('./directory.js');
  return directorySource(path, options);
}

/**
 * Opens a tar file. It is read when the stream is.
 * @throws DockerceptionError `USAGE_FILE` of kind `usage` if it can't be opened; the stream fails with
 *   `CONTEXT_UNREADABLE` of kind `context` if it can't be read
 */
export async function fileSource(path: string): Promise<Source> {
  const descriptor = await opened(path).catch((error: unknown) => {
    throw unopened(path, error);
  });
  if (fs.fstatSync(descriptor).isDirectory()) {
    fs.closeSync(descriptor);
    throw unopened(path, Object.assign(new Error(), { code: 'EISDIR' }));
  }
  const file = openDescriptor(descriptor, true);
  const stream = await decompressContext(file, path).catch((cause: unknown) => {
    file.destroy();
    if (cause instanceof DockerceptionError) throw cause;
    const message = `reading ${path}: ${messageOf(cause)}`;
    throw new DockerceptionError('context', 'CONTEXT_UNREADABLE', message, { cause });
  });
  return { name: path, stream, complete: Promise.resolve() };
}

/** Waits for the writer of a named pipe. */
function opened(path: string): Promise<number> {
  return new Promise((resolve, reject) =>
    fs.open(path, (error, descriptor) => (error ? reject(error) : resolve(descriptor))),
  );
}

function unopened(path: string, cause: unknown): DockerceptionError {
  return new DockerceptionError('usage', 'USAGE_FILE', `opening ${path}: ${readReason(cause)}`, {
    cause,
    hint: 'the context is a directory, a tar file, or - for standard input',
  });
}

function missingPath(path: string, cause: unknown): DockerceptionError {
  const isMissing = systemCode(cause) === 'ENOENT';
  const remote = isMissing ? remoteHint(path) : undefined;
  const why = isMissing ? 'there is no such file or directory' : messageOf(cause);
  const message =
    remote === undefined
      ? `reading the context ${path}: ${why}`
      : `reading the context ${withoutPassword(path)}: addresses are not fetched`;
  return new DockerceptionError('usage', 'USAGE_CONTEXT', message, {
    cause,
    hint: remote ?? 'CONTEXT is a directory, a tar file, or - for standard input',
  });
}

/** The hint for an address that `docker build` would fetch; undefined for a path. */
function remoteHint(path: string): string | undefined {
  const shown = withoutPassword(path);
  const url = shown.replace(/#.*$/, '');
  if (/^(git|ssh):\/\/|^git@|^github\.com\/|^https?:\/\/[^?#]*\.git(#|$)/.test(path))
    return `git clone ${url} DIR, then dockerception DIR`;
  return /^(https?|ftp):\/\//.test(path) ? `curl -fsSL ${shown} | dockerception …` : undefined;
}

function withoutPassword(address: string): string {
  return address.replace(/^([a-z]+:\/\/)[^/@]*@/, '$1');
}
