/**
 * The libraries that programs of a builder need in an otherwise empty image: their loader and everything that it loads,
 * at the paths where it searches. Nothing is executed, so programs may be of any architecture.
 */
import { posix } from 'node:path';
import { DockerceptionError } from '../errors.js';
import { listed, printable } from '../text/printable.js';
import { type Architecture, matches, usualLoader } from './architecture.js';
import { type BuilderFiles, remember, Root } from './builder-files.js';
import type { Elf } from './elf.js';
import { type ElfFile, elfFilesOf } from './elf-file.js';
import { ImageFiles } from './image-files.js';
import { isMusl, type Loader, readLoader } from './loader.js';
import { MAX_LISTED, missingError } from './missing.js';
import { type LoadedBinary, noticesOf } from './notices.js';
import { type LoadContext, loadProcess, type Missing, type Process } from './process.js';
import { readInterpreters } from './script.js';
import type { PlacedDirectory } from './search-order.js';

/** An artifact. Only ELF files and scripts matter. */
export interface Binary {
  /** Path in the builder. */
  readonly path: string;
  /** Absolute path in the image, so that a program finds artifacts in its own folder. @default unknown */
  readonly dest?: string;
}

/** What the image needs in addition to the artifacts. */
export interface LibraryResult {
  /** Absolute paths to copy from the builder, sorted: files, and the links that lead to them. None is below a link. */
  readonly paths: readonly string[];
  /** Symbolic links to add: they replace the builder's ld.so.conf. */
  readonly links: readonly { readonly path: string; readonly target: string }[];
  /** Needs that files don't show, one line each. */
  readonly notices: readonly string[];
}

/**
 * Finds the libraries of all artifacts.
 * @param binaries the files among the artifacts; of scripts, the executable ones
 * @throws DockerceptionError of kind builder: LIBS_MISSING if a program would not start, LIBS_INVALID if an ELF file is cut
 *   short or damaged. Libraries that a library lacks are notices: modules for other systems have such
 */
export async function findLibraries(
  binaries: readonly Binary[],
  files: BuilderFiles,
): Promise<LibraryResult> {
  const root = new Root(files);
  const destinations = binaries.flatMap(({ path, dest }) =>
    dest === undefined ? [] : [[posix.resolve('/', dest), path] as const],
  );
  const image = new ImageFiles(root, new Map(destinations));
  const search = new LibrarySearch({ root, image, readFile: elfFilesOf(root) });
  for (const binary of binaries) await search.add(binary);
  await search.addLibraries();
  await image.removeShadowedLinks();
  return {
    paths: [...image.paths].sort(),
    links: [...image.links.keys()]
      .sort()
      .map((path) => ({ path, target: image.links.get(path) as string })),
    notices: [...search.notices(), ...(await noticesOf(root, search.loaded))],
  };
}

interface OpenedBinary {
  readonly path: string;
  readonly file: ElfFile;
  readonly origin: PlacedDirectory;
}

class LibrarySearch {
  readonly loaded: LoadedBinary[] = [];
  readonly #loaders = new Map<string, Promise<Loader>>();
  readonly #added = new Set<string>();
  /** They are loaded last: the loaders of the programs decide which is theirs. */
  readonly #libraries: OpenedBinary[] = [];
  readonly #names = new Set<string>();
  readonly #scripts = new Set<string>();
  readonly #interpreters = new Set<string>();
  readonly #withoutInterpreter: string[] = [];
  readonly #missing: { readonly path: string; readonly missing: Missing }[] = [];

  constructor(private readonly context: LoadContext) {}

  async add({ path, dest }: Binary): Promise<void> {
    const { root, readFile } = this.context;
    const found = await root.locate(path);
    this.#names.add(posix.basename(path));
    // The target of a dangling link may exist in the image.
    if (found.type === 'missing' && found.links.length === 0) {
      const message = `finding the libraries of ${printable(path)}: it is not in the builder`;
      throw new DockerceptionError('builder', 'LIBS_MISSING', message);
    }
    const image = dest === undefined ? undefined : posix.dirname(posix.resolve('/', dest));
    const key = `${found.path}\0${image}`;
    if (found.type !== 'file' || this.#added.has(key)) return;
    this.#added.add(key);
    const content = await root.read(found.path);
    if (content === undefined) return;
    const file = await readFile(found.path, content);
    if (file === undefined) return this.#addScript(path, content);
    const { interpreter, needed, soname } = file.elf;
    if (soname !== undefined) this.#names.add(soname);
    const binary = { path, file, origin: { path: posix.dirname(found.path), image } };
    if (interpreter !== undefined) {
      const loader = await this.#loader(path, file.elf.architecture, interpreter);
      const { missing } = await this.#load(binary, loader);
      if (missing.length > 0) throw await missingError(root, missing);
    } else if (needed.length > 0) this.#libraries.push(binary);
    else this.loaded.push({ path, objects: [file], kind: undefined });
  }

  /** Loads the libraries among the artifacts. Called after the last `add`. */
  async addLibraries(): Promise<void> {
    for (const library of this.#libraries) {
      const loader = await this.#loaderOfLibrary(library.file.elf);
      const { missing } = await this.#load(library, loader);
      for (const one of missing) this.#missing.push({ path: library.path, missing: one });
    }
  }

  notices(): string[] {
    const lines: string[] = [];
    if (this.#scripts.size > 0)
      lines.push(
        `${listed([...this.#scripts], 3)}: run by ${listed([...this.#interpreters], MAX_LISTED)}, added here, but nothing that scripts read or run`,
      );
    if (this.#withoutInterpreter.length > 0)
      lines.push(`${listed(this.#withoutInterpreter, 3)}: its interpreter is not in the builder`);
    // A program may have loaded it before the library needs it.
    const missing = this.#missing.filter(({ missing }) => !this.#names.has(missing.name));
    if (missing.length > 0) {
      const names = missing.map(({ path, missing }) => `${path} (${missing.name})`);
      lines.push(`${listed(names, 3)}: needs what the builder does not have, if it is ever loaded`);
    }
    for (const { name, target } of this.context.image.refused)
      lines.push(
        name.includes('/')
          ? `${printable(name)}: named by a path that the image does not have: add ${printable(target)} there with --artifacts`
          : `${printable(name)}: no loader will look for it in ${printable(posix.dirname(target))}: set LD_LIBRARY_PATH there`,
      );
    return lines;
  }

  async #load({ path, file, origin }: OpenedBinary, loader: Loader): Promise<Process> {
    const process = await loadProcess(this.context, file, origin, loader);
    for (const object of process.objects)
      for (const name of [object.elf.soname, posix.basename(object.path)])
        if (name !== undefined) this.#names.add(name);
    this.loaded.push({ path, objects: process.objects, kind: loader.kind });
    return process;
  }

  async #addScript(path: string, content: Buffer): Promise<void> {
    const { image, root } = this.context;
    for (const candidates of readInterpreters(content) ?? []) {
      const program = await this.#firstFile(candidates);
      if (program === undefined) {
        this.#withoutInterpreter.push(path);
        continue;
      }
      this.#scripts.add(path);
      this.#interpreters.add(program);
      await image.add(program);
      await this.add({ path: program, dest: (await root.locate(program)).path });
    }
  }

  async #firstFile(paths: readonly string[]): Promise<string | undefined> {
    for (const path of paths)
      if ((await this.context.root.locate(path)).type === 'file') return path;
    return undefined;
  }

  /** The loader that a program names, which is added to the image. */
  #loader(program: string, architecture: Architecture, path: string): Promise<Loader> {
    return remember(this.#loaders, `${path} ${JSON.stringify(architecture)}`, async () => {
      const { root, readFile, image } = this.context;
      const found = await root.locate(path);
      const content = found.type === 'file' ? await root.read(found.path) : undefined;
      const file = content && (await readFile(found.path, content));
      if (file === undefined || !matches(file.elf.architecture, architecture)) {
        const why = 'is no loader for it';
        const rejected = content === undefined ? [] : [{ path: found.path, why }];
        const searched = [posix.dirname(path)];
        throw await missingError(root, [{ name: path, by: program, searched, rejected }]);
      }
      await image.add(path);
      return readLoader(root, architecture, path, content, file.elf.soname);
    });
  }

  /** The loader of a program that can load the library; else the usual one of its C library. */
  async #loaderOfLibrary(elf: Elf): Promise<Loader> {
    const { architecture, needed } = elf;
    const musl = needed.find((name) => /^libc\.(?:musl-.*|so)$/.test(name));
    const kind = musl !== undefined ? 'musl' : needed.includes('libc.so.6') ? 'glibc' : undefined;
    const loaders = await Promise.all(this.#loaders.values());
    const known = loaders.find(
      (loader) =>
        matches(loader.architecture, architecture) && (kind ?? loader.kind) === loader.kind,
    );
    if (known !== undefined) return known;
    const path = musl?.replace(/^libc\./, '/lib/ld-') ?? usualLoader(architecture);
    const { root } = this.context;
    if (path !== undefined && (await root.locate(path)).type === 'file')
      return this.#loader(path, architecture, path);
    return readLoader(root, architecture, path !== undefined && isMusl(path) ? path : undefined);
  }
}
