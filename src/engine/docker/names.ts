/** Names of images, as references have them (distribution/reference). */
import { DockerceptionError } from '../../errors.js';
import { registryOfImage } from '../../image/credentials-host.js';
import { parseReference } from '../../image/reference.js';
import { printable } from '../../tar/printable.js';

/** The name and the tag, `latest` when there is none. A colon in front of a slash is a port's. */
export function splitTag(reference: string): [name: string, tag: string] {
  const colon = reference.lastIndexOf(':');
  return colon > reference.lastIndexOf('/')
    ? [reference.slice(0, colon), reference.slice(colon + 1)]
    : [reference, 'latest'];
}

/** The name in full: `app` is `docker.io/library/app:latest`. */
export function fullName(reference: string): string {
  const [name, tag] = splitTag(reference);
  const host = registryOfImage(reference);
  if (host !== 'docker.io') return `${name}:${tag}`;
  const path = name.replace(/^(?:(?:index|registry-1)\.)?docker\.io\//, '');
  return `docker.io/${path.includes('/') ? path : `library/${path}`}:${tag}`;
}

/**
 * Checks the names before the build, since the engine gets them after it.
 *
 * @throws DockerceptionError of kind usage, REFERENCE_INVALID.
 */
export function checkTags(tags: readonly string[]): void {
  for (const tag of tags)
    if (parseReference(tag).digest !== undefined)
      throw new DockerceptionError(
        'usage',
        'REFERENCE_INVALID',
        `reading the image name ${printable(tag)}: an image can't be named by a digest`,
        { hint: 'as in app, or registry.example:5000/app:1.0' },
      );
}
