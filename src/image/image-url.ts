/**
 * URLs of images: `docker-image://REF`, `oci-layout://DIR[:TAG][@DIGEST]`, `oci-archive://FILE[:NAME]` and
 * `docker-archive://FILE[:NAME]`. As in buildx and skopeo, a path ends at its first colon.
 */
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import type { Platform } from './descriptor.js';
import { invalidImage } from './document.js';
import type { ImageChoice } from './image-choice.js';
import type { Image } from './manifest.js';

/** A path, and the image there. */
export interface ImageLocation extends ImageChoice {
  readonly path: string;
}

/** The scheme of an image's URL, and the unchecked text after `://`. */
export type ImageUrl = { readonly scheme: 'docker-image'; readonly rest: string } | DiskImageUrl;

/** An image on disk. */
export interface DiskImageUrl {
  readonly scheme: 'oci-layout' | 'oci-archive' | 'docker-archive';
  readonly rest: string;
}

const URLS = /^(docker-image|oci-layout|oci-archive|docker-archive):\/\/(.+)$/s;

/** Splits a URL; undefined for a text without one of these schemes. */
export function parseImageUrl(text: string): ImageUrl | undefined {
  const [, scheme, rest = ''] = URLS.exec(text) ?? [];
  return scheme === undefined ? undefined : { scheme: scheme as ImageUrl['scheme'], rest };
}

/**
 * Parses the URL of an image on disk.
 * @throws DockerceptionError of kind usage, code IMAGE_LOCATION.
 */
export function parseImageLocation({ scheme, rest }: DiskImageUrl): ImageLocation {
  const location = splitLocation(rest);
  const { path, name } = location;
  if (path !== '' && name !== '') return location;
  throw new DockerceptionError(
    'usage',
    'IMAGE_LOCATION',
    `reading ${scheme}://${printable(rest)}: it names no ${path === '' ? 'path' : 'image after the colon'}`,
    { hint: `as in ${scheme}://PATH, ${scheme}://PATH:TAG` },
  );
}

/** The path on disk of a build context or a target; undefined for an image in a registry. */
export function hostPath(text: string): string | undefined {
  const url = parseImageUrl(text);
  if (url === undefined) return text;
  return url.scheme === 'docker-image' ? undefined : splitLocation(url.rest).path;
}

const LOCATION = /^(.*?)(?::(.*?))?(?:@([a-z0-9]+:[^/@]*))?$/s;

function splitLocation(rest: string): ImageLocation {
  const [, path = '', name, digest] = LOCATION.exec(rest) ?? [];
  return { path, name, digest };
}

/**
 * Opens an image on disk. An archive may be compressed, and be a layout in a tar, the format of `docker save`, or both, as
 * Docker 25 and later write it: the scheme says which of the two to use.
 * @param platform for an image of several platforms; the only one has any platform
 * @throws DockerceptionError: IMAGE_LOCATION, IMAGE_NOT_FOUND and IMAGE_AMBIGUOUS of kind usage; ARCHIVE_INVALID,
 *   ARCHIVE_TRUNCATED, PLATFORM_UNKNOWN, IMAGE_INVALID, BLOB_DIGEST of kind build.
 */
export async function openImage(url: DiskImageUrl, platform: Platform): Promise<Image> {
  const { path, ...choice } = parseImageLocation(url);
  const { openLayout, readLayout } = await import('./layout/layout-reader.js');
  if (url.scheme === 'oci-layout') return openLayout(path, choice, platform);
  const { TarFiles } = await import('./archive/archive-files.js');
  const files = await TarFiles.open(path);
  try {
    const isLayout = (await files.size('index.json')) !== undefined;
    const isDocker = (await files.size('manifest.json')) !== undefined;
    if (!isLayout && !isDocker)
      throw invalidImage(
        path,
        'it is a tar, but no image: it has neither index.json nor manifest.json',
      );
    // Only a layout has digests of manifests.
    const prefersDocker = url.scheme === 'docker-archive' && choice.digest === undefined;
    const { readDockerArchive } = await import('./archive/docker-archive.js');
    const read = (prefersDocker ? isDocker : !isLayout) ? readDockerArchive : readLayout;
    return { ...(await read(files, choice, platform)), close: () => files.close() };
  } catch (error) {
    await files.close();
    throw error;
  }
}
