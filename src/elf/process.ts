/**
 * A process as a loader would make it of a program: the libraries it needs, those that they need,
 * and so on, breadth first, each where the loader finds it (glibc, _dl_map_object_deps in
 * elf/dl-deps.c; musl, load_deps in ldso/dynlink.c).
 */
import { posix } from 'node:path';
import { architectureName, matches } from './architecture.js';
import type { Located, Root } from './builder-files.js';
import type { ElfFile, Objects } from './elf-file.js';
import type { ImageFiles } from './image-files.js';
import type { Loader } from './loader.js';
import { hasDefaults, type LoadedObject, searchOrder } from './search-order.js';
import { expandDirectory, type Origin, type SearchedDirectory } from './tokens.js';
import { unseenNeeds } from './unseen.js';

/** A program or library with its file. */
interface ProcessObject extends ElfFile, LoadedObject {
  readonly by: ProcessObject | undefined;
}

/** A library that is not there. */
export interface Missing {
  readonly name: string;
  /** The file that needs it. */
  readonly by: string;
  /** The directories that were looked in. */
  readonly searched: readonly string[];
  /** Files of the name that can't be it. */
  readonly rejected: readonly { readonly path: string; readonly why: string }[];
}

/** What was found for a program. */
export interface Process {
  readonly loader: Loader;
  /** The program first. */
  readonly objects: readonly ProcessObject[];
  readonly missing: readonly Missing[];
}

/** What processes have in common. */
export interface Surroundings {
  readonly root: Root;
  readonly objects: Pick<Objects, 'get'>;
  readonly image: ImageFiles;
}

/** Finds what a program, or a library by itself, needs, and provides for it in the image. */
export async function loadProcess(
  surroundings: Surroundings,
  file: ElfFile,
  origin: Origin,
  loader: Loader,
): Promise<Process> {
  const program: ProcessObject = { ...file, origin, by: undefined };
  const objects = [program];
  const missing: Missing[] = [];
  const names = new Map<string, ProcessObject>();
  const add = async (name: string, by: ProcessObject, isNeeded: boolean): Promise<void> => {
    if (loader.isSelf(name) || names.has(name)) return;
    const result = await find(surroundings, name, by, loader);
    if (!('file' in result)) {
      if (isNeeded) missing.push(result);
      return;
    }
    const { found, directory } = result;
    const known = objects.find(({ path }) => path === found.path);
    const folder = await surroundings.image.provide(
      name,
      directory,
      found,
      loader,
      hasDefaults(by, loader) && !name.includes('/'),
    );
    const object = known ?? {
      ...result.file,
      origin: { builder: directory.path, image: folder },
      by,
    };
    if (known === undefined) objects.push(object);
    names.set(name, object);
    // glibc takes a library that is there for any other of its name; musl does not look at it.
    if (loader.kind === 'glibc' && object.elf.soname !== undefined)
      names.set(object.elf.soname, object);
  };
  // The list grows while it is gone through.
  let done = 0;
  const addAll = async (): Promise<void> => {
    for (; done < objects.length; done++) {
      const object = objects[done] as ProcessObject;
      for (const name of object.elf.needed) await add(name, object, true);
    }
  };
  await addAll();
  for (const name of unseenNeeds(objects, loader)) await add(name, program, false);
  await addAll();
  return { loader, objects, missing };
}

interface Found {
  readonly file: ElfFile;
  readonly found: Located;
  readonly directory: SearchedDirectory;
}

async function find(
  { root, objects, image }: Surroundings,
  name: string,
  by: ProcessObject,
  loader: Loader,
): Promise<Found | Missing> {
  const searched = new Set<string>();
  const rejected: { path: string; why: string }[] = [];
  const base = posix.basename(name);
  const directories = name.includes('/')
    ? expandDirectory(posix.dirname(name), by.origin, loader)
    : searchOrder(by, loader, name);
  for (const directory of directories) {
    // What the image will have there counts, wherever the builder has it.
    const artifact =
      directory.image === undefined ? undefined : image.artifactAt(`${directory.image}/${base}`);
    // A directory that isn't there costs one question for all libraries, not one for each.
    const folder = await root.locate(directory.path);
    if (artifact === undefined) {
      if (folder.type !== 'directory' || searched.has(folder.path)) continue;
      searched.add(folder.path);
    }
    const found = await root.locate(artifact ?? `${directory.path}/${base}`);
    if (found.type !== 'file') continue;
    const file = await objects.get(found.path);
    if (file !== undefined && matches(file.elf.architecture, loader.architecture))
      return {
        file,
        found,
        directory: artifact ? { ...directory, path: posix.dirname(artifact) } : directory,
      };
    const why = file && `is for ${architectureName(file.elf.architecture)}`;
    rejected.push({ path: found.path, why: why ?? 'is no shared library' });
  }
  return { name, by: by.path, searched: [...searched], rejected };
}
