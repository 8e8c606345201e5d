/** Files of a container, read with the archive endpoint. Each request costs the engine some milliseconds. */
import type { BuilderFiles, FileStat } from '../elf/builder-files.js';
import type { Container, PathStat } from '../engine/docker/container.js';
import { isNotFound } from '../engine/docker/failures.js';
import type { EntryHeader } from '../tar/entry-header.js';
import { TarWalk } from '../tar/walk.js';
import type { WalkHandler } from '../tar/walk-handler.js';

/** Go's `os.ModeDir`, `os.ModeSymlink`, and `os.ModeType`, whose bits no regular file has. */
const DIRECTORY = 2 ** 31;
const SYMLINK = 2 ** 27;
const TYPE_BITS = 0x8f280000;
/** Bytes of an archive that are read for a list of names. */
const MAX_LISTED = 256 << 20;

/** Answers each question about a path once. */
export class ContainerFiles implements BuilderFiles {
  readonly #stats = new Map<string, Promise<FileStat | undefined>>();

  constructor(
    private readonly container: Container,
    private readonly signal: AbortSignal,
  ) {}

  lstat(path: string): Promise<FileStat | undefined> {
    let known = this.#stats.get(path);
    if (known === undefined) this.#stats.set(path, (known = this.#lstat(path)));
    return known;
  }

  async #lstat(path: string): Promise<FileStat | undefined> {
    const stat = await this.container.stat(path, this.signal);
    if (stat === undefined) return undefined;
    if (isDirectory(stat)) return { type: 'directory' };
    if (isSymlink(stat))
      return { type: 'symlink', target: (await this.#linkTarget(path)) ?? stat.linkTarget };
    return { type: (stat.mode & TYPE_BITS) === 0 ? 'file' : 'other' };
  }

  async read(path: string): Promise<Buffer | undefined> {
    const pieces: Buffer[] = [];
    const handler: Partial<WalkHandler> = {
      data: (bytes) => void pieces.push(Buffer.from(bytes)),
      hole: (length) => void pieces.push(Buffer.alloc(length)),
    };
    try {
      await readArchive(this.container, path, handler, this.signal);
      return Buffer.concat(pieces);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  list(path: string): Promise<readonly string[]> {
    return namesIn(this.container, path, this.signal);
  }

  /**
   * The target as it is written in the link; the answer to HEAD has the resolved one. Undefined with Podman, which sends
   * the file in place of the link.
   */
  async #linkTarget(path: string): Promise<string | undefined> {
    let target: string | undefined;
    let isRead = false;
    const entry = ({ type, linkpath }: EntryHeader): void => {
      if (!isRead && type === 'symlink') target = linkpath;
      isRead = true;
    };
    await readArchive(this.container, path, { entry }, this.signal, () => isRead);
    return target;
  }
}

export function isSymlink({ mode }: PathStat): boolean {
  return Math.floor(mode / SYMLINK) % 2 === 1;
}

export function isDirectory({ mode }: PathStat): boolean {
  return Math.floor(mode / DIRECTORY) % 2 === 1;
}

/** The names in a directory, as far as the first 256 MiB of its archive contain them. */
export async function namesIn(
  container: Container,
  folder: string,
  signal: AbortSignal,
): Promise<string[]> {
  const names = new Set<string>();
  const entry = ({ path }: EntryHeader): void => {
    // Paths start with the name of the directory.
    const name = path.replace(/^(?:\.?\/)+/, '').split('/')[folder === '/' ? 0 : 1];
    if (name !== undefined && name !== '') names.add(name);
  };
  await readArchive(container, folder, { entry }, signal, (bytes) => bytes > MAX_LISTED);
  return [...names];
}

/**
 * Reads the archive of a path.
 *
 * @param hasEnough stops the reading; receives the bytes read so far. @default never
 */
export async function readArchive(
  container: Container,
  path: string,
  handler: Partial<WalkHandler>,
  signal: AbortSignal,
  hasEnough: (bytes: number) => boolean = () => false,
): Promise<void> {
  const ignored = { entry: () => undefined, data: () => undefined, hole: () => undefined };
  const view = new TarWalk({ ...ignored, ...handler });
  for await (const chunk of await container.archive(path, signal)) {
    view.push(chunk as Buffer);
    if (hasEnough(view.offset)) return;
  }
  view.end();
}
