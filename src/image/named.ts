/**
 * Which of several images is meant: by a name, of which writers keep different parts, or by there
 * being only one. BuildKit and Docker annotate the whole name and the tag, Podman the whole name,
 * skopeo whatever it is told.
 */
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import { listed } from './image-error.js';
import { familiarReference, formatReference, tryParseReference } from './reference.js';

/** Something with names. */
export interface Named<T> {
  readonly value: T;
  readonly names: readonly string[];
}

/**
 * Those that have this name, as `1.0`, `app:1.0`, `docker.io/library/app:1.0`; all without one.
 * @param where what messages call the place
 * @throws DockerceptionError of kind usage, code IMAGE_NOT_FOUND.
 */
export function chooseNamed<T>(
  all: readonly Named<T>[],
  wanted: string | undefined,
  where: string,
): readonly Named<T>[] {
  if (wanted === undefined) return all;
  const found = all.filter(({ names }) => names.some((name) => isSame(name, wanted)));
  if (found.length > 0) return found;
  const names = namesOf(all);
  throw new DockerceptionError(
    'usage',
    'IMAGE_NOT_FOUND',
    `reading ${printable(where)}: it has no image named ${printable(wanted)}`,
    { hint: names.length > 0 ? `it has ${listed(names)}` : 'its images have no names' },
  );
}

/**
 * The error for several images where one is wanted.
 * @param digests what they are told apart by where they have no names
 */
export function ambiguous(
  all: readonly Named<unknown>[],
  where: string,
  digests: readonly string[] = [],
): DockerceptionError {
  const names = namesOf(all);
  const ways = digests.length > 0 ? `give a digest behind an @: ${listed(digests)}` : undefined;
  const hint = names.length > 0 ? `name one behind a colon: ${listed(names)}` : ways;
  return new DockerceptionError(
    'usage',
    'IMAGE_AMBIGUOUS',
    `reading ${printable(where)}: it has ${all.length} images, and none is named`,
    { hint: hint ?? 'its images have no names' },
  );
}

function namesOf(all: readonly Named<unknown>[]): string[] {
  return [...new Set(all.flatMap(({ names }) => names.slice(0, 1)))];
}

function isSame(name: string, wanted: string): boolean {
  const ways = spellings(name);
  return ways.includes(wanted) || ways.includes(spellings(wanted)[1] ?? wanted);
}

/** A name as it is, in full, as people write it, and its tag. */
function spellings(name: string): string[] {
  const reference = tryParseReference(name);
  if (reference === undefined) return [name];
  const { tag } = reference;
  return [
    name,
    formatReference(reference),
    familiarReference(reference),
    ...(tag !== undefined && name.endsWith(`:${tag}`) ? [tag] : []),
  ];
}
