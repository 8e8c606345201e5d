/**
 * The layout of a tar: 512-byte blocks, the fields of a header, the types of entries.
 * POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
 */

/** The size of a block. Bytes. */
export const BLOCK = 512;

/** A field of a header: its first byte and its length. */
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
/** ustar only: GNU stores times and a sparse map here. */
export const PREFIX: Field = { at: 345, length: 155 };
/** star's prefix is shorter, and two times follow. "tar\0" at the end of the block marks it. */
export const STAR_PREFIX: Field = { at: 345, length: 131 };
export const STAR_ATIME: Field = { at: 476, length: 12 };
export const STAR_CTIME: Field = { at: 488, length: 12 };
const STAR_TRAILER = 508;
export const GNU_ATIME: Field = { at: 345, length: 12 };
export const GNU_CTIME: Field = { at: 357, length: 12 };
/** GNU sparse: non-zero if another block of the map follows. */
export const GNU_SPARSE_EXTENDED = 482;
/** The same flag in a block that continues the map. */
export const GNU_SPARSE_CONTINUED = 504;

/** The magic of POSIX, and of GNU, with the version. */
export const USTAR_MAGIC = 'ustar\x0000';
export const GNU_MAGIC = 'ustar  \0';

/** The format of the header at `at`. v7 has no magic, and no owner names, device numbers or prefix. */
export function magicOf(block: Buffer, at: number): 'v7' | 'ustar' | 'gnu' {
  const m = at + MAGIC.at;
  // "ustar"
  if (block.readUInt32BE(m) !== 0x75737461 || block[m + 4] !== 0x72) return 'v7';
  return block[m + 5] === 0x20 && block[m + 6] === 0x20 ? 'gnu' : 'ustar';
}

/** Whether a ustar header is star's variant, as Go's archive/tar recognises it. */
export function isStar(block: Buffer, at: number): boolean {
  // "tar\0"
  return block.readUInt32BE(at + STAR_TRAILER) === 0x74617200 && magicOf(block, at) === 'ustar';
}

/** The field with the first part of a ustar name. */
export function prefixOf(block: Buffer, at: number): Field {
  return isStar(block, at) ? STAR_PREFIX : PREFIX;
}

/** Whether star's prefix has no NUL at its end: only Go's archive/tar stops there. */
export function fillsStarPrefix(block: Buffer, at: number): boolean {
  const last = at + STAR_PREFIX.at + STAR_PREFIX.length - 1;
  return block[last] !== 0 && isStar(block, at) && textEnd(block, at, STAR_PREFIX) > last;
}

/** The number of bytes of padding after a body of `size` bytes. */
export function paddingOf(size: number): number {
  // Not `-size & 511`: sizes exceed 32 bits.
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

const ZEROS = Buffer.alloc(BLOCK);

/** Whether the block at `at` is all zeros. */
export function isZeroBlock(buffer: Buffer, at: number): boolean {
  return buffer[at] === 0 && buffer.compare(ZEROS, 0, BLOCK, at, at + BLOCK) === 0;
}

/** The end of a text field: its first NUL, which a full field lacks. */
export function textEnd(block: Buffer, at: number, field: Field): number {
  let end = at + field.at;
  const limit = end + field.length;
  while (end < limit && block[end] !== 0) end++;
  return end;
}

/** The bytes of a text field. */
export function textField(block: Buffer, at: number, field: Field): Buffer {
  return block.subarray(at + field.at, textEnd(block, at, field));
}

/** The type of an entry. */
export type EntryType =
  | 'file'
  | 'hard-link'
  | 'symlink'
  | 'char-device'
  | 'block-device'
  | 'directory'
  | 'fifo'
  | 'contiguous-file'
  | 'sparse-file'
  | 'unknown';

/** By typeflag. */
const TYPES: Readonly<Record<string, EntryType>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hard-link',
  '2': 'symlink',
  '3': 'char-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
  '7': 'contiguous-file',
  S: 'sparse-file',
};

const BY_BYTE: readonly EntryType[] = Array.from(
  { length: 256 },
  (_, byte) => TYPES[String.fromCharCode(byte)] ?? 'unknown',
);

/** The type for a typeflag byte; an unknown one is a file with a body. */
export function typeOf(typeflag: number): EntryType {
  return BY_BYTE[typeflag] as EntryType;
}

/** Types that have no body, whatever the size field says, as for Go's archive/tar. */
export function isHeaderOnly(type: EntryType): boolean {
  return HEADER_ONLY.has(type);
}

const HEADER_ONLY: ReadonlySet<EntryType> = new Set(
  Object.values(TYPES).filter((type) => !/file$/.test(type)),
);

/** A device's numbers. */
export interface DeviceNumbers {
  readonly major: number;
  readonly minor: number;
}

export const HARD_LINK = '1';

/** By the type bits of `st_mode`: inode(7). */
const BY_MODE: Readonly<Record<number, string>> = {
  0o100000: '0',
  0o120000: '2',
  0o020000: '3',
  0o060000: '4',
  0o040000: '5',
  0o010000: '6',
};

/** The typeflag for a mode with its type bits; undefined for a socket, which no tar can store. */
export function typeflagOf(mode: number): string | undefined {
  return BY_MODE[mode & 0o170000];
}

export const PAX = 0x78; // x
export const PAX_SUN = 0x58; // X
export const PAX_GLOBAL = 0x67; // g
const GNU_LONG_NAME = 0x4c; // L
const GNU_LONG_LINK = 0x4b; // K
export const GNU_SPARSE = 0x53; // S

/** Whether a block of this typeflag is no entry, but describes the entry after it. */
export function isMetadata(typeflag: number): boolean {
  return METADATA.includes(typeflag);
}

const METADATA: readonly number[] = [PAX, PAX_SUN, PAX_GLOBAL, GNU_LONG_NAME, GNU_LONG_LINK];
