/**
 * The ELF files of a builder, each read once however many programs use it. Of the content only what
 * later questions need is kept: libraries are large, and there are many.
 */
import { remember, type Root } from './builder-files.js';
import { type Elf, readElf } from './elf.js';
import { readTraits, type Traits, WATCHED } from './traits.js';

/** An ELF file, and what else is known of it. */
export interface ElfFile {
  /** Without links. */
  readonly path: string;
  readonly elf: Elf;
  readonly traits: Traits;
}

export class Objects {
  readonly #root: Root;
  readonly #known = new Map<string, Promise<ElfFile | undefined>>();

  constructor(root: Root) {
    this.#root = root;
  }

  /** The program or library at a path without links; undefined when it is none. */
  get(path: string, content?: Buffer): Promise<ElfFile | undefined> {
    return remember(this.#known, path, () => this.#read(path, content));
  }

  async #read(path: string, given: Buffer | undefined): Promise<ElfFile | undefined> {
    const content = given ?? (await this.#root.read(path));
    const elf = content && readElf(content, path, WATCHED);
    return content && elf && { path, elf, traits: readTraits(content) };
  }
}
