/** Brings an image from one store to another: the blobs that the other hasn't got. */
import { OCI_INDEX } from './descriptor.js';
import type { AssembledImage } from './manifest.js';
import type { BlobStore } from './store.js';

/**
 * Copies layers, configurations, manifests and the index, in that order: who finds a manifest finds
 * what it names.
 */
export async function copyImage(image: AssembledImage, to: BlobStore): Promise<AssembledImage> {
  for (const { manifest, descriptor } of image.images)
    for (const blob of [...manifest.layers, manifest.config, descriptor])
      await to.copy(blob, image.blobs);
  if (image.descriptor.mediaType === OCI_INDEX) await to.copy(image.descriptor, image.blobs);
  return { ...image, blobs: to };
}
