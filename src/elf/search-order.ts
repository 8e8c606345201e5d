/**
 * Where a loader looks for what a library needs, in its order; LD_LIBRARY_PATH counts where somebody
 * knows what it will be in the image. glibc: _dl_map_object in elf/dl-load.c; musl: load_library in
 * ldso/dynlink.c.
 */
import type { Elf } from './elf.js';
import type { Loader } from './loader.js';
import { expandPath, type Origin, type SearchedDirectory } from './tokens.js';

/** A program or library in a process. */
export interface LoadedObject {
  readonly elf: Elf;
  /** Its folder as the loader came to it: $ORIGIN. */
  readonly origin: Origin;
  /** What needed it first; the program has nothing. */
  readonly by: LoadedObject | undefined;
}

/** The directories for what `object` needs, under the name `name`. */
export function searchOrder(
  object: LoadedObject,
  loader: Loader,
  name: string,
): SearchedDirectory[] {
  const isMusl = loader.kind === 'musl';
  const paths = isMusl ? muslPaths(object) : glibcPaths(object);
  const own = paths.flatMap(([text, origin]) => expandPath(text, origin, loader));
  const set = (loader.libraryPath ?? []).map((path) => ({ path, image: path }));
  // RPATH is the only one that comes before LD_LIBRARY_PATH.
  const isFirst = !isMusl && object.elf.runpath === undefined;
  const isAllowed = (path: string): boolean =>
    !loader.defaults.includes(path) || hasDefaults(object, loader);
  return [
    ...(isFirst ? [...own, ...set] : [...set, ...own]),
    ...(loader.cached?.(name) ?? []).filter(isAllowed).map((path) => ({ path, image: path })),
    ...loader.directories
      .filter(isAllowed)
      .map((path) => ({ path, image: loader.defaults.includes(path) ? path : undefined })),
  ];
}

/** Whether the default directories are for what `object` needs; musl does not know the flag. */
export function hasDefaults(object: LoadedObject, loader: Loader): boolean {
  return loader.kind === 'musl' || !object.elf.noDefaults;
}

type Path = readonly [text: string, origin: Origin];

/** Its own RUNPATH alone; else every RPATH from itself up to the program, but beside a RUNPATH. */
function glibcPaths(object: LoadedObject): Path[] {
  if (object.elf.runpath !== undefined) return [[object.elf.runpath, object.origin]];
  return upwards(object).flatMap(({ elf, origin }) =>
    elf.rpath === undefined || elf.runpath !== undefined ? [] : [[elf.rpath, origin] as const],
  );
}

/** Both are one, and both are inherited. */
function muslPaths(object: LoadedObject): Path[] {
  return upwards(object).flatMap(({ elf, origin }) => {
    const text = elf.runpath ?? elf.rpath;
    return text === undefined ? [] : [[text, origin] as const];
  });
}

function upwards(object: LoadedObject): LoadedObject[] {
  const chain = [];
  for (let one: LoadedObject | undefined = object; one !== undefined; one = one.by) chain.push(one);
  return chain;
}
