/**
 * Writes the manifest, the index and the configuration of an image whose layers are stored (OCI image-spec, manifest.md
 * and image-index.md). The same parts give the same bytes.
 */
import { Readable } from 'node:stream';
import { configJson, type ImageConfig } from './config.js';
import {
  type Descriptor,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
  type Platform,
} from './descriptor.js';
import type { AssembledImage, Index, Manifest, PlatformImage, RepositoryName } from './manifest.js';
import type { BlobStore } from './store.js';

/** The parts of an image for one platform. */
interface ImageParts {
  readonly config: ImageConfig;
  /** In the store; as many as `config.rootfs.diff_ids`. */
  readonly layers: readonly Descriptor[];
  readonly platform: Platform;
  /** The repositories that layers came from, by digest. */
  readonly origins?: ReadonlyMap<string, RepositoryName>;
  /** Of the manifest. */
  readonly annotations?: Annotations;
  /** Of the manifest's descriptor. */
  readonly descriptorAnnotations?: Annotations;
}

type Annotations = Readonly<Record<string, string>> | undefined;

/** Writes configuration and manifest. */
export async function writeImage(store: BlobStore, parts: ImageParts): Promise<PlatformImage> {
  const { config, layers, platform, origins = new Map(), annotations } = parts;
  const configuration = await putText(store, configJson(config), OCI_CONFIG);
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: configuration,
    layers: layers.map(({ mediaType, digest, size, annotations: own }) => ({
      mediaType,
      digest,
      size,
      ...(own !== undefined && { annotations: own }),
    })),
    ...(annotations && { annotations }),
  };
  const stored = await putText(store, JSON.stringify(manifest), OCI_MANIFEST);
  const own = annotated(stored, parts.descriptorAnnotations);
  const descriptor = { ...own, platform: orderedPlatform(platform) };
  return { descriptor, manifest, origins };
}

/** Writes an index for several images; a single one needs none. */
export async function writeIndex(
  store: BlobStore,
  images: readonly PlatformImage[],
  annotations?: Annotations,
  descriptorAnnotations?: Annotations,
): Promise<AssembledImage> {
  const [first] = images;
  if (first !== undefined && images.length === 1)
    return { descriptor: first.descriptor, images, blobs: store };
  const index: Index = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: images.map(({ descriptor }) => descriptor),
    ...(annotations && { annotations }),
  };
  const stored = await putText(store, JSON.stringify(index), OCI_INDEX);
  return { descriptor: annotated(stored, descriptorAnnotations), images, blobs: store };
}

function annotated(descriptor: Descriptor, annotations: Annotations): Descriptor {
  return annotations === undefined ? descriptor : { ...descriptor, annotations };
}

/** The members of a platform in their order. */
const PLATFORM = ['architecture', 'os', 'os.version', 'os.features', 'variant'] as const;

function orderedPlatform(platform: Platform): Platform {
  const members = PLATFORM.map((name) => [name, platform[name]] as const);
  const known = members.filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as unknown as Platform;
}

function putText(store: BlobStore, text: string, mediaType: string): Promise<Descriptor> {
  return store.put(Readable.from([Buffer.from(text)]), mediaType);
}

/** Copies an image to another store: layers, configurations, manifests and the index, in this order. */
export async function copyImage(image: AssembledImage, to: BlobStore): Promise<AssembledImage> {
  for (const { manifest, descriptor } of image.images)
    for (const blob of [...manifest.layers, manifest.config, descriptor])
      await to.copy(blob, image.blobs);
  await to.copy(image.descriptor, image.blobs);
  return { ...image, blobs: to };
}
