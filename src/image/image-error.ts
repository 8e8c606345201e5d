/** What is wrong with an image in a file or a folder, said the same way by every reader. */
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';

/** The image is there, but isn't right. */
export function badImage(name: string, why: string, cause?: unknown): DockerceptionError {
  const message = `reading ${printable(name)}: ${why}`;
  return new DockerceptionError('build', 'IMAGE_INVALID', message, { cause });
}

/** Names what there is, for a hint. */
export function listed(names: readonly string[]): string {
  const [shown, more] = [names.slice(0, 10), names.length - 10];
  return `${shown.map((name) => printable(name)).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Runs a parser of documents: its errors take an image to be a registry’s. */
export function ofFile<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof DockerceptionError) || error.kind !== 'engine') throw error;
    throw error.with({ kind: 'build' });
  }
}
