/** Names of tar entries as paths in a file system. */
import { DockerceptionError } from '../errors.js';
import { fromBinary } from '../text/binary.js';
import { cleanPath } from '../text/path.js';
import { printable } from '../text/printable.js';

/** Bytes of a component in Linux. */
const MAX_NAME = 255;
/** Bytes of a path in Linux. */
const MAX_PATH = 4095;

/** A name without `.`, empty components and outer slashes. Throws TAR_UNSAFE. */
export function cleanName(bytes: Buffer): string {
  let name = bytes.toString('latin1');
  if (name.startsWith('./')) name = name.slice(2);
  if (name.endsWith('/')) name = name.slice(0, -1);
  if (!/(?:^|\/)(?:\.{0,2})(?:\/|$)/.test(name)) return name;
  const clean = cleanPath(name.replace(/^\/+/, ''));
  if (clean === undefined) throw outside(name);
  return clean;
}

/** Throws TAR_NAME for a path that is too long. */
export function refuseTooLong(path: string): void {
  if (path.length > MAX_NAME && isTooLong(path)) throw tooLong(path);
}

/** The same for a path whose links were followed. Throws TAR_NAME. */
export function refuseTooDeep(path: readonly string[]): void {
  let length = path.length;
  for (const name of path) length += name.length;
  if (length > MAX_PATH) throw tooLong(path.join('/'));
}

function isTooLong(path: string): boolean {
  return path.length > MAX_PATH || path.split('/').some(({ length }) => length > MAX_NAME);
}

function tooLong(path: string): DockerceptionError {
  const message = `reading entry ${printable(fromBinary(path), 60)}: the name is too long for any file system`;
  return new DockerceptionError('context', 'TAR_NAME', message);
}

function outside(name: string): DockerceptionError {
  const message = `reading entry ${printable(fromBinary(name))}: it leads out of the tar's root`;
  return new DockerceptionError('context', 'TAR_UNSAFE', message);
}
