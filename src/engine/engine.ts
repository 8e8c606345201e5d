/** What every engine is: a context in, an image out. */
import type { Readable } from 'node:stream';
import type { Directory, Leaf } from '../filesystem/node.js';
import type { ImageConfig } from '../image/config.js';
import type { ImageOptions } from '../options/image.js';
import type { Report } from '../progress/events.js';
import type { WalkHandler } from '../tar/walk-handler.js';

/**
 * A corrected context. The stream ends only when all of it is known to be good; otherwise it is
 * destroyed with the first error, and an engine must then leave no image behind and reject with
 * that very error.
 */
export interface BuildContext {
  readonly stream: Readable;
}

/** An image that was put together here, before it is written, for one platform. */
export interface AssembledSystem {
  readonly config: Pick<ImageConfig, 'os' | 'architecture' | 'variant' | 'config'>;
  /** The file system after each layer, from the lowest up. Frozen. */
  readonly layers: readonly Directory[];
  /**
   * The content of a file, in pieces that are valid until another one is asked for, of this file or the next;
   * undefined where it wasn't kept: an image's that it is built upon.
   */
  readonly content: (file: Leaf) => Iterable<Buffer> | undefined;
}

/** An image that an engine keeps. */
export interface StoredImage {
  /** `sha256:…` */
  readonly id: string;
  /** Bytes, as the engine counts them; undefined where it doesn't say. */
  readonly size: number | undefined;
  /** Its archive, as `docker save` has it. The caller reads or destroys it; the signal ends the wait for it. */
  readonly open: (signal: AbortSignal) => Promise<Readable>;
}

/** Looks into an image before it is written or pushed. Rejects with what forbids it. */
export interface ImageCheck {
  /** Whether it may reject an image that is good. */
  readonly hasLimits: boolean;
  assembled(system: AssembledSystem): Promise<void>;
  /** Whether the check reads more of a file than these first bytes, unless the file's name is that of a configuration. */
  needsContent(head: Buffer): Promise<boolean>;
  stored(image: StoredImage): Promise<void>;
}

/** What an engine is to build: complete options, and what is derived from the others. */
export interface EngineRequest extends ImageOptions {
  /** The Dockerfile's path inside the context. */
  readonly file: string;
  /** Paths of the context that no instruction may see: .dockerignore excludes them, the engine reads the Dockerfile. */
  readonly concealed: readonly string[];
  /** Hosts of registries that may be reached over plain HTTP, or with a certificate that can't be verified. */
  readonly insecure: readonly string[];
  /** Undefined if the image isn't checked. */
  readonly check: ImageCheck | undefined;
  readonly report: Report;
  /** Aborted on SIGINT and SIGTERM: stop at once, remove what is temporary, reject with its reason. */
  readonly signal: AbortSignal;
}

/** What was made. */
export interface BuildResult {
  /** `sha256:…` of the image's configuration (the manifest's digest in a containerd image store). */
  readonly imageId: string;
  /** What `--metadata-file` gets, with the keys that buildx uses. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Bytes of the image, as the engine that keeps it counts them. */
  readonly size?: number;
  /** What the image is made of, when it was put together here; of the first platform. */
  readonly layers?: LayersSummary;
}

/** An image's layers in short. */
export interface LayersSummary {
  readonly count: number;
  /** Bytes, as they are stored: compressed, as a rule. */
  readonly bytes: number;
}

/** An engine that reads a context itself: it gets the entries, and no tar has to be written for it. */
export interface EntryEngine {
  begin(request: EngineRequest): EntryBuild;
}

/** A build under way. */
export interface EntryBuild {
  /** Takes the context's entries as they come. */
  readonly entries: WalkHandler;
  /** Holds the context back while it hasn't settled. */
  ready(): Promise<void> | undefined;
  /** Builds: all of the context has come and is known to be good. Rejects as an {@link Engine} does. */
  finish(): Promise<BuildResult>;
  /** Lets go of everything, whatever became of it: nothing is under way, or left behind, once it has settled. */
  close(): Promise<void>;
}

/** Builds an image from a context. Rejects with a `DockerceptionError` of kind build or engine. */
export type Engine = (context: BuildContext, request: EngineRequest) => Promise<BuildResult>;
