/**
 * Libraries that glibc itself opens while a program runs, and that no ELF file names: the unwinder
 * for threads that end early, and, before 2.34, the modules of its name service.
 */
import { posix } from 'node:path';
import type { Elf } from './elf.js';
import type { Loader } from './loader.js';
import { SYMBOLS, type Traits, type Wish } from './traits.js';

interface Looked {
  readonly path: string;
  readonly elf: Elf;
  readonly traits: Traits;
}

/** glibc's own libraries and loader: that they import from each other tells nothing of a program. */
const GLIBC = /^(?:ld[-0-9.a-z_]*|lib(?:c|m|mvec|pthread|dl|rt|resolv|nsl|util|anl|nss_\w+))[-.]/;

/** Whether a file is part of a C library. */
export function isOfLibc(path: string): boolean {
  return path.includes('/') && GLIBC.test(posix.basename(path));
}

/** Whether it imports a symbol of the kind for itself. */
export function wants({ path, elf }: Looked, wish: Wish): boolean {
  return !isOfLibc(path) && SYMBOLS[wish].some((symbol) => elf.imports.has(symbol));
}

/** The names of what may be opened in a process. */
export function unseenNeeds(objects: readonly Looked[], loader: Loader): string[] {
  const libc = objects.find(({ elf }) => elf.soname?.startsWith('libc.so.'));
  if (loader.kind !== 'glibc' || libc === undefined) return [];
  const some = (wish: Wish): boolean => objects.some((object) => wants(object, wish));
  const names = some('cancels') ? ['libgcc_s.so.1'] : [];
  if (libc.traits.hasNss) return names;
  if (some('users') || some('hosts')) names.push('libnss_files.so.2');
  if (some('hosts')) names.push('libnss_dns.so.2');
  return names;
}
