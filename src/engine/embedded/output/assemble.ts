/** Writes targets as images into a store: the layers of their bases unchanged, and their own. */
import { changes } from '../../../filesystem/changes.js';
import { writeImage, writeIndex } from '../../../image/assemble.js';
import type { ImageConfig } from '../../../image/config.js';
import type { Descriptor } from '../../../image/descriptor.js';
import { type StoredLayer, writeLayer } from '../../../image/layer.js';
import type { AssembledImage, PlatformImage, RepositoryName } from '../../../image/manifest.js';
import { fullName } from '../../../image/reference.js';
import type { BlobStore } from '../../../image/store.js';
import type { BuildResult, EngineRequest } from '../../engine.js';
import type { BuiltTarget } from '../stages/stages.js';
import { type LayerSettings, layerTar } from './layer-tar.js';

/** A layer of the first target that is in the store already. */
export interface WrittenLayer {
  readonly index: number;
  readonly layer: StoredLayer;
}

/** RFC 3339's years 0 to 9999, in seconds since 1970. Readers in Go reject years of five digits. */
const [EARLIEST, LATEST] = [-62_167_219_200, 253_402_300_799];

export interface AssembleOptions extends LayerSettings {
  readonly store: BlobStore;
  /** The creation time of the image: seconds since 1970. */
  readonly created: number;
  readonly written?: WrittenLayer | undefined;
}

/** Writes the targets; several become an index. */
export async function assemble(
  targets: readonly BuiltTarget[],
  options: AssembleOptions,
): Promise<AssembledImage> {
  const images: PlatformImage[] = [];
  for (const target of targets) images.push(await assembleOne(target, options));
  return writeIndex(options.store, images);
}

async function assembleOne(
  { image, layers, history, result, platform }: BuiltTarget,
  { store, spool, created: seconds, time, compression, written, signal }: AssembleOptions,
): Promise<PlatformImage> {
  const descriptors: Descriptor[] = [];
  const diffIds: string[] = [...(image?.config.rootfs.diff_ids ?? [])];
  const origins = new Map<string, RepositoryName>();
  for (const layer of image?.layers ?? []) {
    signal.throwIfAborted();
    await store.copy(layer, (image as NonNullable<typeof image>).blobs);
    descriptors.push(layer);
    if (image?.origin !== undefined) origins.set(layer.digest, image.origin);
  }
  for (const [index, { before, after }] of layers.entries()) {
    signal.throwIfAborted();
    const tar = layerTar([changes(before, after)], { spool, time, signal });
    const { descriptor, diffId } =
      written?.index === index
        ? written.layer
        : await writeLayer(store, tar, compression, spool.length);
    descriptors.push(descriptor);
    diffIds.push(diffId);
  }
  const date = new Date(Math.min(Math.max(seconds, EARLIEST), LATEST) * 1000);
  const created = date.toISOString().replace('.000Z', 'Z');
  const config: ImageConfig = {
    created,
    ...(result.author !== undefined && { author: result.author }),
    ...platform,
    config: result.config,
    rootfs: { type: 'layers', diff_ids: diffIds },
    // umoci requires a time for every entry.
    history: history.map((entry) => ({ created, ...entry })),
  };
  return writeImage(store, { config, layers: descriptors, platform, origins });
}

/**
 * The result of the build, with the metadata keys of buildx. The image ID is the digest of the configuration, which
 * does not depend on the compression of layers, or the digest of the index if there are several platforms.
 */
export function metadataOf(
  image: AssembledImage | undefined,
  { tags }: EngineRequest,
): BuildResult {
  if (image === undefined) return { imageId: '', metadata: {} };
  const { descriptor, images } = image;
  const [first, ...others] = images.map(({ manifest }) => manifest);
  const config = others.length === 0 ? first?.config.digest : undefined;
  const bytes = first?.layers.reduce((sum, { size }) => sum + size, 0) ?? 0;
  return {
    imageId: config ?? descriptor.digest,
    layers: { count: first?.layers.length ?? 0, bytes },
    metadata: {
      ...(config !== undefined && { 'containerimage.config.digest': config }),
      'containerimage.descriptor': descriptor,
      'containerimage.digest': descriptor.digest,
      ...(tags.length > 0 && { 'image.name': tags.map(fullName).join(',') }),
    },
  };
}
