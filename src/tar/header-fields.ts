/**
 * Reading and writing the fields of a header: numbers, names, the checksum.
 * POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Extensions to tar".
 */
import { DockerceptionError } from '../errors.js';
import type { DeviceNumbers, Field } from './block.js';
import * as block from './block.js';

/**
 * The number in `field` of the header at `at`; 0 when the field is blank.
 * Throws TAR_FIELD when it is neither octal nor base-256, or beyond 2^53 - 1.
 */
export function readNumber(header: Buffer, at: number, field: Field, name: string): number {
  const value = parseNumber(header, at, field);
  if (typeof value === 'number') return value;
  throw badField(name, value);
}

/** The number of a field, or why it has none: an exception for each file that is no tar would take most of the time. */
function parseNumber(header: Buffer, at: number, field: Field): number | string {
  const from = at + field.at;
  const end = from + field.length;
  if ((header[from] as number) & 0x80) return readBase256(header, from, end);
  let i = from;
  while (i < end && (header[i] === 0x20 || header[i] === 0)) i++;
  let value = 0;
  for (; i < end; i++) {
    const digit = (header[i] as number) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  // Bytes after a NUL are ignored; after a space only padding may follow, as for Go's archive/tar.
  if (i < end && header[i] !== 0) {
    while (i < end && (header[i] === 0x20 || header[i] === 0)) i++;
    if (i < end) return 'is not a number';
  }
  return value;
}

/** Whether the field holds this number. A field that holds none doesn't. */
export function holdsNumber(header: Buffer, at: number, field: Field, value: number): boolean {
  return parseNumber(header, at, field) === value;
}

function readBase256(header: Buffer, from: number, end: number): number | string {
  const negative = ((header[from] as number) & 0x40) !== 0;
  let value = (negative ? ~(header[from] as number) : (header[from] as number)) & 0x7f;
  for (let i = from + 1; i < end; i++) {
    const byte = header[i] as number;
    value = value * 256 + (negative ? byte ^ 0xff : byte);
    if (value > Number.MAX_SAFE_INTEGER) return 'is oversized';
  }
  return negative ? -value - 1 : value;
}

/** Writes an integer: octal and a NUL if it fits, base-256 otherwise. */
export function writeNumber(header: Buffer, at: number, field: Field, value: number): void {
  const from = at + field.at;
  const digits = field.length - 1;
  if (value >= 0 && value < 8 ** digits) {
    let rest = value;
    for (let i = from + digits - 1; i >= from; i--) {
      const digit = rest & 7;
      header[i] = 0x30 + digit;
      // Beyond 32 bits a shift would lose what is above.
      rest = rest < 0x7fffffff ? rest >> 3 : (rest - digit) / 8;
    }
    header[from + digits] = 0;
    return;
  }
  let rest = value;
  for (let i = from + field.length - 1; i > from; i--) {
    const byte = ((rest % 256) + 256) % 256;
    header[i] = byte;
    rest = (rest - byte) / 256;
  }
  header[from] = value < 0 ? 0xff : 0x80;
}

/** The error for a number that can't be what it says. */
export function badField(name: string, why: string): DockerceptionError {
  return new DockerceptionError('context', 'TAR_FIELD', `the ${name} ${why}`);
}

/** The name that the header itself has. */
export function joinName(header: Buffer, at: number): Buffer {
  const name = block.textField(header, at, block.NAME);
  if (block.magicOf(header, at) !== 'ustar' || header[at + block.PREFIX.at] === 0) return name;
  const prefix = block.textField(header, at, block.prefixOf(header, at));
  return Buffer.concat([prefix, Buffer.from('/'), name]);
}

/** The same as text. */
export function nameText(header: Buffer, at: number): string {
  const name = header.toString('utf8', at, block.textEnd(header, at, block.NAME));
  if (block.magicOf(header, at) !== 'ustar' || header[at + block.PREFIX.at] === 0) return name;
  const end = block.textEnd(header, at, block.prefixOf(header, at));
  return `${header.toString('utf8', at + block.PREFIX.at, end)}/${name}`;
}

/** Writes the name; false when it doesn't fit and was cut, so that another block has to carry it. */
export function writeName(header: Buffer, at: number, name: Buffer): boolean {
  const ustar = block.magicOf(header, at) === 'ustar';
  const prefix = ustar ? block.prefixOf(header, at) : block.PREFIX;
  // Other readers than Go's go by the NUL at the end of star's prefix.
  const most = prefix === block.STAR_PREFIX ? prefix.length - 1 : prefix.length;
  const split = name.length > block.NAME.length && ustar ? splitAt(name, most) : -1;
  header.fill(0, at + block.NAME.at, at + block.NAME.at + block.NAME.length);
  if (ustar) header.fill(0, at + prefix.at, at + prefix.at + prefix.length);
  if (split > 0) {
    name.copy(header, at + prefix.at, 0, split);
    name.copy(header, at + block.NAME.at, split + 1);
    return true;
  }
  name.copy(header, at + block.NAME.at, 0, block.NAME.length);
  return name.length <= block.NAME.length;
}

/** Where a slash parts the name in a prefix and a name that both fit; -1 when none does. */
function splitAt(name: Buffer, longest: number): number {
  const earliest = Math.max(1, name.length - 1 - block.NAME.length);
  const latest = Math.min(longest, name.length - 2);
  const slash = name.indexOf(0x2f, earliest);
  return slash >= 0 && slash <= latest ? slash : -1;
}

/** GNU tar's name for a sparse file's data: `DIR/GNUSparseFile.N/BASE`. */
export function standIn(name: Buffer): Buffer {
  const slash = name.lastIndexOf(0x2f);
  const folder = slash < 0 ? Buffer.from('./') : name.subarray(0, slash + 1);
  return Buffer.concat([folder, Buffer.from('GNUSparseFile.0/'), name.subarray(slash + 1)]);
}

/** The sum of the bytes, unsigned. */
export function sumOf(header: Buffer, at: number): number {
  const field = sumOfField(header, at, block.CHECKSUM);
  return sumAll(header, at) - field + block.CHECKSUM.length * 0x20;
}

/** The sum of a field's bytes. */
export function sumOfField(header: Buffer, at: number, field: Field): number {
  let sum = 0;
  for (let i = at + field.at, end = i + field.length; i < end; i++) sum += header[i] as number;
  return sum;
}

const LANES = 0xff00ff;

/** Sixteen bytes a step where the block is aligned: this is the walk's largest cost. */
function sumAll(header: Buffer, at: number): number {
  const first = header.byteOffset + at;
  if ((first & 3) !== 0) {
    let sum = 0;
    for (let i = at; i < at + block.BLOCK; i++) sum += header[i] as number;
    return sum;
  }
  const words = wordsOf(header.buffer);
  // Two lanes of 16 bits each: 128 words can't overflow them.
  let even = 0;
  let odd = 0;
  for (let i = first >> 2, end = i + block.BLOCK / 4; i < end; i += 4) {
    const a = words[i] as number;
    const b = words[i + 1] as number;
    const c = words[i + 2] as number;
    const d = words[i + 3] as number;
    // Half of a header is unused.
    if ((a | b | c | d) === 0) continue;
    even = (even + (a & LANES) + (b & LANES) + (c & LANES) + (d & LANES)) | 0;
    odd =
      (odd +
        ((a >>> 8) & LANES) +
        ((b >>> 8) & LANES) +
        ((c >>> 8) & LANES) +
        ((d >>> 8) & LANES)) |
      0;
  }
  return (even & 0xffff) + (even >>> 16) + (odd & 0xffff) + (odd >>> 16);
}

let latest: Int32Array<ArrayBufferLike> = new Int32Array(0);

/** A view of the memory that chunks lie in; chunk after chunk it is the same. */
function wordsOf(memory: ArrayBufferLike): Int32Array {
  if (latest.buffer !== memory) latest = new Int32Array(memory, 0, memory.byteLength >> 2);
  return latest;
}

/** The unsigned sum when the checksum is right, in either way of summing; -1 when it isn't. */
export function verifiedSum(header: Buffer, at: number): number {
  const recorded = parseNumber(header, at, block.CHECKSUM);
  if (typeof recorded !== 'number') return -1;
  const sum = sumOf(header, at);
  if (recorded === sum) return sum;
  let high = 0;
  for (let i = at; i < at + block.BLOCK; i++) {
    const inField =
      i >= at + block.CHECKSUM.at && i < at + block.CHECKSUM.at + block.CHECKSUM.length;
    if (!inField && (header[i] as number) > 127) high++;
  }
  return recorded === sum - 256 * high ? sum : -1;
}

/**
 * Writes the checksum as POSIX has it: six octal digits, NUL, space.
 * @param sum the sum of the bytes; NaN if it isn't known
 */
export function writeChecksum(header: Buffer, at: number, sum = NaN): void {
  let rest = Number.isNaN(sum) ? sumOf(header, at) : sum;
  const from = at + block.CHECKSUM.at;
  for (let i = from + 5; i >= from; i--) {
    header[i] = 0x30 + (rest & 7);
    rest >>= 3;
  }
  header[from + 6] = 0;
  header[from + 7] = 0x20;
}

/** The fields of a header that hold a time. */
export function timeFields(header: Buffer, at: number): readonly Field[] {
  // GNU's incremental format stores times in the place of ustar's prefix.
  if (block.magicOf(header, at) === 'gnu') return GNU_TIMES;
  return block.isStar(header, at) ? STAR_TIMES : POSIX_TIMES;
}

const POSIX_TIMES = [block.MTIME];
const STAR_TIMES = [block.MTIME, block.STAR_ATIME, block.STAR_CTIME];
const GNU_TIMES = [block.MTIME, block.GNU_ATIME, block.GNU_CTIME];

/** The numbers of a device; v7 has none. Throws TAR_FIELD. */
export function deviceNumbers(header: Buffer, at: number): DeviceNumbers {
  if (block.magicOf(header, at) === 'v7') return { major: 0, minor: 0 };
  return {
    major: readNumber(header, at, block.DEVMAJOR, 'device number'),
    minor: readNumber(header, at, block.DEVMINOR, 'device number'),
  };
}

/** Throws TAR_FIELD for a number that no reader could use, even if an edit would replace it. */
export function checkNumbers(header: Buffer, at: number): void {
  if (readNumber(header, at, block.MODE, 'mode') < 0) throw badField('mode', 'is negative');
  readNumber(header, at, block.MTIME, 'mtime');
  // Go's archive/tar reads these for every type of entry.
  if (!hasPlainDevice(header, at)) deviceNumbers(header, at);
  if (block.isStar(header, at)) {
    readNumber(header, at, block.STAR_ATIME, 'atime');
    readNumber(header, at, block.STAR_CTIME, 'ctime');
  }
}

/** Whether the device fields are all NUL and '0', as in most entries. */
function hasPlainDevice(header: Buffer, at: number): boolean {
  for (let i = at + block.DEVMAJOR.at, end = i + 16; i < end; i++) {
    const byte = header[i];
    if (byte !== 0 && byte !== 0x30) return false;
  }
  return true;
}
