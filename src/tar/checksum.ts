/**
 * A header's checksum: the sum of its 512 bytes, the checksum field itself read as spaces.
 * POSIX.1-2017 pax, "ustar Interchange Format". Some old writers summed signed bytes.
 */
import { BLOCK, CHECKSUM } from './block.js';
import { readNumber } from './numeric.js';

/** The sum of the bytes, unsigned. */
export function sumOf(block: Buffer, at: number): number {
  let sum = 8 * 0x20;
  const field = at + CHECKSUM.at;
  const behind = field + CHECKSUM.length;
  for (let i = at; i < field; i++) sum += block[i] as number;
  for (let i = behind, end = at + BLOCK; i < end; i++) sum += block[i] as number;
  return sum;
}

/** Whether the checksum is right, in either way of summing. */
export function checksumHolds(block: Buffer, at: number): boolean {
  let told: number;
  try {
    told = readNumber(block, at, CHECKSUM, 'checksum');
  } catch {
    return false;
  }
  const sum = sumOf(block, at);
  if (told === sum) return true;
  let high = 0;
  for (let i = at; i < at + BLOCK; i++) {
    const inField = i >= at + CHECKSUM.at && i < at + CHECKSUM.at + CHECKSUM.length;
    if (!inField && (block[i] as number) > 127) high++;
  }
  return told === sum - 256 * high;
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
