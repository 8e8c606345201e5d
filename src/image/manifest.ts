/**
 * Manifests and indexes: OCI image-spec, manifest.md and image-index.md; Docker's image manifest version 2, schema 2.
 */
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import type { ImageConfig } from './config.js';
import {
  type Descriptor,
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
  ociMediaType,
} from './descriptor.js';
import { isDigest } from './digest.js';
import { invalidDocument, parseObject } from './document.js';
import type { BlobSource } from './store.js';

/** The media types that are accepted from a registry. */
export const MANIFEST_TYPES = [OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST];
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;

/** The manifest of an image; layers from the lowest up. */
export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The images for several platforms. */
export interface Index {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An image for one platform, in any place. */
export interface Image {
  /** The name for messages. */
  readonly name: string;
  /** Its names in its place: `docker.io/library/app:1`. @default unknown */
  readonly names?: readonly string[];
  /** Of the manifest. @default none */
  readonly digest?: string;
  /** The digest of the configuration. @default that of `config` as written here */
  readonly id?: string;
  readonly config: ImageConfig;
  /** OCI media types; as many as `config.rootfs.diff_ids`. */
  readonly layers: readonly Descriptor[];
  /** The source of the layers. */
  readonly blobs: BlobSource;
  /** The repository of the layers, which a push to the same registry can mount. */
  readonly origin?: RepositoryName;
  /** Closes the file that blobs are read from. Idempotent. @default nothing is open */
  readonly close?: () => Promise<void>;
}

/** A repository of a registry. */
export interface RepositoryName {
  /** The host with its port: `docker.io` is Docker Hub. */
  readonly registry: string;
  /** `library/debian` */
  readonly repository: string;
}

/** A built image, whose blobs are all in a store. */
export interface AssembledImage {
  /** Of the manifest, or of the index for several platforms. */
  readonly descriptor: Descriptor;
  /** One for each platform, in the requested order; attestations of BuildKit follow. */
  readonly images: readonly PlatformImage[];
  /** The source of manifests, configurations and layers. */
  readonly blobs: BlobSource;
}

/** A built image for one platform. */
export interface PlatformImage {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  /** The repositories that layers came from, by digest. */
  readonly origins: ReadonlyMap<string, RepositoryName>;
}

/** An index has `manifests`. */
export type Document = Manifest | Index;

/**
 * Parses a manifest or an index.
 *
 * @param contentType the media type from the registry; the document's own overrides it
 * @param name the image in messages
 * @throws DockerceptionError of kind build: IMAGE_INVALID, IMAGE_SCHEMA_1.
 */
export function parseDocument(bytes: Buffer, contentType: string, name: string): Document {
  const doing = `reading the manifest of ${name}`;
  const fail = (why: string): DockerceptionError => invalidDocument(doing, why);
  const json = parseObject(bytes, doing);
  const sent = (contentType.split(';', 1)[0] as string).trimEnd().toLowerCase();
  if (SCHEMA_1.test(sent) || json['schemaVersion'] === 1)
    throw new DockerceptionError(
      'build',
      'IMAGE_SCHEMA_1',
      `${doing}: it is of Docker’s schema 1, which was given up in 2019`,
      { hint: 'an image that is pushed again by today’s Docker or Podman has today’s schema' },
    );
  const own = json['mediaType'];
  const mediaType = typeof own === 'string' && own !== '' ? own : sent;
  const type = ociMediaType(mediaType);
  // Readers would disagree about which of the two it is (CVE-2021-41190).
  if ('manifests' in json && ('layers' in json || 'config' in json))
    throw fail('it is both a manifest and an index');
  if (type === OCI_INDEX || (type !== OCI_MANIFEST && 'manifests' in json)) {
    const manifests = descriptors(json['manifests'], fail, true);
    const known = type === OCI_INDEX ? mediaType : OCI_INDEX;
    return { ...(json as unknown as Index), manifests, mediaType: known };
  }
  if (type !== OCI_MANIFEST && !('layers' in json || 'config' in json))
    throw fail(`its media type is ${printable(mediaType || 'missing')}`);
  const layers = descriptors(json['layers'], fail, false);
  const config = descriptor(json['config'], fail, false);
  // Older OCI manifests have no media type, and documents from the cache have no Content-Type.
  const known = type === OCI_MANIFEST ? mediaType : OCI_MANIFEST;
  return { ...(json as unknown as Manifest), config, layers, mediaType: known };
}

/** Throws IMAGE_INVALID for an artifact that is no image, such as a chart or a signature. */
export function checkImage({ config }: Manifest, name: string): void {
  if (ociMediaType(config.mediaType) !== OCI_CONFIG)
    throw invalidDocument(
      `reading the manifest of ${name}`,
      `it is no image: its configuration is ${printable(config.mediaType)}`,
    );
}

/** The layers of a manifest with OCI media types. */
export function ociLayers({ layers }: Manifest): readonly Descriptor[] {
  return layers.map((layer) => ({ ...layer, mediaType: ociMediaType(layer.mediaType) }));
}

type Fail = (why: string) => DockerceptionError;

function descriptors(list: unknown = [], fail: Fail, platforms: boolean): Descriptor[] {
  if (!Array.isArray(list)) throw fail('it has no list of descriptors');
  return list.map((one) => descriptor(one, fail, platforms));
}

function descriptor(value: unknown, fail: Fail, platforms: boolean): Descriptor {
  const { mediaType, digest, size, platform } = (value ?? {}) as Partial<Descriptor>;
  if (typeof mediaType !== 'string') throw fail('a descriptor has no media type');
  if (!isDigest(digest)) throw fail('a descriptor has no digest that we know');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw fail(`the size of ${digest} is not a size`);
  const known = typeof platform?.os === 'string' && typeof platform.architecture === 'string';
  const { annotations } = value as Descriptor;
  return {
    mediaType,
    digest,
    size,
    ...(platforms && known ? { platform } : {}),
    ...(typeof annotations === 'object' && annotations !== null ? { annotations } : {}),
  };
}
