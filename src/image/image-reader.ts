/** An image that was found: a layout, an archive. Whoever opened it closes it. */
import type { Platform } from './descriptor.js';
import type { Image } from './manifest.js';

export interface ImageReader {
  /**
   * The image for a platform. Where there is only one, it is that one, whatever its platform; its
   * configuration tells.
   * @throws DockerceptionError of kind build: PLATFORM_UNKNOWN, IMAGE_INVALID, BLOB_DIGEST.
   */
  image(platform: Platform): Promise<Image>;
  /** Lets go of files; what was read from images is no longer of use. May be called twice. */
  close(): Promise<void>;
}
