/** Dynamic loaders, which programs name as their interpreter: glibc's (ld.so(8)) and musl's (ldso/dynlink.c). */
import { posix } from 'node:path';
import { type Architecture, usualDirectories } from './architecture.js';
import type { Root } from './builder-files.js';
import { readLdSoConf, readMuslPath } from './loader-configuration.js';

export interface Loader {
  readonly kind: 'glibc' | 'musl';
  readonly architecture: Architecture;
  /** Whether a needed name means the loader itself. */
  isSelf(name: string): boolean;
  /** The directories that are searched in the builder, in order. */
  readonly directories: readonly string[];
  /** The directories that are searched in an image without configuration. Links are added in the first. */
  readonly defaults: readonly string[];
  /** LD_LIBRARY_PATH, if it is known. @default none */
  readonly libraryPath?: readonly string[];
  /** The directories in which /etc/ld.so.cache has a library. @default none */
  cached?(name: string): readonly string[];
}

const MUSL = /^ld-musl-(.+)\.so\.1$/;
const MUSL_DEFAULTS = ['/lib', '/usr/local/lib', '/usr/lib'];
/** Libraries that are part of musl's loader: `reserved` in load_library, ldso/dynlink.c. */
const MUSL_RESERVED = /^lib(c|pthread|rt|m|dl|util|xnet)\./;

export function isMusl(path: string): boolean {
  return MUSL.test(posix.basename(path));
}

/**
 * Describes a loader.
 * @param path as programs name it; undefined if only libraries are known
 * @param content of its file, for the directories that are compiled in
 */
export async function readLoader(
  root: Root,
  architecture: Architecture,
  path: string | undefined,
  content?: Buffer,
  soname?: string,
): Promise<Loader> {
  const name = path === undefined ? undefined : posix.basename(path);
  const names = new Set([path, name, soname]);
  const musl = MUSL.exec(name ?? '')?.[1];
  if (musl !== undefined) {
    // /lib/ld-musl-ARCH.so.1 reads /etc/ld-musl-ARCH.path.
    const prefix = posix.dirname(posix.dirname(path as string));
    const configuration = posix.join(prefix, `etc/ld-musl-${musl}.path`);
    return {
      kind: 'musl',
      architecture,
      isSelf: (needed) => names.has(needed) || MUSL_RESERVED.test(needed),
      directories: (await readMuslPath(root, configuration)) ?? MUSL_DEFAULTS,
      defaults: MUSL_DEFAULTS,
    };
  }
  const defaults = (content && builtInDirectories(content)) ?? usualDirectories(architecture);
  return {
    kind: 'glibc',
    architecture,
    isSelf: (needed) => names.has(needed),
    directories: [...new Set([...(await readLdSoConf(root)), ...defaults])],
    defaults,
  };
}

/**
 * The default directories that are compiled into glibc's loader, which differ between distributions: `system_dirs` in
 * elf/dl-load.c, each with a slash and a NUL at its end.
 */
export function builtInDirectories(content: Buffer): string[] | undefined {
  for (const directories of terminatedDirectories(content.toString('latin1')))
    if (directories.every((directory) => /\/lib[^/]*\//.test(directory)))
      return directories.map((directory) => directory.slice(0, -1));
  return undefined;
}

/** Lists of adjacent texts, each from a slash to a slash and a NUL. */
function terminatedDirectories(text: string): string[][] {
  const lists: string[][] = [];
  let isOpen = false;
  for (const piece of text.split('\0').slice(0, -1)) {
    let start = piece.length;
    while (start > 0 && /^[!-~]$/.test(piece[start - 1] as string)) start--;
    const slash = piece.indexOf('/', start);
    const found = slash >= 0 && slash < piece.length - 1 && piece.endsWith('/');
    if (found && isOpen && slash === 0) lists.at(-1)?.push(piece);
    else if (found) lists.push([piece.slice(slash)]);
    isOpen = found;
  }
  return lists;
}
