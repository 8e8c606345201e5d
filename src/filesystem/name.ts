/** Names of tar entries as paths in a file system. */
import type { ErrorCode } from '../error-codes.js';
import { DockerceptionError } from '../errors.js';
import { fromBinary } from '../text/binary.js';
import { cleanPath } from '../text/path.js';
import { printable } from '../text/printable.js';

/** Bytes of a component, and of a path, in Linux. */
const MAX_NAME = 255;
const MAX_PATH = 4095;
const TOO_LONG = 'the name is too long for any file system';

/** A name without `.`, empty components and outer slashes. Throws TAR_UNSAFE. */
export function cleanName(bytes: Buffer): string {
  let name = bytes.toString('latin1');
  if (name.startsWith('./')) name = name.slice(2);
  if (name.endsWith('/')) name = name.slice(0, -1);
  if (!/(?:^|\/)(?:\.{0,2})(?:\/|$)/.test(name)) return name;
  const clean = cleanPath(name.replace(/^\/+/, ''));
  if (clean === undefined) throw refusal(name, 'TAR_UNSAFE', "it leads out of the tar's root");
  return clean;
}

/** Throws TAR_NAME for a path that is too long. */
export function refuseTooLong(path: string): void {
  if (path.length <= MAX_NAME) return;
  if (path.length > MAX_PATH || path.split('/').some(({ length }) => length > MAX_NAME))
    throw refusal(path, 'TAR_NAME', TOO_LONG, 60);
}

/** The same for a path whose links were followed. Throws TAR_NAME. */
export function refuseTooDeep(path: readonly string[]): void {
  let length = path.length;
  for (const name of path) length += name.length;
  if (length > MAX_PATH) throw refusal(path.join('/'), 'TAR_NAME', TOO_LONG, 60);
}

function refusal(path: string, code: ErrorCode, why: string, limit?: number): DockerceptionError {
  const message = `reading entry ${printable(fromBinary(path), limit)}: ${why}`;
  return new DockerceptionError('context', code, message);
}
