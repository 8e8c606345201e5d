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
import type { SourceTree } from '../steps/execute-step.js';
import type { Images } from './images.js';
import { refuseWindows } from './platform.js';

export interface SourceTreesOptions {
  readonly context: Tree;
  readonly images: Pick<Images, 'find'>;
  readonly spool: Spool;
  /** Packs a directory as a tar. */
  readonly openDirectory: (path: string) => Promise<Readable>;
  readonly signal: AbortSignal;
}

/** A name's image, or the directory of a build context. */
export type NamedSource =
  | { readonly kind: 'image'; readonly image: Image }
  | {
      readonly kind: 'directory';
      /** Its name in messages. */
      readonly name: string;
      readonly tree: () => Promise<Tree>;
    };

/** The file system of an image. */
export interface ImageSystem {
  readonly tree: Tree;
  /** The file system after each layer. Frozen: they share nodes with the tree. */
  readonly layers: readonly Directory[];
}

/** Reads each tree once. */
export class SourceTrees {
  readonly context: SourceTree;
  readonly #options: SourceTreesOptions;
  readonly #directories = new Map<string, Promise<Tree>>();
  readonly #images = new Map<Image, { withContents: boolean; system: Promise<ImageSystem> }>();

  constructor(options: SourceTreesOptions) {
    this.#options = options;
    this.context = { tree: options.context, name: 'the context' };
  }

  /** Resolves a name. */
  async find(name: string, platform: Platform): Promise<NamedSource> {
    const found = await this.#options.images.find(name, platform);
    if (found.kind === 'image') {
      refuseWindows(found.image.config.os, `using ${printable(name)}`);
      return found;
    }
    if (found.kind === 'scratch')
      return { kind: 'directory', name: 'scratch', tree: () => Promise.resolve(new Tree()) };
    const shown = `the build context ${printable(name)}`;
    return { kind: 'directory', name: shown, tree: () => this.#directory(found.path, shown) };
  }

  /** Resolves a name, and reads its tree. */
  async tree(name: string, platform: Platform): Promise<SourceTree> {
    const found = await this.find(name, platform);
    if (found.kind === 'directory') return { tree: await found.tree(), name: found.name };
    const { tree } = await this.imageSystem(found.image, true);
    return { tree, name: `the image ${printable(name)}` };
  }

  /** The file system of an image. Without contents, only its account files can be read, which suffices to add files. */
  imageSystem(image: Image, withContents: boolean): Promise<ImageSystem> {
    const found = this.#images.get(image);
    if (found !== undefined && (found.withContents || !withContents)) return found.system;
    const system = this.#readImage(image, withContents);
    this.#images.set(image, { withContents, system });
    return system;
  }

  #directory(path: string, name: string): Promise<Tree> {
    let found = this.#directories.get(path);
    if (found === undefined) this.#directories.set(path, (found = this.#readDirectory(path, name)));
    return found;
  }

  async #readDirectory(path: string, name: string): Promise<Tree> {
    const { openDirectory, spool: contents } = this.#options;
    const tree = new Tree();
    await unpack(await openDirectory(path), { tree, contents, name, strict: true });
    return tree;
  }

  /** Rejects with BASE_LAYER or BLOB_DIGEST, of kind build, for a damaged layer. */
  async #readImage(image: Image, withContents: boolean): Promise<ImageSystem> {
    const { spool: contents, signal } = this.#options;
    const tree = new Tree();
    const layers: Directory[] = [];
    const filter = withContents ? {} : { keeps: isAccountFile };
    for (const layer of image.layers) {
      signal.throwIfAborted();
      const name = `layer ${layer.digest.slice(0, 19)} of ${image.name}`;
      const stream = await image.blobs.open(layer);
      const abort = (): void => void stream.destroy(signal.reason as Error);
      signal.addEventListener('abort', abort);
      try {
        const tar = await decompress(stream, name);
        await unpack(tar, { tree, contents, name, whiteouts: true, ...filter });
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
