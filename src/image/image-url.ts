/**
 * Images that are named with a scheme, as `--build-context` has them: `docker-image://REF`, and on disk
 * `oci-layout://DIR[:TAG][@DIGEST]`, `oci-archive://FILE[:NAME]`, `docker-archive://FILE[:NAME]`. As in
 * buildx and skopeo, a path ends at its first colon.
 */
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import { badImage } from './image-error.js';
import type { ImageReader } from './image-reader.js';
import type { ImageChoice } from './layout/layout-reader.js';

/** Where an image is, and which one of those there. */
export interface ImageLocation extends ImageChoice {
  readonly path: string;
}

/** What an image is read from that is named with a scheme: a registry, or a place on disk. */
export type ImageUrl = { readonly scheme: 'docker-image'; readonly rest: string } | DiskImageUrl;

/** A place on disk; what follows the `://` has yet to be checked. */
export interface DiskImageUrl {
  readonly scheme: 'oci-layout' | 'oci-archive' | 'docker-archive';
  readonly rest: string;
}

const URLS = /^(docker-image|oci-layout|oci-archive|docker-archive):\/\/(.+)$/s;

/** The scheme of an image and what follows it; undefined for a text without one of these schemes. */
export function parseImageUrl(text: string): ImageUrl | undefined {
  const [, scheme, rest = ''] = URLS.exec(text) ?? [];
  return scheme === undefined ? undefined : { scheme: scheme as ImageUrl['scheme'], rest };
}

/**
 * Parses what follows the scheme of a place on disk.
 * @throws DockerceptionError of kind usage, code IMAGE_LOCATION.
 */
export function parseImageLocation({ scheme, rest }: DiskImageUrl): ImageLocation {
  const location = splitLocation(rest);
  const { path, name } = location;
  if (path !== '' && name !== '') return location;
  throw new DockerceptionError(
    'usage',
    'IMAGE_LOCATION',
    `reading ${scheme}://${printable(rest)}: it names no ${path === '' ? 'path' : 'image behind the colon'}`,
    { hint: `as in ${scheme}://PATH, ${scheme}://PATH:TAG` },
  );
}

/** The path on disk that a build context or a target is read from; undefined for what is elsewhere. */
export function hostPath(text: string): string | undefined {
  const url = parseImageUrl(text);
  if (url === undefined) return text;
  return url.scheme === 'docker-image' ? undefined : splitLocation(url.rest).path;
}

function splitLocation(rest: string): ImageLocation {
  const [, named = '', digest] = /^(.*?)(?:@([a-z0-9]+:[^/@]*))?$/s.exec(rest) ?? [];
  const colon = named.indexOf(':');
  const path = colon === -1 ? named : named.slice(0, colon);
  return { path, name: colon === -1 ? undefined : named.slice(colon + 1), digest };
}

/**
 * Opens an image on disk.
 * @throws DockerceptionError as parseImageLocation, openLayout and openArchive do.
 */
export async function openImageReader(url: DiskImageUrl): Promise<ImageReader> {
  const { path, ...choice } = parseImageLocation(url);
  if (url.scheme !== 'oci-layout') return openArchive(path, choice, url.scheme);
  return (await import('./layout/layout-reader.js')).openLayout(path, choice);
}

/**
 * Opens an archive, which may be compressed as a whole: a layout in a tar, what `docker save` writes, or one file
 * that is both, as Docker 25 and later write it.
 * @param scheme the form that is preferred; an archive of the other is read as well
 * @throws DockerceptionError: IMAGE_NOT_FOUND and IMAGE_AMBIGUOUS of kind usage; ARCHIVE_INVALID,
 *   ARCHIVE_TRUNCATED, IMAGE_INVALID of kind build.
 */
async function openArchive(
  path: string,
  choice: ImageChoice,
  scheme: DiskImageUrl['scheme'],
): Promise<ImageReader> {
  const { TarFiles } = await import('./archive/archive-files.js');
  const files = await TarFiles.open(path);
  try {
    const isLayout = (await files.size('index.json')) !== undefined;
    const isDocker = (await files.size('manifest.json')) !== undefined;
    if (!isLayout && !isDocker)
      throw badImage(
        path,
        'it is a tar, but no image: it has neither index.json nor manifest.json',
      );
    // Only a layout has digests of manifests.
    const prefersDocker = scheme === 'docker-archive' && choice.digest === undefined;
    if (prefersDocker ? isDocker : !isLayout)
      return await (await import('./archive/docker-archive.js')).openDockerArchive(files, choice);
    return await (await import('./layout/layout-reader.js')).readLayout(files, choice);
  } catch (error) {
    await files.close();
    throw error;
  }
}
