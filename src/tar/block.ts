/**
 * The layout of a tar: 512-byte blocks, and where a header keeps its fields.
 * POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
 */

/** Everything in a tar comes in blocks of this many bytes. */
export const BLOCK = 512;

/** A header's field: first byte and length. */
export interface Field {
  readonly at: number;
  readonly length: number;
}

export const NAME: Field = { at: 0, length: 100 };
export const MODE: Field = { at: 100, length: 8 };
export const UID: Field = { at: 108, length: 8 };
export const GID: Field = { at: 116, length: 8 };
export const SIZE: Field = { at: 124, length: 12 };
export const MTIME: Field = { at: 136, length: 12 };
export const CHECKSUM: Field = { at: 148, length: 8 };
export const TYPEFLAG = 156;
export const LINKNAME: Field = { at: 157, length: 100 };
export const MAGIC: Field = { at: 257, length: 8 };
export const UNAME: Field = { at: 265, length: 32 };
export const GNAME: Field = { at: 297, length: 32 };
export const DEVMAJOR: Field = { at: 329, length: 8 };
export const DEVMINOR: Field = { at: 337, length: 8 };
/** ustar only: GNU keeps times and a sparse map here. */
export const PREFIX: Field = { at: 345, length: 155 };
/** star's: its prefix is shorter, and two times follow. "tar\0" at the end of the block marks it. */
export const STAR_PREFIX: Field = { at: 345, length: 131 };
export const STAR_ATIME: Field = { at: 476, length: 12 };
export const STAR_CTIME: Field = { at: 488, length: 12 };
const STAR_TRAILER = 508;
export const GNU_ATIME: Field = { at: 345, length: 12 };
export const GNU_CTIME: Field = { at: 357, length: 12 };
/** GNU sparse: non-zero when another block of the map follows. */
export const GNU_SPARSE_EXTENDED = 482;
/** The same flag in a block that continues the map. */
export const GNU_SPARSE_CONTINUED = 504;

/** The magic of POSIX, and of GNU, with the version. */
export const USTAR_MAGIC = 'ustar\x0000';
export const GNU_MAGIC = 'ustar  \0';

/** How a header's magic names its format. */
export type Magic = 'v7' | 'ustar' | 'gnu';

/** The format of the header at `at`: v7 has no magic, and no names or prefix either. */
export function magicOf(block: Buffer, at: number): Magic {
  const m = at + MAGIC.at;
  // "ustar"
  if (
    block[m] !== 0x75 ||
    block[m + 1] !== 0x73 ||
    block[m + 2] !== 0x74 ||
    block[m + 3] !== 0x61 ||
    block[m + 4] !== 0x72
  ) {
    return 'v7';
  }
  return block[m + 5] === 0x20 && block[m + 6] === 0x20 ? 'gnu' : 'ustar';
}

/** Whether a ustar header is star's variant, as Go's archive/tar recognises it. */
export function isStar(block: Buffer, at: number): boolean {
  return (
    block[at + STAR_TRAILER] === 0x74 &&
    block[at + STAR_TRAILER + 1] === 0x61 &&
    block[at + STAR_TRAILER + 2] === 0x72 &&
    block[at + STAR_TRAILER + 3] === 0 &&
    magicOf(block, at) === 'ustar'
  );
}

/** Where a ustar header keeps the front part of its name. */
export function prefixOf(block: Buffer, at: number): Field {
  return isStar(block, at) ? STAR_PREFIX : PREFIX;
}

/** Whether star's prefix has no NUL at its end: only Go's archive/tar stops there. */
export function fillsStarPrefix(block: Buffer, at: number): boolean {
  const last = at + STAR_PREFIX.at + STAR_PREFIX.length - 1;
  return block[last] !== 0 && isStar(block, at) && textEnd(block, at, STAR_PREFIX) > last;
}

/** How many bytes of padding follow a body of `size` bytes. */
export function paddingOf(size: number): number {
  // Not `-size & 511`: sizes go beyond 32 bits.
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

const ZEROS = Buffer.alloc(BLOCK);

/** Whether the block at `at` holds zeros alone. */
export function isZeroBlock(buffer: Buffer, at: number): boolean {
  return buffer[at] === 0 && buffer.compare(ZEROS, 0, BLOCK, at, at + BLOCK) === 0;
}

/** Where a text field ends: at its first NUL; it needs none when it is full. */
export function textEnd(block: Buffer, at: number, field: Field): number {
  let end = at + field.at;
  const limit = end + field.length;
  while (end < limit && block[end] !== 0) end++;
  return end;
}

/** A text field's bytes. */
export function textField(block: Buffer, at: number, field: Field): Buffer {
  return block.subarray(at + field.at, textEnd(block, at, field));
}
