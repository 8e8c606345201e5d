/**
 * Numbers in a header: octal text, or base-256 (two's complement, first bit set) where octal is
 * too short. POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Extensions to tar".
 * Anything else is damage, and is refused.
 */
import { DockerceptionError } from '../errors.js';
import type { Field } from './block.js';

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

/** Writes an integer: octal with a NUL behind it when it fits, base-256 otherwise. */
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
