/** Finds the images of FROM and COPY --from: a build context of that name, else an image of a registry. */
import { DockerceptionError } from '../../../errors.js';
import { type BlobCache, openBlobCache } from '../../../image/blob-cache.js';
import { ociMediaType, type Platform } from '../../../image/descriptor.js';
import type { ImageReader } from '../../../image/image-reader.js';
import { type DiskImageUrl, openImageReader, parseImageUrl } from '../../../image/image-url.js';
import type { Image } from '../../../image/manifest.js';
import { formatPlatform } from '../../../image/platform.js';
import { formatReference, parseReference, tryParseReference } from '../../../image/reference.js';
import type { RegistrySettings } from '../../../image/registry/settings.js';

export interface ImagesOptions {
  /** From name to `docker-image://…`, `oci-layout://…`, …, or a directory. */
  readonly contexts: Readonly<Record<string, string>>;
  readonly registry: RegistrySettings;
  /** Whether an engine that can build instead has an image. @default no engine can build */
  readonly engineHas?: ((reference: string) => Promise<boolean>) | undefined;
}

/** What a name refers to. */
type Found =
  | { readonly kind: 'image'; readonly image: Image }
  | { readonly kind: 'scratch' }
  | { readonly kind: 'directory'; readonly path: string };

/** The error code for an image that no registry has, but the engine. */
const BASE_IN_ENGINE = 'BASE_IN_ENGINE';

/** Whether an engine can build what this one cannot. */
export function needsEngine(error: unknown): error is DockerceptionError {
  return hasCode(error, 'DOCKERFILE_RUN', BASE_IN_ENGINE);
}

function hasCode(error: unknown, ...codes: readonly string[]): error is DockerceptionError {
  return error instanceof DockerceptionError && codes.includes(error.code);
}

/** The registry does not have the image, or denies access to it. */
const UNAVAILABLE = [
  'REGISTRY_NOT_FOUND',
  'REGISTRY_DENIED',
  'REGISTRY_UNREACHABLE',
  'REGISTRY_FAILED',
];

export class Images {
  readonly #options: ImagesOptions;
  readonly #found = new Map<string, Promise<Found>>();
  readonly #readers: ImageReader[] = [];
  #cache: Promise<BlobCache> | undefined;

  constructor(options: ImagesOptions) {
    this.#options = options;
  }

  /** Looks a name up, once for each platform. Rejects with an error that names the image. */
  find(name: string, platform: Platform): Promise<Found> {
    const key = `${formatPlatform(platform)} ${name}`;
    let found = this.#found.get(key);
    if (found === undefined) this.#found.set(key, (found = this.#find(name, platform)));
    return found;
  }

  /** Closes the readers. Downloaded layers stay in the cache. */
  async close(): Promise<void> {
    for (const reader of this.#readers) await reader.close();
    await (await this.#cache)?.close();
  }

  async #find(name: string, platform: Platform): Promise<Found> {
    const context = this.#context(name);
    if (context === undefined) {
      checkName(name);
      return { kind: 'image', image: await this.#pull(name, platform) };
    }
    const url = parseImageUrl(context);
    // As in FROM, `scratch` is no image.
    if (url?.scheme === 'docker-image' && url.rest === 'scratch') return { kind: 'scratch' };
    if (url?.scheme === 'docker-image')
      return { kind: 'image', image: await this.#pull(url.rest, platform) };
    if (url !== undefined) return { kind: 'image', image: await this.#read(url, platform) };
    if (!/^[a-z][a-z0-9+.-]*:\/\/|^git@/i.test(context))
      return { kind: 'directory', path: context };
    const message = `reading --build-context ${name}: the embedded engine can't fetch ${context}`;
    const hint =
      'a directory, docker-image://, oci-layout://, oci-archive:// or docker-archive://; or --engine docker';
    throw new DockerceptionError('usage', 'BUILD_CONTEXT_UNSUPPORTED', message, { hint });
  }

  /** A build context hides an image of the same name, in every spelling of the name. */
  #context(name: string): string | undefined {
    const { contexts } = this.#options;
    const full = nameIn(name);
    const key = Object.keys(contexts).find(
      (each) =>
        each === name ||
        each.toLowerCase() === name.toLowerCase() ||
        (full !== undefined && nameIn(each) === full),
    );
    return key === undefined ? undefined : contexts[key];
  }

  async #pull(name: string, platform: Platform): Promise<Image> {
    const { pullFromRegistry } = await import('../../../image/registry/pull.js');
    const cache = await (this.#cache ??= openBlobCache(this.#options.registry.env));
    const { registry, engineHas } = this.#options;
    try {
      return await pullFromRegistry(parseReference(name), platform, { ...registry, cache });
    } catch (error) {
      if (engineHas === undefined || !hasCode(error, ...UNAVAILABLE)) throw error;
      if (!(await engineHas(name))) throw error;
      const message = `${error.message}, but the engine has it`;
      throw new DockerceptionError('build', BASE_IN_ENGINE, message, { cause: error });
    }
  }

  async #read(url: DiskImageUrl, platform: Platform): Promise<Image> {
    const reader = await openImageReader(url);
    this.#readers.push(reader);
    const image = await reader.image(platform);
    const layers = image.layers.map((layer) => ({
      ...layer,
      mediaType: ociMediaType(layer.mediaType),
    }));
    return { ...image, layers };
  }
}

/** Reports an invalid name as an error of the Dockerfile, not of the command line. */
function checkName(name: string): void {
  try {
    parseReference(name);
  } catch (error) {
    throw error instanceof DockerceptionError ? error.with({ kind: 'build' }) : error;
  }
}

/** In full; undefined for a context's name that no image could have. */
function nameIn(name: string): string | undefined {
  const reference = tryParseReference(name);
  return reference && formatReference(reference);
}
