/**
 * Reading and writing the fields of a header: numbers, names, the checksum.
 * POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Extensions to tar".
 */
import { DockerceptionError } from '../errors.js';
import {
  BLOCK,
  CHECKSUM,
  type DeviceNumbers,
  DEVMAJOR,
  DEVMINOR,
  type Field,
  GNU_ATIME,
  GNU_CTIME,
  isStar,
  magicOf,
  MODE,
  MTIME,
  NAME,
  PREFIX,
  prefixOf,
  STAR_ATIME,
  STAR_CTIME,
  STAR_PREFIX,
  textEnd,
  textField,
} from './block.js';

/**
 * The number in `field` of the header at `at`; 0 when the field is blank.
 * Throws TAR_FIELD when it is neither octal nor base-256, or beyond 2^53 - 1.
 */
export function readNumber(block: Buffer, at: number, field: Field, name: string): number {
  const from = at + field.at;
  const end = from + field.length;
  if ((block[from] as number) & 0x80) return readBase256(block, from, end, name);
  let i = from;
  while (i < end && (block[i] === 0x20 || block[i] === 0)) i++;
  let value = 0;
  for (; i < end; i++) {
    const digit = (block[i] as number) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  // Bytes after a NUL are ignored; after a space only padding may follow, as for Go's archive/tar.
  if (i < end && block[i] !== 0) {
    while (i < end && (block[i] === 0x20 || block[i] === 0)) i++;
    if (i < end) throw badField(name, 'is not a number');
  }
  return value;
}

/** Whether the field holds this number. A field that holds none doesn't. */
export function holdsNumber(block: Buffer, at: number, field: Field, value: number): boolean {
  try {
    return readNumber(block, at, field, 'field') === value;
  } catch {
    return false;
  }
}

function readBase256(block: Buffer, from: number, end: number, name: string): number {
  const negative = ((block[from] as number) & 0x40) !== 0;
  let value = (negative ? ~(block[from] as number) : (block[from] as number)) & 0x7f;
  for (let i = from + 1; i < end; i++) {
    const byte = block[i] as number;
    value = value * 256 + (negative ? byte ^ 0xff : byte);
    if (value > Number.MAX_SAFE_INTEGER) throw badField(name, 'is oversized');
  }
  return negative ? -value - 1 : value;
}

/** Writes an integer: octal and a NUL if it fits, base-256 otherwise. */
export function writeNumber(block: Buffer, at: number, field: Field, value: number): void {
  const from = at + field.at;
  const digits = field.length - 1;
  if (value >= 0 && value < 8 ** digits) {
    let rest = value;
    for (let i = from + digits - 1; i >= from; i--) {
      const digit = rest & 7;
      block[i] = 0x30 + digit;
      // Beyond 32 bits a shift would lose what is above.
      rest = rest < 0x7fffffff ? rest >> 3 : (rest - digit) / 8;
    }
    block[from + digits] = 0;
    return;
  }
  let rest = value;
  for (let i = from + field.length - 1; i > from; i--) {
    const byte = ((rest % 256) + 256) % 256;
    block[i] = byte;
    rest = (rest - byte) / 256;
  }
  block[from] = value < 0 ? 0xff : 0x80;
}

/** The error for a number that can't be what it says. */
export function badField(name: string, why: string): DockerceptionError {
  return new DockerceptionError('context', 'TAR_FIELD', `the ${name} ${why}`);
}

/** The name that the header itself has. */
export function joinName(block: Buffer, at: number): Buffer {
  const name = textField(block, at, NAME);
  if (magicOf(block, at) !== 'ustar' || block[at + PREFIX.at] === 0) return name;
  return Buffer.concat([textField(block, at, prefixOf(block, at)), Buffer.from('/'), name]);
}

/** The same as text. */
export function nameText(block: Buffer, at: number): string {
  const name = block.toString('utf8', at, textEnd(block, at, NAME));
  if (magicOf(block, at) !== 'ustar' || block[at + PREFIX.at] === 0) return name;
  const end = textEnd(block, at, prefixOf(block, at));
  return `${block.toString('utf8', at + PREFIX.at, end)}/${name}`;
}

/** Writes the name; false when it doesn't fit and was cut, so that another block has to carry it. */
export function writeName(block: Buffer, at: number, name: Buffer): boolean {
  const ustar = magicOf(block, at) === 'ustar';
  const prefix = ustar ? prefixOf(block, at) : PREFIX;
  // Other readers than Go's go by the NUL at the end of star's prefix.
  const most = prefix === STAR_PREFIX ? prefix.length - 1 : prefix.length;
  const split = name.length > NAME.length && ustar ? splitAt(name, most) : -1;
  block.fill(0, at + NAME.at, at + NAME.at + NAME.length);
  if (ustar) block.fill(0, at + prefix.at, at + prefix.at + prefix.length);
  if (split > 0) {
    name.copy(block, at + prefix.at, 0, split);
    name.copy(block, at + NAME.at, split + 1);
    return true;
  }
  name.copy(block, at + NAME.at, 0, NAME.length);
  return name.length <= NAME.length;
}

/** Where a slash parts the name in a prefix and a name that both fit; -1 when none does. */
function splitAt(name: Buffer, longest: number): number {
  const earliest = Math.max(1, name.length - 1 - NAME.length);
  const latest = Math.min(longest, name.length - 2);
  const slash = name.indexOf(0x2f, earliest);
  return slash >= 0 && slash <= latest ? slash : -1;
}

/** GNU tar's name for a sparse file's data: `DIR/GNUSparseFile.N/BASE`. */
export function standIn(name: Buffer): Buffer {
  const slash = name.lastIndexOf(0x2f);
  return Buffer.concat([
    slash < 0 ? Buffer.from('./') : name.subarray(0, slash + 1),
    Buffer.from('GNUSparseFile.0/'),
    name.subarray(slash + 1),
  ]);
}

/** Whether the bytes are text as PAX wants it. */
export function isUtf8(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString('utf8')).equals(bytes);
}

/** The sum of the bytes, unsigned. */
export function sumOf(block: Buffer, at: number): number {
  let field = 0;
  const from = at + CHECKSUM.at;
  for (let i = from; i < from + CHECKSUM.length; i++) field += block[i] as number;
  return sumAll(block, at) - field + CHECKSUM.length * 0x20;
}

const LANES = 0xff00ff;

/** Sixteen bytes a step where the block is aligned: this is the walk's largest cost. */
function sumAll(block: Buffer, at: number): number {
  const first = block.byteOffset + at;
  if ((first & 3) !== 0) {
    let sum = 0;
    for (let i = at; i < at + BLOCK; i++) sum += block[i] as number;
    return sum;
  }
  const words = wordsOf(block.buffer);
  // Two lanes of 16 bits each: 128 words can't overflow them.
  let even = 0;
  let odd = 0;
  for (let i = first >> 2, end = i + BLOCK / 4; i < end; i += 4) {
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
export function verifiedSum(block: Buffer, at: number): number {
  let recorded: number;
  try {
    recorded = readNumber(block, at, CHECKSUM, 'checksum');
  } catch {
    return -1;
  }
  const sum = sumOf(block, at);
  if (recorded === sum) return sum;
  let high = 0;
  for (let i = at; i < at + BLOCK; i++) {
    const inField = i >= at + CHECKSUM.at && i < at + CHECKSUM.at + CHECKSUM.length;
    if (!inField && (block[i] as number) > 127) high++;
  }
  return recorded === sum - 256 * high ? sum : -1;
}

/** Writes the checksum as POSIX has it: six octal digits, NUL, space. */
export function writeChecksum(block: Buffer, at: number): void {
  let rest = sumOf(block, at);
  const from = at + CHECKSUM.at;
  for (let i = from + 5; i >= from; i--) {
    block[i] = 0x30 + (rest & 7);
    rest >>= 3;
  }
  block[from + 6] = 0;
  block[from + 7] = 0x20;
}

/** The fields of a header that hold a time. */
export function timeFields(block: Buffer, at: number): readonly Field[] {
  // GNU's incremental format stores times in the place of ustar's prefix.
  if (magicOf(block, at) === 'gnu') return GNU_TIMES;
  return isStar(block, at) ? STAR_TIMES : POSIX_TIMES;
}

const POSIX_TIMES = [MTIME];
const STAR_TIMES = [MTIME, STAR_ATIME, STAR_CTIME];
const GNU_TIMES = [MTIME, GNU_ATIME, GNU_CTIME];

/** The numbers of a device; v7 has none. Throws TAR_FIELD. */
export function deviceNumbers(block: Buffer, at: number): DeviceNumbers {
  if (magicOf(block, at) === 'v7') return { major: 0, minor: 0 };
  return {
    major: readNumber(block, at, DEVMAJOR, 'device number'),
    minor: readNumber(block, at, DEVMINOR, 'device number'),
  };
}

/** Throws TAR_FIELD for a number that no reader could use, even if an edit would replace it. */
export function checkNumbers(block: Buffer, at: number): void {
  if (readNumber(block, at, MODE, 'mode') < 0) throw badField('mode', 'is negative');
  readNumber(block, at, MTIME, 'mtime');
  // Go's archive/tar reads these for every type of entry.
  if (!hasPlainDevice(block, at)) deviceNumbers(block, at);
  if (isStar(block, at)) {
    readNumber(block, at, STAR_ATIME, 'atime');
    readNumber(block, at, STAR_CTIME, 'ctime');
  }
}

/** Whether the device fields are all NUL and '0', as in most entries. */
function hasPlainDevice(header: Buffer, at: number): boolean {
  for (let i = at + DEVMAJOR.at, end = i + 16; i < end; i++) {
    const byte = header[i];
    if (byte !== 0 && byte !== 0x30) return false;
  }
  return true;
}
