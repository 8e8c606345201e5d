/**
 * Images on disk, as `--build-context` names them: `oci-layout://DIR[:TAG][@DIGEST]`,
 * `oci-archive://FILE[:NAME]`, `docker-archive://FILE[:NAME]`. As in buildx and skopeo, a path ends at
 * its first colon.
 */
import { DockerceptionError } from '../errors.js';
import { printable } from '../tar/printable.js';
import type { ArchiveKind } from './archive-reader.js';
import type { ImageReader } from './image-reader.js';
import type { ImageChoice } from './layout-reader.js';

/** Where an image is, and which one of those there. */
export interface ImageLocation extends ImageChoice {
  readonly path: string;
}

/** Whether a scheme names an image on disk. */
export function isImageScheme(scheme: string): scheme is 'oci-layout' | ArchiveKind {
  return ['oci-layout', 'oci-archive', 'docker-archive'].includes(scheme);
}

/**
 * Takes the part behind `://` apart.
 * @throws DockerceptionError of kind usage, code IMAGE_LOCATION.
 */
export function parseImageLocation(scheme: string, rest: string): ImageLocation {
  const [, named = '', digest] = /^(.*?)(?:@([a-z0-9]+:[^/@]*))?$/s.exec(rest) ?? [];
  const colon = named.indexOf(':');
  const path = colon === -1 ? named : named.slice(0, colon);
  const name = colon === -1 ? undefined : named.slice(colon + 1);
  if (path !== '' && name !== '') return { path, name, digest };
  throw new DockerceptionError(
    'usage',
    'IMAGE_LOCATION',
    `reading ${scheme}://${printable(rest)}: it names no ${path === '' ? 'path' : 'image behind the colon'}`,
    { hint: `as in ${scheme}://PATH, ${scheme}://PATH:TAG` },
  );
}

/**
 * Opens an image on disk.
 * @param scheme `oci-layout`, `oci-archive` or `docker-archive`
 * @param rest what stands behind its `://`
 * @throws DockerceptionError as parseImageLocation, openLayout and openArchive do.
 */
export async function openImageReader(scheme: string, rest: string): Promise<ImageReader> {
  if (!isImageScheme(scheme)) throw new Error(`${scheme} is no scheme of an image on disk`);
  const { path, ...choice } = parseImageLocation(scheme, rest);
  if (scheme === 'oci-layout') return (await import('./layout-reader.js')).openLayout(path, choice);
  return (await import('./archive-reader.js')).openArchive(path, choice, scheme);
}
