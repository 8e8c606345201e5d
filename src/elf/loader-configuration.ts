/**
 * The directories that configuration adds to those of a loader: /etc/ld.so.conf with its includes, /etc/ld-musl-ARCH.path,
 * and /etc/ld.so.cache, which ldconfig(8) writes. In a builder ld.so.conf is read rather than the cache, which may be
 * missing there, and may contain variants for processors that the target machine does not have.
 */
import { posix } from 'node:path';
import { compileShellGlob } from '../text/shell-glob.js';
import type { Root } from './builder-files.js';

/** The directories of /etc/ld.so.conf, in its order. */
export async function readLdSoConf(root: Root): Promise<string[]> {
  const directories = new Set<string>();
  const files = new Set<string>();
  const read = async (path: string): Promise<void> => {
    // Files may include each other.
    if (files.has(path)) return;
    files.add(path);
    for (const raw of (await root.text(path))?.split('\n') ?? []) {
      const line = (raw.split('#', 1)[0] as string).trim();
      const [word = '', ...patterns] = line.split(/[ \t]+/);
      if (word === 'include') {
        for (const pattern of patterns)
          for (const file of await glob(root, posix.resolve(posix.dirname(path), pattern)))
            await read(file);
      } else if (word.startsWith('/')) {
        // `/usr/lib=libc6` has an obsolete type.
        const equals = line.indexOf('=', line.lastIndexOf('/'));
        directories.add(posix.resolve(equals < 0 ? line : line.slice(0, equals).trim()));
      }
    }
  };
  await read('/etc/ld.so.conf');
  return [...directories];
}

/** The directories of /etc/ld-musl-ARCH.path, separated by colons or newlines; undefined without the file. */
export async function readMuslPath(root: Root, path: string): Promise<string[] | undefined> {
  const text = await root.text(path);
  const parts = text?.split(/[:\n]/).filter((part) => part.startsWith('/'));
  return parts && [...new Set(parts.map((part) => posix.resolve(part)))];
}

/** The paths that match a pattern, sorted: glob(3). */
async function glob(root: Root, pattern: string): Promise<string[]> {
  let found = [''];
  for (const part of pattern.split('/').slice(1)) {
    if (!/[*?[]/.test(part)) {
      found = found.map((path) => `${path}/${part}`);
      continue;
    }
    const matches = compileShellGlob(part);
    const next: string[] = [];
    for (const path of found)
      for (const name of [...(await root.list(path || '/'))].sort())
        if (matches(name) && (part.startsWith('.') || !name.startsWith('.')))
          next.push(`${path}/${name}`);
    found = next;
  }
  return found;
}

const CACHE_MAGIC = 'glibc-ld.so.cache1.1';
const CACHE_HEADER = 48;
const CACHE_ENTRY = 24;
/** ELF_LIBC6, in the lower byte of an entry's flags. The other types are obsolete. */
const LIBC6 = 3;

/**
 * Reads /etc/ld.so.cache in its new format, the only one since glibc 2.32, which follows the old one in older files
 * (sysdeps/generic/dl-cache.h).
 * @returns paths by library name, in order; undefined if it is not a cache
 */
export function readLdSoCache(content: Buffer): ReadonlyMap<string, readonly string[]> | undefined {
  const start = content.indexOf(CACHE_MAGIC, 0, 'latin1');
  if (start < 0 || start % 4 !== 0 || content.length < start + CACHE_HEADER) return undefined;
  // The byte order is part of the flags; 3 is big-endian.
  const isBig = ((content[start + 28] as number) & 3) === 3;
  const u32 = (at: number): number => (isBig ? content.readUInt32BE(at) : content.readUInt32LE(at));
  const count = u32(start + CACHE_MAGIC.length);
  const end = start + CACHE_HEADER + count * CACHE_ENTRY;
  if (end > content.length) return undefined;
  const paths = new Map<string, string[]>();
  for (let at = start + CACHE_HEADER; at < end; at += CACHE_ENTRY) {
    if ((u32(at) & 0xff) !== LIBC6) continue;
    const name = textAt(content, start + u32(at + 4));
    const path = textAt(content, start + u32(at + 8));
    if (name !== undefined && path?.startsWith('/'))
      paths.set(name, [...(paths.get(name) ?? []), path]);
  }
  return paths;
}

function textAt(content: Buffer, at: number): string | undefined {
  const end = at < content.length ? content.indexOf(0, at) : -1;
  return end < 0 ? undefined : content.toString('latin1', at, end);
}
