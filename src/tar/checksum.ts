/**
 * A header's checksum: the sum of its 512 bytes, the checksum field itself read as spaces.
 * POSIX.1-2017 pax, "ustar Interchange Format". Some old writers summed signed bytes.
 */
import { BLOCK, CHECKSUM } from './block.js';
import { readNumber } from './numeric.js';

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
  let told: number;
  try {
    told = readNumber(block, at, CHECKSUM, 'checksum');
  } catch {
    return -1;
  }
  const sum = sumOf(block, at);
  if (told === sum) return sum;
  let high = 0;
  for (let i = at; i < at + BLOCK; i++) {
    const inField = i >= at + CHECKSUM.at && i < at + CHECKSUM.at + CHECKSUM.length;
    if (!inField && (block[i] as number) > 127) high++;
  }
  return told === sum - 256 * high ? sum : -1;
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
