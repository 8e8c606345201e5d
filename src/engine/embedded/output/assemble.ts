/** Writes targets as images into a store: the layers of their bases unchanged, and their own. */
import { DockerceptionError } from '../../../errors.js';
import { type Changes, isRun, packedChanges } from '../../../filesystem/changes.js';
import type { PackedRun } from '../../../filesystem/children.js';
import { isDirectory } from '../../../filesystem/node.js';
import { writeImage, writeIndex } from '../../../image/assemble.js';
import { type LayerCache, type LayerShape, shapeOf } from '../../../image/cache/layer-cache.js';
import type { ImageConfig } from '../../../image/config.js';
import type { Descriptor, Platform } from '../../../image/descriptor.js';
import { type StoredLayer, writeLayer } from '../../../image/layer.js';
import type { AssembledImage, PlatformImage, RepositoryName } from '../../../image/manifest.js';
import { formatPlatform, normalisePlatform } from '../../../image/platform.js';
import { fullName } from '../../../image/reference.js';
import type { Blob, BlobStore } from '../../../image/store.js';
import {
  type Annotation,
  annotationsOf,
  parseAnnotation,
} from '../../../options/buildkit-values.js';
import { BLOCK } from '../../../tar/block.js';
import type { BuildResult, EngineRequest } from '../../engine.js';
import type { BuiltTarget, LayerChange } from '../stages/stages.js';
import { recipeOf } from './layer-recipe.js';
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
  readonly cache: LayerCache | undefined;
  readonly annotations: readonly Annotation[];
}

/**
 * Parses the annotations.
 * @throws DockerceptionError of kind usage, ANNOTATION, for one of an index or a platform that the image does not have.
 */
export function imageAnnotations(
  texts: readonly string[],
  platforms: readonly Platform[],
): Annotation[] {
  const names = platforms.map(formatPlatform);
  return texts.flatMap((text) => {
    const annotations = parseAnnotation(text);
    for (const { type, platform } of annotations) {
      const refused = (why: string): DockerceptionError =>
        new DockerceptionError(
          'usage',
          'ANNOTATION',
          `building with \`annotations: ${text}\`: ${why}`,
        );
      if (type.startsWith('index') && platforms.length === 1)
        throw refused('an image for one platform has no index');
      if (platform !== undefined && !names.includes(formatPlatform(platform)))
        throw refused(`the image is for ${names.join(', ')}`);
    }
    return annotations;
  });
}

/** Writes the targets; several become an index. */
export async function assemble(
  targets: readonly BuiltTarget[],
  options: AssembleOptions,
): Promise<AssembledImage> {
  const images: PlatformImage[] = [];
  for (const target of targets) images.push(await assembleOne(target, options));
  const { store, annotations } = options;
  const [index, descriptor] = (['index', 'index-descriptor'] as const).map((type) =>
    annotationsOf(annotations, type),
  );
  return writeIndex(store, images, index, descriptor);
}

async function assembleOne(
  { image, layers, history, result, platform }: BuiltTarget,
  options: AssembleOptions,
): Promise<PlatformImage> {
  const { store, created: seconds, written, signal } = options;
  const descriptors: Descriptor[] = [];
  const diffIds: string[] = [...(image?.config.rootfs.diff_ids ?? [])];
  const origins = new Map<string, RepositoryName>();
  for (const layer of image?.layers ?? []) {
    signal.throwIfAborted();
    await store.copy(layer, (image as NonNullable<typeof image>).blobs);
    descriptors.push(layer);
    if (image?.origin !== undefined) origins.set(layer.digest, image.origin);
  }
  for (const [index, change] of layers.entries()) {
    signal.throwIfAborted();
    const { descriptor, diffId } = await layerOf(
      change,
      options,
      written?.index === index ? written.layer : undefined,
    );
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
  const [annotations, descriptorAnnotations] = (['manifest', 'manifest-descriptor'] as const).map(
    (type) => annotationsOf(options.annotations, type, normalisePlatform(platform)),
  );
  const parts = { config, layers: descriptors, platform, origins };
  return writeImage(store, { ...parts, annotations, descriptorAnnotations });
}

/** A layer in the store: written already, copied from the cache, or written now. */
async function layerOf(
  { before, after }: LayerChange,
  { store, spool, time, compression, cache, signal }: AssembleOptions,
  written: StoredLayer | undefined,
): Promise<Omit<StoredLayer, 'size'>> {
  const entries = (): Iterable<Changes> => packedChanges(before, after);
  const tar = (): Blob => layerTar([entries()], { spool, time, signal });
  const recipe = cache && recipeOf(entries(), { spool, time });
  const shape = shapeOfLayer(entries(), recipe);
  const found = written === undefined && (await cache?.find(store, shape, tar, shape.bytes));
  if (found) return found;
  const layer = written ?? (await writeLayer(store, tar(), compression, shape.bytes));
  if (cache === undefined) return layer;
  await cache.add(layer, shape, store);
  return layer;
}

/** Packed files are small: of them, the bytes alone count. */
function shapeOfLayer(changes: Iterable<Changes>, recipe: string | undefined): LayerShape {
  let packed = 0;
  function* others(): Generator<number> {
    for (const change of changes)
      if (isRun(change)) packed += bytesOf(change);
      else yield isDirectory(change.node) ? 0 : change.node.size;
  }
  const shape = shapeOf(others(), recipe);
  return { ...shape, bytes: shape.bytes + packed };
}

function bytesOf({ files, numbers }: PackedRun): number {
  let bytes = numbers.length * BLOCK;
  for (const file of numbers) bytes += files.sizeOf(file);
  return bytes;
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
