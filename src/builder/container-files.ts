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
    if (isSymlink(stat))
      return { type: 'symlink', target: (await this.#textOfLink(path)) ?? stat.linkTarget };
    return { type: (stat.mode & TYPE_BITS) === 0 ? 'file' : 'other' };
  }

  /** The archive of a file has one entry. */
  async read(path: string): Promise<Buffer | undefined> {
    if ((await this.#container.stat(path, this.#signal)) === undefined) return undefined;
    const pieces: Buffer[] = [];
    const view = new EntryView({
      entry: () => undefined,
      data: (bytes) => void pieces.push(Buffer.from(bytes)),
      hole: (length) => void pieces.push(Buffer.alloc(length)),
    });
    for await (const chunk of await this.#container.archive(path, this.#signal))
      view.push(chunk as Buffer);
    view.end();
    return Buffer.concat(pieces);
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
    const view = new EntryView({
      entry: (entry) => {
        if (!seen && entry.type === 'symlink') text = entry.linkpath;
        seen = true;
      },
      data: () => undefined,
      hole: () => undefined,
    });
    for await (const chunk of await this.#container.archive(path, this.#signal)) {
      view.push(chunk as Buffer);
      if (seen) break;
    }
    return text;
  }
}
