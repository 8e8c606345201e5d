/**
 * Goes through the artifacts, one after the other: a program has its process loaded, a script its
 * interpreter added, and libraries wait until all programs are known, since those decide with which
 * loader.
 */
import { posix } from 'node:path';
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import { type Architecture, matches, usualLoader } from './architecture.js';
import { remember } from './builder-files.js';
import type { Elf } from './elf.js';
import type { ElfFile } from './elf-file.js';
import { isMusl, type Loader, meetLoader } from './loader.js';
import { listed, missingError } from './missing.js';
import type { Running } from './notices.js';
import { loadProcess, type Missing, type Process, type Surroundings } from './process.js';
import { readInterpreter } from './script.js';
import type { Origin } from './tokens.js';

/** A file among the artifacts. What is neither ELF nor a script is passed over. */
export interface Binary {
  /** Where it is in the builder. */
  readonly path: string;
  /**
   * Where the image will have it, absolute, when that is known: a program then finds what is there
   * beside it, which is not taken a second time. @default unknown
   */
  readonly dest?: string;
}

/** A file to find the needs of. */
interface Waiting {
  readonly path: string;
  readonly file: ElfFile;
  readonly origin: Origin;
}

export class Search {
  /** Everything that may run, for the notices. */
  readonly running: Running[] = [];
  readonly #around: Surroundings;
  readonly #loaders = new Map<string, Promise<Loader>>();
  readonly #seen = new Set<string>();
  readonly #libraries: Waiting[] = [];
  readonly #names = new Set<string>();
  readonly #scripts = new Set<string>();
  readonly #interpreters = new Set<string>();
  readonly #withoutInterpreter: string[] = [];
  readonly #lacking: { readonly path: string; readonly missing: Missing }[] = [];

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
  }

  /** A program, a script, a library, or anything else. */
  async add({ path, dest }: Binary): Promise<void> {
    const { root, objects } = this.#around;
    const found = await root.locate(path);
    this.#names.add(posix.basename(path));
    // A link that leads nowhere may well be meant for the image.
    if (found.type === 'missing' && found.links.length === 0) throw notThere(path);
    const image = dest === undefined ? undefined : posix.dirname(posix.resolve('/', dest));
    const key = `${found.path}\0${image}`;
    if (found.type !== 'file' || this.#seen.has(key)) return;
    this.#seen.add(key);
    const content = await root.read(found.path);
    if (content === undefined) return;
    const file = await objects.get(found.path, content);
    if (file === undefined) return this.#addScript(path, content);
    const { interpreter, needed, soname } = file.elf;
    if (soname !== undefined) this.#names.add(soname);
    const waiting = { path, file, origin: { builder: posix.dirname(found.path), image } };
    if (interpreter !== undefined) await this.#addProgram(waiting, interpreter);
    else if (needed.length > 0) this.#libraries.push(waiting);
    else this.running.push({ path, objects: [file], kind: undefined });
  }

  /** When all artifacts are added: the libraries among them. */
  async addLibraries(): Promise<void> {
    for (const waiting of this.#libraries) {
      const loader = await this.#loaderOfLibrary(waiting.file.elf);
      const { missing } = await this.#load(waiting, loader);
      for (const one of missing) this.#lacking.push({ path: waiting.path, missing: one });
    }
  }

  /** What was done, or could not be, beyond finding libraries. */
  notices(): string[] {
    const lines: string[] = [];
    if (this.#scripts.size > 0)
      lines.push(
        `${listed([...this.#scripts], 3)}: run by ${listed([...this.#interpreters])}, added here, but nothing that scripts read or run`,
      );
    if (this.#withoutInterpreter.length > 0)
      lines.push(`${listed(this.#withoutInterpreter, 3)}: its interpreter is not in the builder`);
    // A program may have loaded it by the time the library needs it.
    const lacking = this.#lacking.filter(({ missing }) => !this.#names.has(missing.name));
    if (lacking.length > 0) {
      const names = lacking.map(({ path, missing }) => `${path} (${missing.name})`);
      lines.push(`${listed(names, 3)}: needs what the builder does not have, if it is ever loaded`);
    }
    for (const { name, target } of this.#around.image.refused)
      lines.push(
        name.includes('/')
          ? `${listed([name])}: named by a path that the image does not have: add ${listed([target])} there with --artifacts`
          : `${listed([name])}: no loader will look for it in ${listed([posix.dirname(target)])}: set LD_LIBRARY_PATH there`,
      );
    return lines;
  }

  async #addProgram(waiting: Waiting, interpreter: string): Promise<void> {
    const loader = await this.#loader(waiting.path, waiting.file.elf.architecture, interpreter);
    const { missing } = await this.#load(waiting, loader);
    const [first, ...others] = missing;
    if (first !== undefined) throw await missingError(this.#around.root, [first, ...others]);
  }

  async #load({ path, file, origin }: Waiting, loader: Loader): Promise<Process> {
    const process = await loadProcess(this.#around, file, origin, loader);
    for (const object of process.objects)
      for (const name of [object.elf.soname, posix.basename(object.path)])
        if (name !== undefined) this.#names.add(name);
    this.running.push({ path, objects: process.objects, kind: loader.kind });
    return process;
  }

  async #addScript(path: string, content: Buffer): Promise<void> {
    const interpreter = readInterpreter(content);
    if (interpreter === undefined) return;
    const programs = [[interpreter.path], interpreter.command?.candidates ?? []];
    for (const candidates of programs.filter((list) => list.length > 0)) {
      const program = await this.#firstFile(candidates);
      if (program === undefined) {
        this.#withoutInterpreter.push(path);
        continue;
      }
      this.#scripts.add(path);
      this.#interpreters.add(program);
      const { image, root } = this.#around;
      await image.takeUnlessArtifact(program);
      await this.add({ path: program, dest: (await root.locate(program)).path });
    }
  }

  async #firstFile(paths: readonly string[]): Promise<string | undefined> {
    for (const path of paths)
      if ((await this.#around.root.locate(path)).type === 'file') return path;
    return undefined;
  }

  /** The loader that a program names; it goes into the image. */
  #loader(program: string, architecture: Architecture, path: string): Promise<Loader> {
    return remember(this.#loaders, `${path} ${JSON.stringify(architecture)}`, async () => {
      const { root, objects, image } = this.#around;
      const found = await root.locate(path);
      const content = found.type === 'file' ? await root.read(found.path) : undefined;
      const file = content && (await objects.get(found.path, content));
      if (file === undefined || !matches(file.elf.architecture, architecture)) {
        const why = 'is no loader for it';
        const missing = {
          name: path,
          by: program,
          searched: [posix.dirname(path)],
          rejected: content === undefined ? [] : [{ path: found.path, why }],
        };
        throw await missingError(root, [missing]);
      }
      await image.takeUnlessArtifact(path);
      return meetLoader(root, architecture, path, content, file.elf.soname);
    });
  }

  /** That of a program which could load it, else the usual one of its C library. */
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
    const { root } = this.#around;
    if (path !== undefined && (await root.locate(path)).type === 'file')
      return this.#loader(path, architecture, path);
    return meetLoader(root, architecture, path !== undefined && isMusl(path) ? path : undefined);
  }
}

function notThere(path: string): DockerceptionError {
  const message = `finding the libraries of ${printable(path)}: it is not in the builder`;
  return new DockerceptionError('builder', 'LIBS_MISSING', message);
}
