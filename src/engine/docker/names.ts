/** Names of images, as references have them (distribution/reference). */
import { registryOfImage } from '../../image/credentials-host.js';

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
