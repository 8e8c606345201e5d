/** Writes targets as images into a store: the layers of their bases unchanged, and their own. */
import type { Compression } from '../../../compression/compress.js';
import { changes } from '../../../filesystem/changes.js';
import { writeImage, writeIndex } from '../../../image/assemble.js';
import type { ImageConfig } from '../../../image/config.js';
import type { Descriptor } from '../../../image/descriptor.js';
import { type StoredLayer, writeLayer } from '../../../image/layer.js';
import type { AssembledImage, PlatformImage, RepositoryName } from '../../../image/manifest.js';
import { fullName } from '../../../image/reference.js';
import type { BlobStore } from '../../../image/store.js';
import type { BuildResult, EngineRequest, LayersSummary } from '../../engine.js';
import type { Spool } from '../spool/spool.js';
import type { BuiltTarget, LayerChange } from '../stages/stages.js';
import { layerTar } from './layer-tar.js';

/** A layer of the first target that is in the store already. */
export interface WrittenLayer {
  readonly index: number;
  readonly layer: StoredLayer;
}

export interface AssembleOptions {
  readonly store: BlobStore;
  readonly spool: Spool;
  /** The creation time of the image: seconds since 1970. */
  readonly created: number;
  /** Seconds since 1970, for entries of a layer without a time. */
  readonly time: number;
  readonly compression: Compression;
  readonly written?: WrittenLayer | undefined;
  readonly signal: AbortSignal;
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
  const write = ({ before, after }: LayerChange): Promise<StoredLayer> => {
    const tar = layerTar(changes(before, after), { spool, time, signal });
    return writeLayer(store, tar, compression, spool.length);
  };
  for (const [index, change] of layers.entries()) {
    signal.throwIfAborted();
    const { descriptor, diffId } = written?.index === index ? written.layer : await write(change);
    descriptors.push(descriptor);
    diffIds.push(diffId);
  }
  const created = dateOf(seconds);
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

/** RFC 3339's years 0 to 9999, in seconds since 1970. */
const [EARLIEST, LATEST] = [-62_167_219_200, 253_402_300_799];

/** The time in a configuration. Readers in Go reject years of five digits. */
function dateOf(time: number): string {
  const seconds = Math.min(Math.max(time, EARLIEST), LATEST);
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
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
  const config = images.length === 1 ? images[0]?.manifest.config.digest : undefined;
  return {
    imageId: config ?? descriptor.digest,
    ...(images[0] !== undefined && { layers: summaryOf(images[0].manifest.layers) }),
    metadata: {
      ...(config !== undefined && { 'containerimage.config.digest': config }),
      'containerimage.descriptor': descriptor,
      'containerimage.digest': descriptor.digest,
      ...(tags.length > 0 && {
        'image.name': tags.map(fullName).join(','),
      }),
    },
  };
}

function summaryOf(layers: readonly Descriptor[]): LayersSummary {
  return { count: layers.length, bytes: layers.reduce((sum, { size }) => sum + size, 0) };
}
