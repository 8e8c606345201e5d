/**
 * The objects that a loader loads for a program, breadth first: glibc, _dl_map_object_deps in elf/dl-deps.c; musl,
 * load_deps in ldso/dynlink.c.
 */
import { posix } from 'node:path';
import { architectureName, matches } from './architecture.js';
import type { Located, Root } from './builder-files.js';
import { type ElfFile, implicitLibraries, type ReadElfFile } from './elf-file.js';
import type { ImageFiles } from './image-files.js';
import type { Loader } from './loader.js';
import {
  expandDirectory,
  type LoadedObject,
  type PlacedDirectory,
  searchOrder,
  usesDefaults,
} from './search-order.js';

interface ProcessObject extends ElfFile, LoadedObject {
  readonly by: ProcessObject | undefined;
}

/** A library that was not found. */
export interface Missing {
  readonly name: string;
  readonly by: string;
  readonly searched: readonly string[];
  /** Files of that name which can't be loaded. */
  readonly rejected: readonly { readonly path: string; readonly why: string }[];
}

export interface Process {
  /** The program first. */
  readonly objects: readonly ProcessObject[];
  readonly missing: readonly Missing[];
}

/** What all processes share. */
export interface LoadContext {
  readonly root: Root;
  readonly readFile: ReadElfFile;
  readonly image: ImageFiles;
}

/** Finds the libraries of a program, or of a library, and adds them to the image. */
export async function loadProcess(
  context: LoadContext,
  file: ElfFile,
  origin: PlacedDirectory,
  loader: Loader,
): Promise<Process> {
  const program: ProcessObject = { ...file, origin, by: undefined };
  const objects = [program];
  const missing: Missing[] = [];
  const names = new Map<string, ProcessObject>();
  const add = async (name: string, by: ProcessObject, isNeeded: boolean): Promise<void> => {
    if (loader.isSelf(name) || names.has(name)) return;
    const result = await find(context, name, by, loader);
    if (!('file' in result)) {
      if (isNeeded) missing.push(result);
      return;
    }
    const { found, directory } = result;
    const known = objects.find(({ path }) => path === found.path);
    const folder = await context.image.provide(
      name,
      directory,
      found,
      usesDefaults(by, loader) && !name.includes('/') ? loader.defaults[0] : undefined,
    );
    const object = known ?? {
      ...result.file,
      origin: { path: directory.path, image: folder },
      by,
    };
    if (known === undefined) objects.push(object);
    names.set(name, object);
    // glibc reuses a loaded library whose soname is needed; musl ignores sonames.
    if (loader.kind === 'glibc' && object.elf.soname !== undefined)
      names.set(object.elf.soname, object);
  };
  // The list grows during the loop.
  let done = 0;
  const addAll = async (): Promise<void> => {
    for (; done < objects.length; done++) {
      const object = objects[done] as ProcessObject;
      for (const name of object.elf.needed) await add(name, object, true);
    }
  };
  await addAll();
  for (const name of implicitLibraries(objects, loader)) await add(name, program, false);
  await addAll();
  return { objects, missing };
}

async function find(
  { root, readFile, image }: LoadContext,
  name: string,
  by: ProcessObject,
  loader: Loader,
): Promise<{ file: ElfFile; found: Located; directory: PlacedDirectory } | Missing> {
  const searched = new Set<string>();
  const rejected: { path: string; why: string }[] = [];
  const base = posix.basename(name);
  const directories = name.includes('/')
    ? expandDirectory(posix.dirname(name), by.origin, loader)
    : searchOrder(by, loader, name);
  for (const directory of directories) {
    // An artifact at this path of the image takes precedence.
    const artifact =
      directory.image === undefined ? undefined : image.artifactAt(`${directory.image}/${base}`);
    // A missing directory costs one request, not one for each library.
    const folder = await root.locate(directory.path);
    if (artifact === undefined) {
      if (folder.type !== 'directory' || searched.has(folder.path)) continue;
      searched.add(folder.path);
    }
    const found = await root.locate(artifact ?? `${directory.path}/${base}`);
    if (found.type !== 'file') continue;
    const file = await readFile(found.path);
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
