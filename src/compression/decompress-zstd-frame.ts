/** The structure of a zstd frame (RFC 8878, section 3.1.1): header, block headers, checksum. */

/** Sizes are in bytes. */
export interface FrameHeader {
  /** With the magic number. */
  readonly bytes: Buffer;
  readonly windowSize: bigint;
  readonly contentSize: bigint | undefined;
  readonly hasChecksum: boolean;
  readonly dictionary: boolean;
}

/** One block with its three header bytes. */
interface Block {
  readonly bytes: Buffer;
  readonly last: boolean;
}

/** Invalid data. */
export class FormatError extends Error {}

const DESCRIPTOR = 4;
const CHECKSUM_FLAG = 0x04;
const RLE = 1;
const COMPRESSED = 2;
const ZERO_PROBABILITY = 1;
const MAX_BLOCK = 128 * 1024;

/** Reads what follows a frame's magic number. */
export async function readHeader(reader: ByteReader, magic: Buffer): Promise<FrameHeader> {
  const descriptor = (await reader.read(1))[0] ?? 0;
  if (descriptor & 0x08) throw new FormatError('a reserved bit is set in a frame header');
  const singleSegment = (descriptor & 0x20) !== 0;
  const idSize = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentFlag = descriptor >> 6;
  const contentBytes = contentFlag === 0 ? Number(singleSegment) : 1 << contentFlag;
  const fields = await reader.read(Number(!singleSegment) + idSize + contentBytes);
  const content = fields.subarray(fields.length - contentBytes);
  const contentSize =
    contentBytes === 0 ? undefined : littleEndian(content) + (contentBytes === 2 ? 256n : 0n);
  return {
    bytes: Buffer.concat([magic, Buffer.of(descriptor), fields]),
    windowSize: singleSegment ? (contentSize ?? 0n) : windowSize(fields[0] ?? 0),
    contentSize,
    hasChecksum: (descriptor & CHECKSUM_FLAG) !== 0,
    dictionary:
      idSize > 0 &&
      littleEndian(fields.subarray(Number(!singleSegment)).subarray(0, idSize)) !== 0n,
  };
}

/** The header without the checksum flag, for a decoder that ignores the checksum. */
export function withoutChecksum(header: FrameHeader): Buffer {
  const bytes = Buffer.from(header.bytes);
  bytes[DESCRIPTOR] = (bytes[DESCRIPTOR] ?? 0) & ~CHECKSUM_FLAG;
  return bytes;
}

export async function readBlock(reader: ByteReader, header: FrameHeader): Promise<Block> {
  const start = await reader.read(3);
  const word = start.readUIntLE(0, 3);
  const type = (word >> 1) & 3;
  const size = word >> 3;
  if (type > COMPRESSED) throw new FormatError('a block has the reserved type');
  const limit = header.windowSize < MAX_BLOCK ? Number(header.windowSize) : MAX_BLOCK;
  if (size > limit)
    throw new FormatError(`a block of ${size} bytes is larger than the format allows`);
  const body = await reader.read(type === RLE ? 1 : size);
  if (type === COMPRESSED) checkTree(body);
  return { bytes: Buffer.concat([start, body]), last: (word & 1) === 1 };
}

/**
 * Rejects a Huffman tree whose weights are all one symbol (section 4.2.1.2): its states use no bits, so that a decoder
 * which reads until the bits are used up never ends.
 */
function checkTree(body: Buffer): void {
  const kind = (body[0] ?? 0) & 3;
  if (kind !== COMPRESSED) return;
  const sizeFormat = ((body[0] ?? 0) >> 2) & 3;
  const tree = body.subarray(sizeFormat < 2 ? 3 : sizeFormat + 2);
  if ((tree[0] ?? 0) >= 128) return;
  const bit = (at: number): number => ((tree[1 + (at >> 3)] ?? 0) >> (at & 7)) & 1;
  const bits = (at: number, count: number): number =>
    count === 0 ? 0 : bit(at) | (bits(at + 1, count - 1) << 1);
  const log = bits(0, 4) + 5;
  for (let at = 4; at < tree.length * 8;) {
    // After zeros only, a probability has `log` bits, and one more for "all the rest".
    if (bits(at, log + 1) === (2 << log) - 1)
      throw new FormatError('a Huffman tree has one weight only');
    if (bits(at, log) !== ZERO_PROBABILITY) return;
    at += log;
    let repeat = 3;
    for (; repeat === 3 && at < tree.length * 8; at += 2) repeat = bits(at, 2);
  }
}

function windowSize(byte: number): bigint {
  const base = 1n << BigInt(10 + (byte >> 3));
  return base + (base >> 3n) * BigInt(byte & 7);
}

function littleEndian(bytes: Buffer): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** Reads exact numbers of bytes from chunks of any size. */
export class ByteReader {
  private readonly chunks: AsyncIterator<Buffer>;
  private buffer: Buffer = Buffer.alloc(0);

  /** @param cut the error for an input that ends early */
  constructor(
    input: AsyncIterable<Buffer>,
    private readonly cut: () => Error,
  ) {
    this.chunks = input[Symbol.asyncIterator]();
  }

  async atEnd(): Promise<boolean> {
    return this.buffer.length === 0 && !(await this.more());
  }

  async read(size: number): Promise<Buffer> {
    await this.fill(size);
    const bytes = this.buffer.subarray(0, size);
    this.buffer = this.buffer.subarray(size);
    return bytes;
  }

  async skip(size: number): Promise<void> {
    for (let left = size; left > 0;) {
      await this.fill(1);
      const step = Math.min(left, this.buffer.length);
      this.buffer = this.buffer.subarray(step);
      left -= step;
    }
  }

  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private async fill(size: number): Promise<void> {
    if (this.buffer.length >= size) return;
    const parts = [this.buffer];
    let length = this.buffer.length;
    this.buffer = Buffer.alloc(0);
    while (length < size) {
      if (!(await this.more())) throw this.cut();
      parts.push(this.buffer);
      length += this.buffer.length;
    }
    this.buffer = Buffer.concat(parts, length);
  }

  private async more(): Promise<boolean> {
    for (;;) {
      const next = await this.chunks.next();
      if (next.done) return false;
      this.buffer = next.value;
      if (next.value.length > 0) return true;
    }
  }
}
