/**
 * A dynamic loader: what it answers to and where it looks when no library says otherwise. Both
 * kinds are ELF files that programs name as their interpreter: glibc's (ld.so(8)) and musl's, which
 * is the C library as well (musl, ldso/dynlink.c).
 */
import { posix } from 'node:path';
import { type Architecture, usualDirectories } from './architecture.js';
import type { Root } from './builder-files.js';
import { readLdSoConf, readMuslPath } from './loader-configuration.js';

export interface Loader {
  readonly kind: 'glibc' | 'musl';
  readonly architecture: Architecture;
  /** Names that are the loader itself when a library needs them. */
  isSelf(name: string): boolean;
  /** Searched in this order in the builder. */
  readonly directories: readonly string[];
  /** Searched in an image without any configuration. The first is where links go. */
  readonly defaults: readonly string[];
  /** LD_LIBRARY_PATH, where it is known. @default none */
  readonly libraryPath?: readonly string[];
  /** The directories that /etc/ld.so.cache knows a library in, where that counts. @default none */
  cached?(name: string): readonly string[];
}

const MUSL = /^ld-musl-(.+)\.so\.1$/;
const MUSL_DEFAULTS = ['/lib', '/usr/local/lib', '/usr/lib'];
/** The libraries that are all in musl's one file: `reserved` in load_library, ldso/dynlink.c. */
const MUSL_ITSELF = /^lib(c|pthread|rt|m|dl|util|xnet)\./;

/** Whether a path is that of musl's loader. */
export function isMusl(path: string): boolean {
  return MUSL.test(posix.basename(path));
}

/**
 * Gets to know a loader.
 * @param path as programs name it; undefined when none is known, for libraries alone
 * @param content the loader itself, for what is compiled into it
 */
export async function meetLoader(
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
    // In the folder etc beside the loader's own.
    const prefix = posix.dirname(posix.dirname(path as string));
    const configuration = posix.join(prefix, `etc/ld-musl-${musl}.path`);
    return {
      kind: 'musl',
      architecture,
      isSelf: (needed) => names.has(needed) || MUSL_ITSELF.test(needed),
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
 * The default directories that are compiled into glibc's loader: `system_dirs` in elf/dl-load.c,
 * each with a slash and a NUL at its end. Debian, Fedora, Arch and Nix have different ones.
 */
export function builtInDirectories(content: Buffer): string[] | undefined {
  for (const directories of terminatedDirectories(content.toString('latin1')))
    if (directories.every((directory) => /\/lib[^/]*\//.test(directory)))
      return directories.map((directory) => directory.slice(0, -1));
  return undefined;
}

/** Lists of texts from a slash to a slash and a NUL that directly follow each other. */
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
