/** Manifests and indexes: OCI image-spec, manifest.md and image-index.md. */
import type { ImageConfig } from './config.js';
import type { Descriptor } from './descriptor.js';
import type { BlobSource } from './store.js';

/** One image: its configuration and its layers, from the lowest up. */
export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Several images, one for each platform. */
export interface Index {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An image to build upon or to copy from, for one platform, wherever it is. */
export interface Image {
  /** What messages call it. */
  readonly name: string;
  /** What it is named where it is: `docker.io/library/app:1`. @default nothing tells */
  readonly names?: readonly string[];
  /** Of its manifest. @default it has none */
  readonly digest?: string;
  /** Of its configuration, which is the image ID. @default that of `config` as it is written here */
  readonly id?: string;
  readonly config: ImageConfig;
  /** OCI media types; as many as `config.rootfs.diff_ids`. */
  readonly layers: readonly Descriptor[];
  /** Has the layers. */
  readonly blobs: BlobSource;
  /** Where a registry has them, so that a push to the same one can mount them. */
  readonly origin?: RepositoryName;
}

/** A repository of a registry. */
export interface RepositoryName {
  /** The host as references have it, with its port: `docker.io` is Docker Hub. */
  readonly registry: string;
  /** `library/debian` */
  readonly repository: string;
}

/** An image that was made, its blobs all in a store: what outputs and pushes take. */
export interface AssembledImage {
  /** Of the manifest, or of the index when there are several platforms. */
  readonly descriptor: Descriptor;
  /** One for each platform, in the order in which they were asked for. */
  readonly images: readonly PlatformImage[];
  /** Has every blob: manifests, configurations, layers. */
  readonly blobs: BlobSource;
}

/** One platform of it. */
export interface PlatformImage {
  /** Its `platform` is set. */
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  /** By digest: from where a layer came, when it was a registry. */
  readonly origins: ReadonlyMap<string, RepositoryName>;
}
