/**
 * A container's file system, read one question at a time over the archive endpoint. Each answer costs the engine some
 * milliseconds, so whoever asks remembers.
 */
import { EntryView } from '../tar/entry-view.js';
import type { Container } from '../engine/docker/index.js';
import type { BuilderFiles, FileStat } from '../libs/index.js';
import { isDirectory, isSymlink } from './artifact-path.js';
import { namesIn } from './listing.js';

/** Go's `os.ModeType`: what is set in it is no ordinary file. */
const TYPE_BITS = 0x8f280000;

export class ContainerFiles implements BuilderFiles {
  readonly #container: Container;
  readonly #signal: AbortSignal;

  constructor(container: Container, signal: AbortSignal) {
    this.#container = container;
    this.#signal = signal;
  }

  async lstat(path: string): Promise<FileStat | undefined> {
    const stat = await this.#container.stat(path, this.#signal);
    if (stat === undefined) return undefined;
    if (isDirectory(stat)) return { type: 'directory' };
    // The engine tells where a link leads in the end; its own text is in the archive alone.
    if (isSymlink(stat)) return { type: 'symlink', target: (await this.#first(path)).target };
    return { type: (stat.mode & TYPE_BITS) === 0 ? 'file' : 'other' };
  }

  async read(path: string): Promise<Buffer | undefined> {
    const stat = await this.#container.stat(path, this.#signal);
    return stat === undefined ? undefined : (await this.#first(path)).content;
  }

  list(path: string): Promise<readonly string[]> {
    return namesIn(this.#container, path, this.#signal);
  }

  /** The archive of what is no directory has one entry. */
  async #first(path: string): Promise<{ readonly target: string; readonly content: Buffer }> {
    let target = '';
    const pieces: Buffer[] = [];
    const view = new EntryView({
      entry: (entry) => {
        target = entry.linkpath;
      },
      data: (bytes) => void pieces.push(Buffer.from(bytes)),
      hole: (length) => void pieces.push(Buffer.alloc(length)),
    });
    for await (const chunk of await this.#container.archive(path, this.#signal))
      view.push(chunk as Buffer);
    view.end();
    return { target, content: Buffer.concat(pieces) };
  }
}
