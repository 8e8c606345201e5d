/**
 * Data that deflate doesn't shrink. It is put into stored blocks (RFC 1951, section 3.2.4): five
 * bytes in front of at most 65,535; to begin one takes a byte boundary.
 */

/** Bytes that one stored block can have. */
const MOST = 0xffff;
const OVERHEAD = 5;

/** How many bytes `length` bytes of data take. */
export function storedSize(length: number): number {
  return length + Math.ceil(length / MOST) * OVERHEAD;
}

/** Writes `data` to the front of `target` as stored blocks, none of them the last; returns them. */
export function store(data: Buffer, target: Buffer): Buffer {
  let at = 0;
  for (let from = 0; from < data.length; from += MOST) {
    const length = Math.min(MOST, data.length - from);
    target[at] = 0;
    target.writeUInt16LE(length, at + 1);
    target.writeUInt16LE(~length & MOST, at + 3);
    at += OVERHEAD;
    at += data.copy(target, at, from, from + length);
  }
  return target.subarray(0, at);
}

/** Places that are looked at, and bytes at each. */
const SAMPLES = 8;
const SAMPLE = 1024;
/** Bits a byte, of eight; random bytes have 7.98 in so small a sample. */
const HIGH_ENTROPY = 7.9;

/**
 * Whether the bytes are spread as evenly as in random or compressed data. That alone doesn't say
 * that nothing repeats, but it takes some microseconds and rules out most of what shrinks.
 */
export function looksRandom(data: Buffer): boolean {
  const step = Math.floor(data.length / SAMPLES);
  if (step < SAMPLE) return false;
  const counts = new Uint32Array(256);
  for (let sample = 0; sample < SAMPLES; sample++) {
    const from = sample * step;
    for (let at = from; at < from + SAMPLE; at++) {
      const byte = data[at] as number;
      counts[byte] = (counts[byte] as number) + 1;
    }
  }
  const total = SAMPLES * SAMPLE;
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= count * Math.log2(count / total);
  return bits / total > HIGH_ENTROPY;
}
