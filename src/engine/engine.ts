/** The interface of engines, which build an image from a context. */
import type { Readable, Writable } from 'node:stream';
import type { Directory, Leaf } from '../filesystem/node.js';
import type { ImageConfig } from '../image/config.js';
import type { Image } from '../image/manifest.js';
import type { ImageOptions } from '../options/image.js';
import type { Report } from '../progress/events.js';
import type { EntryObserver, WalkHandler } from '../tar/walk-handler.js';
import type { BuildkitTls } from './buildkit/builder.js';

export interface EngineSettings {
  /** Names the engine, the credentials, the cache, proxies: DOCKER_HOST, DOCKER_CONFIG, XDG_CACHE_HOME, … */
  readonly env: NodeJS.ProcessEnv;
  /** Receives the output `-`. It is not ended. */
  readonly stdout: Writable;
  /** Whether the owners of the context were kept, which a rootless engine may not be able to. */
  readonly keepOwner: boolean;
  /**
   * The creation time of images, and the time of files without one: seconds since 1970.
   * @default the context's newest mtime for images, 0 for files: a layer may not depend on other files
   */
  readonly created?: number | undefined;
  /** Packs a directory, a build context, as a tar. */
  readonly openDirectory: (path: string) => Promise<Readable>;
  /** The name or address of a BuildKit. @default BUILDX_BUILDER or BUILDKIT_HOST of `env` */
  readonly builder?: string | undefined;
  readonly tls?: BuildkitTls;
  /** The engine's socket if `env` names no engine. @default /var/run/docker.sock */
  readonly defaultSocket?: string;
}

/**
 * A corrected context. The stream ends only when all of it is known to be valid. Otherwise it is destroyed with the first
 * error; an engine then leaves no image, and rejects with that error.
 */
export interface BuildContext {
  readonly stream: Readable;
}

/** The image for one platform before it is written. */
export interface AssembledSystem {
  readonly config: Pick<ImageConfig, 'os' | 'architecture' | 'variant' | 'config'>;
  /** The file system after each layer, the lowest first. Frozen. */
  readonly layers: readonly Directory[];
  /** The content of a file, in pieces that are valid until the next is requested; undefined for a file of the base. */
  readonly content: (file: Leaf) => Iterable<Buffer> | undefined;
}

/** An image in an engine. */
export interface StoredImage {
  /** `sha256:…` */
  readonly id: string;
  /** Bytes, as the engine counts them. */
  readonly size: number | undefined;
  /** @default unknown: that of the host, if there are several */
  readonly platform?: Pick<ImageConfig, 'os' | 'architecture' | 'variant'> | undefined;
  /** Opens the archive of `docker save`, which the caller reads or destroys. */
  readonly open: (signal: AbortSignal) => Promise<Readable>;
}

/** Checks an image: with limits before it is written or pushed. Rejects with the violation. */
export interface ImageCheck {
  /** Whether it may reject a valid image. */
  readonly hasLimits: boolean;
  /**
   * Returns an observer of the context, which may make it unnecessary to read the image; undefined if nothing can.
   * @internal
   */
  observe(request: EngineRequest): Promise<EntryObserver | undefined>;
  assembled(system: AssembledSystem): Promise<void>;
  /** Whether the check reads more of a file than these first bytes. Files of configurations are always read. */
  needsContent(head: Buffer): Promise<boolean>;
  stored(image: StoredImage): Promise<void>;
  /**
   * Reports findings about an image that was pushed already. Never rejects.
   * @internal
   */
  pushed(open: () => Promise<Image>): Promise<void>;
}

/** The complete options of a build, and values derived from them. */
export interface EngineRequest extends ImageOptions {
  /** The Dockerfile's path inside the context. */
  readonly file: string;
  /** Paths that instructions must not see because .dockerignore excludes them, such as the Dockerfile. */
  readonly concealed: readonly string[];
  /** Whether .dockerignore or `exclude` keeps a clean source of COPY, and everything below it, out of the context. */
  readonly ignores: (source: string) => boolean;
  /** Registries that may use plain HTTP, or a certificate that cannot be verified. */
  readonly insecure: readonly string[];
  readonly check: ImageCheck | undefined;
  /** Receives the result once no check can change it, before an image is read to find problems in it. Never rejects. */
  readonly deliver?: ((result: BuildResult) => Promise<void>) | undefined;
  readonly report: Report;
  /** Aborted on SIGINT and SIGTERM: the engine stops at once, removes temporary files, and rejects with its reason. */
  readonly signal: AbortSignal;
}

export interface BuildResult {
  /** `sha256:…` of the configuration, or of the manifest in a containerd image store. */
  readonly imageId: string;
  /** The content of `--metadata-file`, with the keys of buildx. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Bytes of the image, as the engine counts them. */
  readonly size?: number;
  /** The layers for the first platform, if the embedded engine has built the image. */
  readonly layers?: LayersSummary;
}

export interface LayersSummary {
  readonly count: number;
  /** Bytes as stored, usually compressed. */
  readonly bytes: number;
}

/** An engine that receives the entries of a context, not a tar. */
export interface EntryEngine {
  begin(request: EngineRequest): EntryBuild;
}

export interface EntryBuild {
  /** Receives the entries of the context. */
  readonly entries: WalkHandler;
  /** Backpressure: a promise while the context must wait. */
  ready(): Promise<void> | undefined;
  /** Builds, after all of the context has arrived and is known to be valid. Rejects as an {@link Engine} does. */
  finish(): Promise<BuildResult>;
  /** Stops all work, and removes temporary files. */
  close(): Promise<void>;
}

/** Builds an image from a context. Rejects with a `DockerceptionError` of kind build or engine. */
export type Engine = (context: BuildContext, request: EngineRequest) => Promise<BuildResult>;
