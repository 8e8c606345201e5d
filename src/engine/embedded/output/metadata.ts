/** What `--metadata-file` gets, with the keys that buildx uses, and the image's ID. */
import type { Descriptor } from '../../../image/descriptor.js';
import type { AssembledImage } from '../../../image/manifest.js';
import { formatReference, parseReference } from '../../../image/reference.js';
import type { BuildOptions, BuildResult, LayersSummary } from '../../engine.js';

/**
 * The ID is the digest of the configuration: it doesn't depend on how layers are compressed. Several
 * platforms have the index's; a file system alone has none.
 */
export function metadataOf(image: AssembledImage | undefined, { tags }: BuildOptions): BuildResult {
  if (image === undefined) return { imageId: '', metadata: {} };
  const { descriptor, images } = image;
  const config = images.length === 1 ? images[0]?.manifest.config.digest : undefined;
  return {
    imageId: config ?? descriptor.digest,
    ...(images[0] !== undefined && { layers: summaryOf(images[0].manifest.layers) }),
    metadata: {
      ...(config !== undefined && { 'containerimage.config.digest': config }),
      'containerimage.descriptor': descriptor,
      'containerimage.digest': descriptor.digest,
      ...(tags.length > 0 && {
        'image.name': tags.map((tag) => formatReference(parseReference(tag))).join(','),
      }),
    },
  };
}

function summaryOf(layers: readonly Descriptor[]): LayersSummary {
  return { count: layers.length, bytes: layers.reduce((sum, { size }) => sum + size, 0) };
}
