/**
 * Search paths as they are written into ELF files: directories with colons between them and the
 * tokens $ORIGIN, $LIB and $PLATFORM, with or without braces (ld.so(8), "Dynamic string tokens").
 */
import { trimEnd } from '../text/trim.js';
import { platformName } from './architecture.js';
import type { Loader } from './loader.js';

const TOKEN = /\$(?:\{(ORIGIN|LIB|PLATFORM)\}|(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_]))/g;

/** A directory where it is looked, in the builder and in the image. */
export interface SearchedDirectory {
  readonly path: string;
  /** Where the loader will look in the image; undefined when it won't, or nobody knows. */
  readonly image: string | undefined;
}

/** Where a file is; undefined for `image` when nobody knows. */
export interface Origin {
  readonly builder: string;
  readonly image: string | undefined;
}

/** The directories of DT_RPATH or DT_RUNPATH. Relative ones depend on the working directory: none. */
export function expandPath(text: string, origin: Origin, loader: Loader): SearchedDirectory[] {
  const isMusl = loader.kind === 'musl';
  // musl knows one token, and takes no notice of a path with another: fixup_rpath, ldso/dynlink.c.
  if (isMusl && /\$/.test(text.replace(/\$(?:\{ORIGIN\}|ORIGIN)/g, ''))) return [];
  return text
    .split(isMusl ? /[:\n]/ : ':')
    .flatMap((part) => expandDirectory(part, origin, loader));
}

/** One directory, or none. Also for a needed name with a slash in it. */
export function expandDirectory(
  text: string,
  origin: Origin,
  loader: Loader,
): [] | [SearchedDirectory] {
  const path = expand(text, origin.builder, loader);
  if (path === undefined) return [];
  const image = expand(text, origin.image, loader);
  return [{ path, image }];
}

/** Undefined when a token stands for nothing that is known, or the result is relative. */
function expand(text: string, origin: string | undefined, loader: Loader): string | undefined {
  let isKnown = true;
  const path = text.replace(TOKEN, (_, braced?: string, bare?: string) => {
    const value = valueOf((braced ?? bare) as string, origin, loader);
    isKnown &&= value !== undefined;
    return value ?? '';
  });
  // A `..` stays: behind a link it is another directory than the text says.
  return isKnown && path.startsWith('/') ? trimEnd(path, '/') : undefined;
}

function valueOf(token: string, origin: string | undefined, loader: Loader): string | undefined {
  if (token === 'ORIGIN') return origin;
  if (token === 'PLATFORM') return platformName(loader.architecture);
  // What a glibc was configured with is the first of its directories too: `lib/x86_64-linux-gnu`.
  return loader.defaults[0]?.slice(1);
}
