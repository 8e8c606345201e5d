/** Trees that instructions take files from, beside stages: the context, others by name, images. */
import type { Readable } from 'node:stream';
import type { Platform } from '../../../image/descriptor.js';
import type { Image } from '../../../image/manifest.js';
import { printable } from '../../../tar/printable.js';
import { readImage, type ImageSystem } from './base.js';
import { readContext } from './context-tree.js';
import type { CopyOrigin } from '../steps/execute-step.js';
import type { Images } from './images.js';
import type { Spool } from '../spool/spool.js';
import { Tree } from '../../../filesystem/tree.js';
import { refuseWindows } from './windows.js';

/** What they are made from. */
export interface OriginsOptions {
  readonly context: Tree;
  readonly images: Pick<Images, 'find'>;
  readonly spool: Spool;
  /** A directory as a tar. */
  readonly openDirectory: (path: string) => Promise<Readable>;
  readonly signal: AbortSignal;
}

/** What a stage is built upon; a directory is as if it had been copied to scratch. */
export type Base =
  | { readonly kind: 'image'; readonly image: Image }
  | {
      readonly kind: 'directory';
      /** What messages call it. */
      readonly name: string;
      tree(): Promise<Tree>;
    };

/** Each tree is read once. */
export class Origins {
  readonly context: CopyOrigin;
  readonly #options: OriginsOptions;
  readonly #directories = new Map<string, Promise<Tree>>();
  readonly #images = new Map<Image, { contents: boolean; system: Promise<ImageSystem> }>();

  constructor(options: OriginsOptions) {
    this.#options = options;
    this.context = { tree: options.context, name: 'the context' };
  }

  /** What FROM names, when it is no stage. */
  async base(name: string, platform: Platform): Promise<Base> {
    const found = await this.#find(name, platform);
    if (found.kind === 'image') return found;
    if (found.kind === 'scratch')
      return { kind: 'directory', name: 'scratch', tree: () => Promise.resolve(new Tree()) };
    const shown = `the build context ${printable(name)}`;
    return { kind: 'directory', name: shown, tree: () => this.#directory(found.path, shown) };
  }

  /** What COPY --from names, when it is no stage. */
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

  /** An image's file system; without `contents` nothing can be taken out of it. */
  imageSystem(image: Image, contents: boolean): Promise<ImageSystem> {
    const found = this.#images.get(image);
    if (found !== undefined && (found.contents || !contents)) return found.system;
    const { spool, signal } = this.#options;
    const system = readImage(image, spool, contents, signal);
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
