/** The file trees that FROM and COPY --from name, except stages: the context, further build contexts, images. */
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { decompress } from '../../../compression/decompress.js';
import { DockerceptionError } from '../../../errors.js';
import type { Directory } from '../../../filesystem/node.js';
import { Tree } from '../../../filesystem/tree.js';
import { unpack } from '../../../filesystem/unpack.js';
import type { Descriptor, Platform } from '../../../image/descriptor.js';
import type { Image } from '../../../image/manifest.js';
import { printable } from '../../../text/printable.js';
import type { Spool } from '../spool/spool.js';
import { ACCOUNT_FILES } from '../steps/accounts.js';
import type { CopyOrigin } from '../steps/execute-step.js';
import { readContext } from './context-tree.js';
import type { Images } from './images.js';
import { refuseWindows } from './platform.js';

export interface OriginsOptions {
  readonly context: Tree;
  readonly images: Pick<Images, 'find'>;
  readonly spool: Spool;
  /** Packs a directory as a tar. */
  readonly openDirectory: (path: string) => Promise<Readable>;
  readonly signal: AbortSignal;
}

/** The base of a stage. A directory is used as if it had been copied to scratch. */
export type Base =
  | { readonly kind: 'image'; readonly image: Image }
  | {
      readonly kind: 'directory';
      /** Its name in messages. */
      readonly name: string;
      tree(): Promise<Tree>;
    };

/** Reads each tree once. */
export class Origins {
  readonly context: CopyOrigin;
  readonly #options: OriginsOptions;
  readonly #directories = new Map<string, Promise<Tree>>();
  readonly #images = new Map<Image, { contents: boolean; system: Promise<ImageSystem> }>();

  constructor(options: OriginsOptions) {
    this.#options = options;
    this.context = { tree: options.context, name: 'the context' };
  }

  /** Resolves the name in FROM. */
  async base(name: string, platform: Platform): Promise<Base> {
    const found = await this.#find(name, platform);
    if (found.kind === 'image') return found;
    if (found.kind === 'scratch')
      return { kind: 'directory', name: 'scratch', tree: () => Promise.resolve(new Tree()) };
    const shown = `the build context ${printable(name)}`;
    return { kind: 'directory', name: shown, tree: () => this.#directory(found.path, shown) };
  }

  /** Resolves the name in COPY --from. */
  async named(name: string, platform: Platform): Promise<CopyOrigin> {
    const found = await this.#find(name, platform);
    if (found.kind === 'image') {
      const { tree } = await this.imageSystem(found.image, true);
      return { tree, name: `the image ${printable(name)}` };
    }
    if (found.kind === 'scratch') return { tree: new Tree(), name: 'scratch' };
    const shown = `the build context ${printable(name)}`;
    return { tree: await this.#directory(found.path, shown), name: shown };
  }

  async #find(name: string, platform: Platform): ReturnType<Images['find']> {
    const found = await this.#options.images.find(name, platform);
    if (found.kind === 'image') refuseWindows(found.image.config.os, `using ${printable(name)}`);
    return found;
  }

  /** The file system of an image; without `contents`, its files cannot be read. */
  imageSystem(image: Image, contents: boolean): Promise<ImageSystem> {
    const found = this.#images.get(image);
    if (found !== undefined && (found.contents || !contents)) return found.system;
    const { spool, signal } = this.#options;
    const system = readFileSystem(image, spool, contents, signal);
    this.#images.set(image, { contents, system });
    return system;
  }

  #directory(path: string, name: string): Promise<Tree> {
    let found = this.#directories.get(path);
    if (found === undefined) {
      found = this.#read(path, name);
      this.#directories.set(path, found);
    }
    return found;
  }

  async #read(path: string, name: string): Promise<Tree> {
    const files = await this.#options.openDirectory(path);
    return (await readContext(files, this.#options.spool, name)).tree;
  }
}

export interface ImageSystem {
  readonly tree: Tree;
  /** The file system after each layer. Frozen: they share nodes with the tree. */
  readonly layers: readonly Directory[];
}

/**
 * Reads the layers of an image. Without `contents` it keeps only the contents of the account files, which suffices to
 * add files. Rejects with BASE_LAYER or BLOB_DIGEST, of kind build, for a damaged layer.
 */
async function readFileSystem(
  image: Image,
  spool: Spool,
  contents: boolean,
  signal: AbortSignal,
): Promise<ImageSystem> {
  const tree = new Tree();
  const layers: Directory[] = [];
  for (const layer of image.layers) {
    signal.throwIfAborted();
    const name = `layer ${layer.digest.slice(0, 19)} of ${image.name}`;
    const stream = await image.blobs.open(layer);
    const abort = (): void => void stream.destroy(signal.reason as Error);
    signal.addEventListener('abort', abort);
    try {
      const keeps = contents ? {} : { keeps: isAccountFile };
      await unpack(await decompress(stream, name), {
        tree,
        contents: spool,
        name,
        whiteouts: true,
        ...keeps,
      });
      layers.push(tree.freeze());
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw await asBuildError(error, image, layer);
    } finally {
      signal.removeEventListener('abort', abort);
      stream.destroy();
    }
  }
  return { tree, layers };
}

function isAccountFile(path: string): boolean {
  return ACCOUNT_FILES.includes(path);
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
