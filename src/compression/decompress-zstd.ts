/**
 * zstd (RFC 8878) with any number of frames and skippable frames, decoded by Node from 22.15 on, fzstd, or zstd(1).
 * Windows above 128 MiB are rejected, as zstd(1) does by default.
 */
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { systemCode } from '../errors.js';
import { type Chunks, corrupt, cutShort, unsupported } from './format.js';
import { decompressWith, throughCodec } from './program.js';

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const MAX_WINDOW = 128n * 1024n * 1024n;
const SKIPPED_AT_ONCE = 64 * 1024;

/** Decompresses `input`. */
export async function* unzstd(input: Chunks): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(input);
  try {
    while (!(await reader.atEnd())) {
      const magic = await reader.read(4);
      if (magic.readUInt32LE() === MAGIC) yield* decodeFrame(reader, magic);
      else if ((magic.readUInt32LE() & 0xfffffff0) >>> 0 === SKIPPABLE) await skipFrame(reader);
      else throw corrupt('something else follows it');
    }
  } finally {
    await reader.close();
  }
}

async function skipFrame(reader: ByteReader): Promise<void> {
  const size = (await reader.read(4)).readUInt32LE();
  for (let left = size; left > 0; left -= SKIPPED_AT_ONCE)
    await reader.read(Math.min(left, SKIPPED_AT_ONCE));
}

async function* decodeFrame(reader: ByteReader, magic: Buffer): AsyncGenerator<Uint8Array> {
  const header = await readHeader(reader, magic);
  if (header.hasDictionary) throw unsupported('needs a dictionary', 'compress it without one');
  if (header.windowSize > MAX_WINDOW)
    throw unsupported(
      `needs a window of ${header.windowSize} bytes`,
      'decompress it first (zstd -dc --long=31), or compress it without --long',
    );
  let size = 0n;
  for await (const chunk of decoded(reader, header)) {
    size += BigInt(chunk.length);
    if (size > (header.contentSize ?? size)) break;
    yield chunk;
  }
  if (size !== (header.contentSize ?? size))
    throw corrupt('a frame has more or less content than its header says');
}

const WINDOW_LOG = 27;
/** fzstd reads an offset from 25 bits: an offset plus 3 (RFC 8878, section 3.1.1.5) of 2^26 and more is wrong. */
const FZSTD_MAX_WINDOW = (1n << 26n) - 4n;

// Not in the types of Node 20.
interface ZstdInZlib {
  createZstdDecompress?: (options: { params: Record<number, number> }) => Transform;
  constants: { ZSTD_d_windowLogMax?: number };
}

/** Decodes the frame after its header, and verifies its checksum. */
function decoded(reader: ByteReader, header: FrameHeader): AsyncIterable<Uint8Array> {
  const { createZstdDecompress, constants } = zlib as unknown as ZstdInZlib;
  if (createZstdDecompress && constants.ZSTD_d_windowLogMax !== undefined) {
    const params = { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG };
    return throughNode(createZstdDecompress({ params }), frameBytes(reader, header));
  }
  return header.windowSize > FZSTD_MAX_WINDOW
    ? decompressWith('zstd', frameBytes(reader, header))
    : throughFzstd(reader, header);
}

async function* throughNode(codec: Transform, frame: Chunks): AsyncGenerator<Uint8Array> {
  try {
    yield* throughCodec(codec, frame);
  } catch (error) {
    throw /^Z(STD)?_/.test(systemCode(error) ?? '') ? corrupt(error) : error;
  }
}

/** The bytes of a frame. */
async function* frameBytes(reader: ByteReader, header: FrameHeader): AsyncGenerator<Buffer> {
  yield header.bytes;
  for (let isLast = false; !isLast;) {
    const block = await readBlock(reader, header);
    isLast = block.isLast;
    yield block.bytes;
  }
  if (header.hasChecksum) yield await reader.read(4);
}

/** fzstd doesn't verify checksums (section 3.1.1: the low 32 bits of XXH64). */
async function* throughFzstd(reader: ByteReader, header: FrameHeader): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd');
  const { default: xxhash } = await import('xxhash-wasm');
  const hash = (await xxhash()).create64();
  const chunks: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => chunks.push(chunk));
  let bytes = withoutChecksum(header);
  for (let isLast = false; !isLast; bytes = Buffer.alloc(0)) {
    const block = await readBlock(reader, header);
    isLast = block.isLast;
    try {
      decoder.push(Buffer.concat([bytes, block.bytes]), isLast);
    } catch {
      throw corrupt('a block can not be decoded');
    }
    // The reader may overwrite a chunk, which the decoder copies in `push`.
    for (const chunk of chunks.splice(0)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  if (!header.hasChecksum) return;
  const expected = (await reader.read(4)).readUInt32LE();
  if (Number(hash.digest() & 0xffffffffn) !== expected) throw corrupt('its checksum is wrong');
}

/** The start of a frame (section 3.1.1). Sizes are in bytes. */
interface FrameHeader {
  /** With the magic number. */
  readonly bytes: Buffer;
  readonly windowSize: bigint;
  readonly contentSize: bigint | undefined;
  readonly hasChecksum: boolean;
  readonly hasDictionary: boolean;
}

const DESCRIPTOR = 4;
const CHECKSUM_FLAG = 0x04;
const RLE = 1;
const COMPRESSED = 2;
const ZERO_PROBABILITY = 1;
const MAX_BLOCK = 128 * 1024;

/** Reads what follows a frame's magic number. */
async function readHeader(reader: ByteReader, magic: Buffer): Promise<FrameHeader> {
  const start = await reader.read(1);
  const descriptor = start.readUInt8();
  if (descriptor & 0x08) throw corrupt('a reserved bit is set in a frame header');
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentFlag = descriptor >> 6;
  const contentBytes = contentFlag === 0 ? Number(isSingleSegment) : 1 << contentFlag;
  const window = await reader.read(isSingleSegment ? 0 : 1);
  const dictionary = await reader.read([0, 1, 2, 4][descriptor & 3] ?? 0);
  const content = await reader.read(contentBytes);
  const contentSize =
    contentBytes === 0 ? undefined : littleEndian(content) + (contentBytes === 2 ? 256n : 0n);
  return {
    bytes: Buffer.concat([magic, start, window, dictionary, content]),
    windowSize: isSingleSegment ? (contentSize ?? 0n) : windowSize(window.readUInt8()),
    contentSize,
    hasChecksum: (descriptor & CHECKSUM_FLAG) !== 0,
    hasDictionary: littleEndian(dictionary) !== 0n,
  };
}

/** The header without the checksum flag, for a decoder that ignores the checksum. */
function withoutChecksum(header: FrameHeader): Buffer {
  const bytes = Buffer.from(header.bytes);
  bytes[DESCRIPTOR] = (bytes[DESCRIPTOR] ?? 0) & ~CHECKSUM_FLAG;
  return bytes;
}

/** Reads one block with its three header bytes. */
async function readBlock(
  reader: ByteReader,
  header: FrameHeader,
): Promise<{ readonly bytes: Buffer; readonly isLast: boolean }> {
  const start = await reader.read(3);
  const word = start.readUIntLE(0, 3);
  const type = (word >> 1) & 3;
  const size = word >> 3;
  if (type > COMPRESSED) throw corrupt('a block has the reserved type');
  const limit = header.windowSize < MAX_BLOCK ? Number(header.windowSize) : MAX_BLOCK;
  if (size > limit) throw corrupt(`a block of ${size} bytes is larger than the format allows`);
  const body = await reader.read(type === RLE ? 1 : size);
  if (type === COMPRESSED) checkTree(body);
  return { bytes: Buffer.concat([start, body]), isLast: (word & 1) === 1 };
}

/**
 * Rejects a Huffman tree whose weights are all one symbol (section 4.2.1.2): its states use no bits, so that a decoder
 * which reads until the bits are used up never ends.
 */
function checkTree(body: Buffer): void {
  if (((body[0] ?? 0) & 3) !== COMPRESSED) return;
  const sizeFormat = ((body[0] ?? 0) >> 2) & 3;
  const tree = body.subarray(sizeFormat < 2 ? 3 : sizeFormat + 2);
  if ((tree[0] ?? 0) >= 128) return;
  const bit = (at: number): number => ((tree[1 + (at >> 3)] ?? 0) >> (at & 7)) & 1;
  const bits = (at: number, count: number): number =>
    count === 0 ? 0 : bit(at) | (bits(at + 1, count - 1) << 1);
  const log = bits(0, 4) + 5;
  for (let at = 4; at < tree.length * 8;) {
    // After zeros only, a probability has `log` bits, and one more for "all the rest".
    if (bits(at, log + 1) === (2 << log) - 1) throw corrupt('a Huffman tree has one weight only');
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
class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(input: Chunks) {
    this.#chunks = input[Symbol.asyncIterator]();
  }

  async atEnd(): Promise<boolean> {
    while (this.#buffer.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return true;
      this.#buffer = next.value;
    }
    return false;
  }

  /** Throws COMPRESSED_TRUNCATED if the input ends before. */
  async read(size: number): Promise<Buffer> {
    const parts = [this.#buffer];
    for (let length = this.#buffer.length; length < size; length += this.#buffer.length) {
      this.#buffer = Buffer.alloc(0);
      if (await this.atEnd()) throw cutShort();
      parts.push(this.#buffer);
    }
    const bytes = parts.length === 1 ? this.#buffer : Buffer.concat(parts);
    this.#buffer = bytes.subarray(size);
    return bytes.subarray(0, size);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
