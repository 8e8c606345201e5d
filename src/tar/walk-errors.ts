/** The errors of the walk. */
import { DockerceptionError } from '../errors.js';

/** TAR_TRUNCATED. */
export function truncated(source: string, where: string): DockerceptionError {
  const message = `reading ${source}: it is cut short ${where}`;
  return new DockerceptionError('context', 'TAR_TRUNCATED', message);
}

/** A block where a header belongs: TAR_NOT_A_TAR at the start of the stream, TAR_CHECKSUM elsewhere. */
export function notAHeader(source: string, offset: number): DockerceptionError {
  if (offset > 0) {
    const message = `reading ${source}: bad checksum in the header at byte ${offset}`;
    return new DockerceptionError('context', 'TAR_CHECKSUM', message);
  }
  const message = 'reading the tar: the stream does not start with a tar header';
  return new DockerceptionError('context', 'TAR_NOT_A_TAR', message);
}

/** TAR_LONE_ZERO. */
export function loneZero(source: string, offset: number): DockerceptionError {
  const message = `reading ${source}: a lone zero block, and more after it at byte ${offset}`;
  return new DockerceptionError('context', 'TAR_LONE_ZERO', message);
}

const MAP_ERRORS = ['TAR_SPARSE', 'TAR_FIELD'];

/** Reads a sparse map after the header. An error of the map gets the entry's name. */
export function inSparseEntry(name: string, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof DockerceptionError && MAP_ERRORS.includes(error.code))) throw error;
    throw error.within(`reading entry ${name}`);
  }
}
