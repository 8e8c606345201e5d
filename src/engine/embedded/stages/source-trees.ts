/**
 * The images and file trees that FROM and COPY --from name, except stages: the context, a build context of that name,
 * else an image of a registry.
 */
import { addAbortSignal, type Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { decompress } from '../../../compression/decompress.js';
import { DockerceptionError } from '../../../errors.js';
import type { Directory } from '../../../filesystem/node.js';
import { Tree } from '../../../filesystem/tree.js';
import { unpack } from '../../../filesystem/unpack.js';
import { type BlobCache, openBlobCache } from '../../../image/cache/blob-cache.js';
import type { Descriptor, Platform } from '../../../image/descriptor.js';
import { type DiskImageUrl, openImage, parseImageUrl } from '../../../image/image-url.js';
import type { Image } from '../../../image/manifest.js';
import { formatPlatform } from '../../../image/platform.js';
import { formatReference, parseReference, tryParseReference } from '../../../image/reference.js';
import type { RegistrySettings } from '../../../image/registry/settings.js';
import { printable } from '../../../text/printable.js';
import type { Spool } from '../spool/spool.js';
import { ACCOUNT_FILES } from '../steps/accounts.js';
import type { SourceTree } from '../steps/execute-step.js';
import { refuseWindows } from './platform.js';

export interface SourceTreesOptions {
  readonly context: Tree;
  /** From name to `docker-image://…`, `oci-layout://…`, …, or a directory. */
  readonly contexts: Readonly<Record<string, string>>;
  readonly registry: RegistrySettings;
  /** Of layers from registries. @default the environment's */
  readonly cacheDir?: string | undefined;
  /** Whether an engine that can build instead has an image. @default no engine can build */
  readonly engineHas?: ((reference: string) => Promise<boolean>) | undefined;
  /** Whether only the context is available, as in a prediction. */
  readonly contextOnly: boolean;
  readonly spool: Spool;
  /** Packs a directory as a tar. */
  readonly openDirectory: (path: string) => Promise<Readable>;
}

/** What a name refers to. */
export interface NamedSource {
  /** Its name in messages. */
  readonly name: string;
  /** Undefined for the directory of a build context, and for scratch. */
  readonly image?: Image;
  readonly tree: () => Promise<Tree>;
}

/** The file system of an image. */
export interface ImageSystem {
  readonly tree: Tree;
  /** The file system after each layer. Frozen: they share nodes with the tree. */
  readonly layers: readonly Directory[];
}

/** Whether an engine can build what this one cannot. */
export function needsEngine(error: unknown): error is DockerceptionError {
  return hasCode(error, 'DOCKERFILE_RUN', 'BASE_IN_ENGINE');
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

/** Reads each tree once. */
export class SourceTrees {
  readonly context: SourceTree;
  readonly #found = new Map<string, Promise<NamedSource>>();
  readonly #directories = new Map<string, Promise<Tree>>();
  readonly #images = new Map<Image, { withContents: boolean; system: Promise<ImageSystem> }>();
  readonly #opened: Image[] = [];
  #cache: Promise<BlobCache> | undefined;

  constructor(private readonly options: SourceTreesOptions) {
    this.context = { tree: options.context, name: 'the context' };
  }

  /** Looks a name up, once for each platform. Rejects with an error that names the image. */
  find(name: string, platform: Platform): Promise<NamedSource> {
    return once(this.#found, `${formatPlatform(platform)} ${name}`, () =>
      this.#find(name, platform),
    );
  }

  /** The file system of an image. Without contents, only its account files can be read, which suffices to add files. */
  imageSystem(image: Image, withContents: boolean): Promise<ImageSystem> {
    const found = this.#images.get(image);
    if (found !== undefined && (found.withContents || !withContents)) return found.system;
    const system = this.#readImage(image, withContents);
    this.#images.set(image, { withContents, system });
    return system;
  }

  /** Closes the archives. Downloaded layers stay in the cache. */
  async close(): Promise<void> {
    for (const image of this.#opened) await image.close?.();
    await (await this.#cache)?.close();
  }

  async #find(name: string, platform: Platform): Promise<NamedSource> {
    if (this.options.contextOnly) throw new Error('a prediction uses no images');
    const context = this.#context(name);
    if (context === undefined) {
      try {
        parseReference(name);
      } catch (error) {
        // The error is one of the Dockerfile, not of the command line.
        throw error instanceof DockerceptionError ? error.with({ kind: 'build' }) : error;
      }
      return this.#image(name, await this.#pull(name, platform));
    }
    const url = parseImageUrl(context);
    // As in FROM, `scratch` is no image.
    if (url?.scheme === 'docker-image' && url.rest === 'scratch')
      return { name: 'scratch', tree: () => Promise.resolve(new Tree()) };
    if (url?.scheme === 'docker-image')
      return this.#image(name, await this.#pull(url.rest, platform));
    if (url !== undefined) return this.#image(name, await this.#read(url, platform));
    if (!/^[a-z][a-z0-9+.-]*:\/\/|^git@/i.test(context)) {
      const shown = `the build context ${printable(name)}`;
      const tree = (): Promise<Tree> => this.#readDirectory(context, shown);
      return { name: shown, tree: () => once(this.#directories, context, tree) };
    }
    const message = `reading \`buildContexts: ${name}\`: the embedded engine can't fetch ${context}`;
    const hint =
      'a directory, docker-image://, oci-layout://, oci-archive:// or docker-archive://; or `engine: docker`';
    throw new DockerceptionError('usage', 'BUILD_CONTEXT_UNSUPPORTED', message, { hint });
  }

  #image(name: string, image: Image): NamedSource {
    refuseWindows(image.config.os, `using ${printable(name)}`);
    const tree = async (): Promise<Tree> => (await this.imageSystem(image, true)).tree;
    return { name: `the image ${printable(name)}`, image, tree };
  }

  /** A build context hides an image of the same name, in every spelling of the name. */
  #context(name: string): string | undefined {
    const full = nameIn(name);
    return Object.entries(this.options.contexts).find(
      ([each]) =>
        each === name ||
        each.toLowerCase() === name.toLowerCase() ||
        (full !== undefined && nameIn(each) === full),
    )?.[1];
  }

  async #pull(name: string, platform: Platform): Promise<Image> {
    const { pullFromRegistry } = await import('../../../image/registry/pull.js');
    const { registry, cacheDir, engineHas } = this.options;
    const cache = await (this.#cache ??= openBlobCache(registry.env, cacheDir));
    try {
      return await pullFromRegistry(parseReference(name), platform, registry, cache);
    } catch (error) {
      if (engineHas === undefined || !hasCode(error, ...UNAVAILABLE)) throw error;
      if (!(await engineHas(name))) throw error;
      const message = `${error.message}, but the engine has it`;
      throw new DockerceptionError('build', 'BASE_IN_ENGINE', message, { cause: error });
    }
  }

  async #read(url: DiskImageUrl, platform: Platform): Promise<Image> {
    const image = await openImage(url, platform);
    this.#opened.push(image);
    return image;
  }

  async #readDirectory(path: string, name: string): Promise<Tree> {
    const { openDirectory, spool: contents } = this.options;
    const tree = new Tree();
    await unpack(await openDirectory(path), { tree, contents, name, strict: true });
    return tree;
  }

  /** Rejects with BASE_LAYER or BLOB_DIGEST, of kind build, for a damaged layer. */
  async #readImage(image: Image, withContents: boolean): Promise<ImageSystem> {
    const { spool: contents, registry } = this.options;
    const { signal } = registry;
    const tree = new Tree();
    const layers: Directory[] = [];
    const filter = withContents ? {} : { keeps: (path: string) => ACCOUNT_FILES.includes(path) };
    for (const layer of image.layers) {
      signal.throwIfAborted();
      const name = `layer ${layer.digest.slice(0, 19)} of ${image.name}`;
      const stream = addAbortSignal(signal, await image.blobs.open(layer));
      try {
        const tar = await decompress(stream, name);
        await unpack(tar, { tree, contents, name, whiteouts: true, ...filter });
        layers.push(tree.freeze());
      } catch (error) {
        signal.throwIfAborted();
        throw await asBuildError(error, image, layer);
      } finally {
        stream.destroy();
      }
    }
    return { tree, layers };
  }
}

function once<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  let found = known.get(key);
  if (found === undefined) known.set(key, (found = find()));
  return found;
}

/**
 * A damaged layer is not an error of the context. The unpacker may fail before the end of a blob, where its digest is
 * checked, so the blob is read again: a wrong digest is the better message.
 */
async function asBuildError(error: unknown, image: Image, layer: Descriptor): Promise<unknown> {
  if (!(error instanceof DockerceptionError) || error.kind !== 'context') return error;
  try {
    await finished((await image.blobs.open(layer)).resume());
  } catch (damage) {
    if (damage instanceof DockerceptionError) return damage;
  }
  return new DockerceptionError('build', 'BASE_LAYER', error.message, { cause: error });
}

/** In full; undefined for a context's name that no image could have. */
function nameIn(name: string): string | undefined {
  const reference = tryParseReference(name);
  return reference && formatReference(reference);
}
