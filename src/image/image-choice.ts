/** The selection of an image in an archive or a layout by its name. */
import { DockerceptionError } from '../errors.js';
import { listed, printable } from '../text/printable.js';
import { familiarReference, formatReference, tryParseReference } from './reference.js';

/** Selects an image of a layout or an archive; without either, the only one. */
export interface ImageChoice {
  /** A tag or a full name. */
  readonly name?: string | undefined;
  /** The digest of a manifest or an index. */
  readonly digest?: string | undefined;
}

/**
 * The images with a name such as `1.0`, `app:1.0`, `docker.io/library/app:1.0`; all images without a name. BuildKit and
 * Docker store the full name and the tag, Podman the full name, skopeo any text.
 * @param where the file or folder, for messages
 * @throws DockerceptionError of kind usage, code IMAGE_NOT_FOUND.
 */
export function chooseNamed<T>(
  all: readonly T[],
  namesOf: (image: T) => readonly string[],
  wanted: string | undefined,
  where: string,
): readonly T[] {
  if (wanted === undefined) return all;
  const found = all.filter((image) => namesOf(image).some((name) => isSame(name, wanted)));
  if (found.length > 0) return found;
  const names = firstNames(all.map(namesOf));
  throw new DockerceptionError(
    'usage',
    'IMAGE_NOT_FOUND',
    `reading ${printable(where)}: it has no image named ${printable(wanted)}`,
    { hint: names.length > 0 ? `it has ${listed(names)}` : 'its images have no names' },
  );
}

/** The error for several images, of which `all` has the names; `digests` are a hint if they have none. */
export function ambiguous(
  all: readonly (readonly string[])[],
  where: string,
  digests: readonly string[] = [],
): DockerceptionError {
  const names = firstNames(all);
  const ways = digests.length > 0 ? `give a digest after an @: ${listed(digests)}` : undefined;
  const hint = names.length > 0 ? `name one after a colon: ${listed(names)}` : ways;
  return new DockerceptionError(
    'usage',
    'IMAGE_AMBIGUOUS',
    `reading ${printable(where)}: it has ${all.length} images, and none is named`,
    { hint: hint ?? 'its images have no names' },
  );
}

function firstNames(all: readonly (readonly string[])[]): string[] {
  return [...new Set(all.flatMap((names) => names.slice(0, 1)))];
}

function isSame(name: string, wanted: string): boolean {
  const ways = spellings(name);
  return ways.includes(wanted) || ways.includes(spellings(wanted)[1] ?? wanted);
}

/** A name as it is written, its full form, its familiar form, and its tag. */
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
