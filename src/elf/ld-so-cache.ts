/**
 * /etc/ld.so.cache, where glibc's loader finds what is in the directories of /etc/ld.so.conf: without
 * it, or when it is older than a library, those directories count for nothing. The format that glibc
 * has had alone since 2.32, and behind the old one before (sysdeps/generic/dl-cache.h).
 */

const MAGIC = 'glibc-ld.so.cache1.1';
const HEADER = 48;
const ENTRY = 24;
/** ELF_LIBC6 in the lower byte of an entry's flags; others are of systems that are gone. */
const LIBC6 = 3;

/** Paths by name, in order; undefined for what is no cache. */
export function readLdSoCache(content: Buffer): ReadonlyMap<string, readonly string[]> | undefined {
  const start = content.indexOf(MAGIC, 0, 'latin1');
  if (start < 0 || start % 4 !== 0 || content.length < start + HEADER) return undefined;
  // The magic has a byte order mark behind it, in the flags; 3 is big-endian.
  const isBig = ((content[start + 28] as number) & 3) === 3;
  const u32 = (at: number): number => (isBig ? content.readUInt32BE(at) : content.readUInt32LE(at));
  const count = u32(start + MAGIC.length);
  const end = start + HEADER + count * ENTRY;
  if (end > content.length) return undefined;
  const paths = new Map<string, string[]>();
  for (let at = start + HEADER; at < end; at += ENTRY) {
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
