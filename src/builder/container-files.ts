/**
 * A container's file system, read one question at a time over the archive endpoint. Each answer costs the engine some
 * milliseconds, so what is at a path is asked once.
 */
import { type Container, isNotFound } from '../engine/docker/index.js';
import type { BuilderFiles, FileStat } from '../elf/builder-files.js';
import type { ViewedEntry, ViewHandler } from '../tar/entry-view.js';
import { isDirectory, isSymlink } from './artifact-path.js';
import { namesIn } from './listing.js';
import { readArchive } from './read-archive.js';

/** Go's `os.ModeType`: what is set in it is no ordinary file. */
const TYPE_BITS = 0x8f280000;

export class ContainerFiles implements BuilderFiles {
  readonly #container: Container;
  readonly #signal: AbortSignal;
  readonly #stats = new Map<string, Promise<FileStat | undefined>>();

  constructor(container: Container, signal: AbortSignal) {
    this.#container = container;
    this.#signal = signal;
  }

  lstat(path: string): Promise<FileStat | undefined> {
    let known = this.#stats.get(path);
    if (known === undefined) this.#stats.set(path, (known = this.#lstat(path)));
    return known;
  }

  async #lstat(path: string): Promise<FileStat | undefined> {
    const stat = await this.#container.stat(path, this.#signal);
    if (stat === undefined) return undefined;
    if (isDirectory(stat)) return { type: 'directory' };
    if (isSymlink(stat))
      return { type: 'symlink', target: (await this.#textOfLink(path)) ?? stat.linkTarget };
    return { type: (stat.mode & TYPE_BITS) === 0 ? 'file' : 'other' };
  }

  /** The archive of a file has one entry. */
  async read(path: string): Promise<Buffer | undefined> {
    const pieces: Buffer[] = [];
    const handler: ViewHandler = {
      entry: () => undefined,
      data: (bytes) => void pieces.push(Buffer.from(bytes)),
      hole: (length) => void pieces.push(Buffer.alloc(length)),
    };
    try {
      await readArchive(this.#container, path, handler, this.#signal);
      return Buffer.concat(pieces);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  list(path: string): Promise<readonly string[]> {
    return namesIn(this.#container, path, this.#signal);
  }

  /**
   * What a link says itself: the engine's answer to HEAD tells where it leads in the end. Undefined with Podman,
   * whose archive of a link is that of its target.
   */
  async #textOfLink(path: string): Promise<string | undefined> {
    let text: string | undefined;
    let seen = false;
    const entry = ({ type, linkpath }: ViewedEntry): void => {
      if (!seen && type === 'symlink') text = linkpath;
      seen = true;
    };
    await readArchive(this.#container, path, { entry }, this.#signal, () => seen);
    return text;
  }
}
