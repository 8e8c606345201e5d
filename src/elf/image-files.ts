/** The files of the image: artifacts at their destinations, paths to copy from the builder, and links to add. */
import { posix } from 'node:path';
import type { Located, Root } from './builder-files.js';
import type { PlacedDirectory } from './search-order.js';

export class ImageFiles {
  readonly paths = new Set<string>();
  readonly links = new Map<string, string>();
  /** Links that can't be added, since another file has their path. */
  readonly refused: { readonly name: string; readonly target: string }[] = [];

  /** @param artifacts paths in the builder, by known destinations in the image */
  constructor(
    private readonly root: Root,
    private readonly artifacts: ReadonlyMap<string, string>,
  ) {}

  /** The path in the builder of the artifact with this destination, if any. */
  artifactAt(path: string): string | undefined {
    return this.artifacts.get(posix.resolve(path));
  }

  /** Copies a path of the builder to the same path, unless an artifact has it. */
  async add(path: string): Promise<void> {
    if (this.artifactAt(path) === undefined) this.#addLocated(await this.root.locate(path));
  }

  /**
   * Adds a library, and a link if the loader does not search its directory in the image.
   * @param directory in which it was found
   * @param linkFolder that the loader searches in the image, if any
   * @returns the directory in which the loader finds it in the image; undefined if it doesn't
   */
  async provide(
    name: string,
    directory: PlacedDirectory,
    found: Located,
    linkFolder: string | undefined,
  ): Promise<string | undefined> {
    const { path, image } = directory;
    const base = posix.basename(name);
    if (image !== undefined && this.artifactAt(`${image}/${base}`) !== undefined) return image;
    this.#addLocated(found);
    if (image === path) return image;
    if (linkFolder === undefined) this.refused.push({ name, target: found.path });
    else await this.#link(`${linkFolder}/${base}`, found.path);
    return linkFolder;
  }

  async #link(path: string, target: string): Promise<void> {
    const folder = await this.root.locate(posix.dirname(path));
    for (const link of folder.links) this.paths.add(link);
    const at = posix.join(folder.path, posix.basename(path));
    if (at === target) return;
    if ((this.links.get(at) ?? target) === target) this.links.set(at, target);
    else this.refused.push({ name: posix.basename(at), target });
  }

  /** Called after the last addition. Removes links whose path is that of an added file. */
  async removeShadowedLinks(): Promise<void> {
    for (const [path, target] of this.links) {
      if (!this.paths.has(path)) continue;
      this.links.delete(path);
      if ((await this.root.locate(path)).path !== target)
        this.refused.push({ name: posix.basename(path), target });
    }
  }

  #addLocated(found: Located): void {
    for (const path of [...found.links, found.path]) this.paths.add(path);
  }
}
