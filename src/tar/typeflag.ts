/**
 * What an entry is. POSIX.1-2017 pax, "ustar Interchange Format", typeflag; the capital letters
 * are GNU's, `X` is Sun's older spelling of `x`. An unknown typeflag is a file with a body.
 */

/** What an entry is, in words. */
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

/** The type for a typeflag byte. An old writer's directory has no flag of its own: see `entry.ts`. */
export function typeOf(typeflag: number): EntryType {
  return BY_BYTE[typeflag] as EntryType;
}

/** Types that have no body, whatever their size field says: Go's archive/tar reads them so. */
export function isHeaderOnly(type: EntryType): boolean {
  switch (type) {
    case 'hard-link':
    case 'symlink':
    case 'char-device':
    case 'block-device':
    case 'directory':
    case 'fifo':
      return true;
    default:
      return false;
  }
}

export const HARD_LINK = '1';

/** By the bits of `st_mode` that hold the type: inode(7). */
const BY_MODE: ReadonlyMap<number, string> = new Map([
  [0o100000, '0'],
  [0o120000, '2'],
  [0o020000, '3'],
  [0o060000, '4'],
  [0o040000, '5'],
  [0o010000, '6'],
]);

/** The typeflag for a mode with its type; undefined for a socket, which no tar holds. */
export function typeflagOf(mode: number): string | undefined {
  return BY_MODE.get(mode & 0o170000);
}

export const PAX = 0x78; // x
export const PAX_SUN = 0x58; // X
export const PAX_GLOBAL = 0x67; // g
export const GNU_LONG_NAME = 0x4c; // L
export const GNU_LONG_LINK = 0x4b; // K
export const GNU_SPARSE = 0x53; // S

/** Whether the block describes the entry behind it, and is none itself. */
export function isMetadata(typeflag: number): boolean {
  return (
    typeflag === PAX ||
    typeflag === PAX_GLOBAL ||
    typeflag === GNU_LONG_NAME ||
    typeflag === GNU_LONG_LINK ||
    typeflag === PAX_SUN
  );
}
