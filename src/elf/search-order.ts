/**
 * The directories in which a loader searches for a library, in order. glibc: _dl_map_object in elf/dl-load.c; musl:
 * load_library in ldso/dynlink.c.
 */
import { trimEnd } from '../text/trim.js';
import { platformName } from './architecture.js';
import type { Elf } from './elf.js';
import type { Loader } from './loader.js';

/** A directory of a file, or one that is searched. */
export interface PlacedDirectory {
  /** In the builder. */
  readonly path: string;
  /** Where it is, or where the loader searches, in the image; undefined if that is nowhere or unknown. */
  readonly image: string | undefined;
}

export interface LoadedObject {
  readonly elf: Elf;
  /** Its folder, by the path that the loader found it at: $ORIGIN. */
  readonly origin: PlacedDirectory;
  /** The first object that needed it; undefined for the program. */
  readonly by: LoadedObject | undefined;
}

/** The directories in which the library `name` is searched, which `object` needs. */
export function searchOrder(object: LoadedObject, loader: Loader, name: string): PlacedDirectory[] {
  const isMusl = loader.kind === 'musl';
  const own = pathsOf(object, isMusl).flatMap(([text, origin]) => expandPath(text, origin, loader));
  const libraryPath = (loader.libraryPath ?? []).map((path) => ({ path, image: path }));
  // Only RPATH comes before LD_LIBRARY_PATH.
  const isOwnFirst = !isMusl && object.elf.runpath === undefined;
  const isAllowed = (path: string): boolean =>
    !loader.defaults.includes(path) || usesDefaults(object, loader);
  return [
    ...(isOwnFirst ? [...own, ...libraryPath] : [...libraryPath, ...own]),
    ...(loader.cached?.(name) ?? []).filter(isAllowed).map((path) => ({ path, image: path })),
    ...loader.directories
      .filter(isAllowed)
      .map((path) => ({ path, image: loader.defaults.includes(path) ? path : undefined })),
  ];
}

/** Whether the default directories are searched for what `object` needs; musl ignores DF_1_NODEFLIB. */
export function usesDefaults(object: LoadedObject, loader: Loader): boolean {
  return loader.kind === 'musl' || !object.elf.noDefaults;
}

type Path = readonly [text: string, origin: PlacedDirectory];

/**
 * glibc: the object's RUNPATH alone; without one, the RPATH of each object up to the program that has no RUNPATH. musl
 * treats both alike, and both are inherited.
 */
function pathsOf(object: LoadedObject, isMusl: boolean): Path[] {
  const { elf, origin } = object;
  if (!isMusl && elf.runpath !== undefined) return [[elf.runpath, origin]];
  const paths: Path[] = [];
  for (let one: LoadedObject | undefined = object; one !== undefined; one = one.by) {
    const { runpath, rpath } = one.elf;
    const text = isMusl ? (runpath ?? rpath) : runpath === undefined ? rpath : undefined;
    if (text !== undefined) paths.push([text, one.origin]);
  }
  return paths;
}

/** Dynamic string tokens (ld.so(8)). */
const TOKEN = /\$(?:\{(ORIGIN|LIB|PLATFORM)\}|(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_]))/g;

/** The directories of DT_RPATH or DT_RUNPATH, without relative ones. */
function expandPath(text: string, origin: PlacedDirectory, loader: Loader): PlacedDirectory[] {
  const isMusl = loader.kind === 'musl';
  // musl knows $ORIGIN alone, and ignores a path with another token: fixup_rpath, ldso/dynlink.c.
  if (isMusl && /\$/.test(text.replace(/\$(?:\{ORIGIN\}|ORIGIN)/g, ''))) return [];
  return text
    .split(isMusl ? /[:\n]/ : ':')
    .flatMap((part) => expandDirectory(part, origin, loader));
}

/** The directory that a text with tokens names; empty if it is relative, or has a token without a known value. */
export function expandDirectory(
  text: string,
  origin: PlacedDirectory,
  loader: Loader,
): [] | [PlacedDirectory] {
  const path = expand(text, origin.path, loader);
  return path === undefined ? [] : [{ path, image: expand(text, origin.image, loader) }];
}

function expand(text: string, origin: string | undefined, loader: Loader): string | undefined {
  let isKnown = true;
  const path = text.replace(TOKEN, (_, braced?: string, bare?: string) => {
    const value = valueOf((braced ?? bare) as string, origin, loader);
    isKnown &&= value !== undefined;
    return value ?? '';
  });
  // `..` is kept: after a link it doesn't name the folder above in the text.
  return isKnown && path.startsWith('/') ? trimEnd(path, '/') : undefined;
}

function valueOf(token: string, origin: string | undefined, loader: Loader): string | undefined {
  if (token === 'ORIGIN') return origin;
  if (token === 'PLATFORM') return platformName(loader.architecture);
  // $LIB is a constant of each glibc, and the first of its default directories: `lib/x86_64-linux-gnu`.
  return loader.defaults[0]?.slice(1);
}
