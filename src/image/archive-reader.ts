/**
 * Opens an image archive: a layout in a tar (`oci-archive:`), or what `docker save` writes
 * (`docker-archive:`). Docker 25 and later, and this tool, write one file that is both.
 */
import { openDockerArchive } from './docker-archive-reader.js';
import { badImage } from './image-error.js';
import type { ImageReader } from './image-reader.js';
import { readLayout, type ImageChoice } from './layout-reader.js';
import { TarFiles } from './tar-files.js';

/** What is looked for first; an archive of the other kind is read as well. */
export type ArchiveKind = 'oci-archive' | 'docker-archive';

/**
 * Opens an archive, which may be compressed as a whole.
 * @throws DockerceptionError: IMAGE_NOT_FOUND and IMAGE_AMBIGUOUS of kind usage; ARCHIVE_INVALID,
 *   ARCHIVE_TRUNCATED, IMAGE_INVALID of kind build.
 */
export async function openArchive(
  path: string,
  choice: ImageChoice = {},
  kind: ArchiveKind = 'oci-archive',
): Promise<ImageReader> {
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
    const first = kind === 'docker-archive' && choice.digest === undefined ? isDocker : !isLayout;
    return await (first ? openDockerArchive(files, choice) : readLayout(files, choice));
  } catch (error) {
    await files.close();
    throw error;
  }
}
