/**
 * What the image will have: the artifacts at their places, the paths to take out of the builder, and
 * the links to add. What comes twice is there once.
 */
import { posix } from 'node:path';
import type { Located, Root } from './builder-files.js';
import type { Loader } from './loader.js';
import type { SearchedDirectory } from './tokens.js';

export class ImageFiles {
  readonly paths = new Set<string>();
  readonly links = new Map<string, string>();
  /** Links that were wanted where something else is already. */
  readonly refused: { readonly name: string; readonly target: string }[] = [];
  readonly #root: Root;
  readonly #artifacts: ReadonlyMap<string, string>;

  /** @param artifacts those whose place in the image is known: from there to the builder */
  constructor(root: Root, artifacts: ReadonlyMap<string, string>) {
    this.#root = root;
    this.#artifacts = artifacts;
  }

  /** Where an artifact comes from that the image has at a path; undefined when none is there. */
  artifactAt(path: string): string | undefined {
    return this.#artifacts.get(posix.resolve(path));
  }

  /** Takes what is at a path of the builder to the same path. */
  async takeUnlessArtifact(path: string): Promise<void> {
    if (this.artifactAt(path) === undefined) this.#take(await this.#root.locate(path));
  }

  /**
   * Sees to it that a library is found in the image as it was in the builder.
   * @param directory where it was found
   * @returns the directory in which the loader will find it; undefined when it won't
   */
  async provide(
    name: string,
    directory: SearchedDirectory,
    found: Located,
    loader: Loader,
    isDefaultSearched: boolean,
  ): Promise<string | undefined> {
    const { path, image } = directory;
    const base = posix.basename(name);
    if (image !== undefined && this.artifactAt(`${image}/${base}`) !== undefined) return image;
    this.#take(found);
    if (image === path) return image;
    const linked = isDefaultSearched ? loader.defaults[0] : undefined;
    if (linked === undefined) this.refused.push({ name, target: found.path });
    else await this.#link(`${linked}/${base}`, found.path);
    return linked;
  }

  /** Adds a link, and what leads to its folder. */
  async #link(path: string, target: string): Promise<void> {
    const folder = await this.#root.locate(posix.dirname(path));
    for (const link of folder.links) this.paths.add(link);
    const at = posix.join(folder.path, posix.basename(path));
    if (at === target) return;
    if ((this.links.get(at) ?? target) === target) this.links.set(at, target);
    else this.refused.push({ name: posix.basename(at), target });
  }

  /** When everything was taken: a link never replaces a file that is taken. */
  async settle(): Promise<void> {
    for (const [path, target] of this.links) {
      if (!this.paths.has(path)) continue;
      this.links.delete(path);
      if ((await this.#root.locate(path)).path !== target)
        this.refused.push({ name: posix.basename(path), target });
    }
  }

  /** A file, and the links that lead to it. */
  #take(found: Located): void {
    for (const path of [...found.links, found.path]) this.paths.add(path);
  }
}
