/** What is wrong with a tar, and where in it: the errors of the walk. */
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import { NAME, textField } from './block.js';
import type { Metadata } from './metadata.js';

/** TAR_TRUNCATED. */
export function truncated(source: string, where: string): DockerceptionError {
  const message = `reading ${source}: it is cut short ${where}`;
  return new DockerceptionError('context', 'TAR_TRUNCATED', message);
}

/** A block where a header belongs: TAR_NOT_A_TAR at the start of the stream, TAR_CHECKSUM elsewhere. */
export function notAHeader(source: string, offset: number): DockerceptionError {
  return offset === 0
    ? new DockerceptionError(
        'context',
        'TAR_NOT_A_TAR',
        'reading the tar: the stream does not start with a tar header',
      )
    : new DockerceptionError(
        'context',
        'TAR_CHECKSUM',
        `reading ${source}: bad checksum in the header at byte ${offset}`,
      );
}

/** TAR_LONE_ZERO. */
export function loneZero(source: string, offset: number): DockerceptionError {
  const message = `reading ${source}: a lone zero block, and more behind it at byte ${offset}`;
  return new DockerceptionError('context', 'TAR_LONE_ZERO', message);
}

/** An error in the header at `from` with the entry's name, and where in the stream the header is. */
export function inEntry(
  error: unknown,
  buffer: Buffer,
  from: number,
  offset: number,
  { pax, longName }: Metadata,
): unknown {
  if (!(error instanceof DockerceptionError) || !['context', 'usage'].includes(error.kind))
    return error;
  // It says itself where it was.
  if (error.message.startsWith('reading ')) return error;
  const field = pax?.get('GNU.sparse.name') ?? pax?.get('path') ?? longName;
  const name = printable(field ?? textField(buffer, from, NAME));
  return error.within(`reading entry ${name || 'without a name'} at byte ${offset}`);
}

const MAP_ERRORS = ['TAR_SPARSE', 'TAR_FIELD'];

/** Runs what reads a sparse map behind the header; an error of the map gets the entry's name. */
export function inSparseEntry(name: string, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof DockerceptionError && MAP_ERRORS.includes(error.code))) throw error;
    throw error.within(`reading entry ${name}`);
  }
}
