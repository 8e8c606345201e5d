/** What every engine is: a context in, an image out. */
import type { Readable } from 'node:stream';
import type { Report } from '../progress/events.js';

/**
 * A corrected context. The stream ends only when all of it is known to be good; otherwise it is
 * destroyed with the first error, and an engine must then leave no image behind and reject with
 * that very error.
 */
export interface BuildContext {
  readonly stream: Readable;
}

/** Where an image goes, as `-o` tells it. */
export interface Output {
  readonly type: 'docker' | 'oci' | 'tar' | 'local';
  /** A path, or `-` for standard output. */
  readonly dest: string;
  /** Any other attribute (`tar=false`, …). */
  readonly attributes: Readonly<Record<string, string>>;
}

/** The options of `docker buildx build` that an engine gets. */
export interface BuildOptions {
  /** The Dockerfile's path inside the context. */
  readonly file: string;
  readonly tags: readonly string[];
  /** A value of `undefined` was already looked up in the environment and isn't there. */
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly target: string | undefined;
  readonly platforms: readonly string[];
  readonly noCache: boolean;
  readonly pull: boolean;
  readonly network: string | undefined;
  /** `HOST:IP`, as `--add-host` has it. */
  readonly addHosts: readonly string[];
  /** `NAME` to `docker-image://…`, a directory, …, as `--build-context` has it. */
  readonly buildContexts: Readonly<Record<string, string>>;
  readonly push: boolean;
  readonly outputs: readonly Output[];
  readonly report: Report;
  /** Aborted on SIGINT and SIGTERM: stop at once, leave nothing behind, reject with its reason. */
  readonly signal: AbortSignal;
}

/** What was made. */
export interface BuildResult {
  /** `sha256:…` of the image's configuration (the manifest's digest in a containerd image store). */
  readonly imageId: string;
  /** What `--metadata-file` gets, with the keys that buildx uses. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Builds an image from a context. Rejects with a `DockerceptionError` of kind build or engine. */
export type Engine = (context: BuildContext, options: BuildOptions) => Promise<BuildResult>;
