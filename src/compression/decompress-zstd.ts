/**
 * zstd (RFC 8878) with any number of frames and skippable frames, decoded by Node from 22.15 on, fzstd, or zstd(1).
 * Windows above 128 MiB are rejected, as zstd(1) does by default.
 */
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { systemCode } from '../errors.js';
import { corrupt, cutShort, unsupported } from './decompress-error.js';
import { decompressWith } from './decompress-program.js';
import {
  ByteReader,
  FormatError,
  type FrameHeader,
  readBlock,
  readHeader,
  withoutChecksum,
} from './decompress-zstd-frame.js';

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const MAX_WINDOW = 128n * 1024n * 1024n;

/** Decompresses `input`. */
export async function* unzstd(
  input: AsyncIterable<Buffer>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(input, () => cutShort(name, 'zstd'));
  try {
    while (!(await reader.atEnd())) {
      const magic = await reader.read(4);
      if ((magic.readUInt32LE() & 0xfffffff0) >>> 0 === SKIPPABLE)
        await reader.skip((await reader.read(4)).readUInt32LE());
      else if (magic.readUInt32LE() === MAGIC) yield* frame(reader, magic, name);
      else throw new FormatError('something else follows it');
    }
  } catch (error) {
    throw error instanceof FormatError ? corrupt(name, 'zstd', error) : error;
  } finally {
    await reader.close();
  }
}

async function* frame(reader: ByteReader, magic: Buffer, name: string): AsyncGenerator<Uint8Array> {
  const header = await readHeader(reader, magic);
  if (header.dictionary)
    throw unsupported(name, 'zstd', 'needs a dictionary', 'compress it without one');
  if (header.windowSize > MAX_WINDOW)
    throw unsupported(
      name,
      'zstd',
      `needs a window of ${header.windowSize} bytes`,
      'decompress it first (zstd -dc --long=31), or compress it without --long',
    );
  const decode = decoderFor(header, name);
  let size = 0n;
  for await (const chunk of decode(reader, header)) {
    size += BigInt(chunk.length);
    if (size > (header.contentSize ?? size)) break;
    yield chunk;
  }
  if (size !== (header.contentSize ?? size))
    throw new FormatError('a frame has more or less content than its header says');
}

/** Decodes the frame after its header, and verifies its checksum. */
type FrameDecoder = (
  reader: ByteReader,
  header: FrameHeader,
) => AsyncGenerator<Uint8Array, void, undefined>;

const WINDOW_LOG = 27;
/** fzstd reads an offset from 25 bits: an offset plus 3 (RFC 8878, section 3.1.1.5) of 2^26 and more is wrong. */
const FZSTD_MAX_WINDOW = (1n << 26n) - 4n;

// Not in the types of Node 20.
interface ZstdInZlib {
  createZstdDecompress?: (options: { params: Record<number, number> }) => Transform;
  constants: { ZSTD_d_windowLogMax?: number };
}

function nativeDecoder(): FrameDecoder | undefined {
  const { createZstdDecompress, constants } = zlib as unknown as ZstdInZlib;
  if (!createZstdDecompress || constants.ZSTD_d_windowLogMax === undefined) return undefined;
  const params = { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG };
  return (reader, header) => throughNode(createZstdDecompress({ params }), reader, header);
}

async function* throughNode(
  codec: Transform,
  reader: ByteReader,
  header: FrameHeader,
): AsyncGenerator<Uint8Array> {
  const fed = feed(codec, frameBytes(reader, header));
  fed.catch(() => undefined);
  try {
    for await (const chunk of codec) yield chunk as Buffer;
  } catch (error) {
    if (systemCode(error)?.startsWith('ZSTD_') || systemCode(error)?.startsWith('Z_'))
      throw new FormatError((error as Error).message, { cause: error });
    throw error;
  } finally {
    codec.destroy();
  }
  await fed;
}

async function feed(codec: Transform, frame: AsyncIterable<Buffer>): Promise<void> {
  let wake: (() => void) | undefined;
  codec.once('close', () => wake?.());
  try {
    for await (const bytes of frame) {
      if (codec.destroyed) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
        codec.write(bytes, () => resolve());
      });
    }
    if (!codec.destroyed) codec.end();
  } catch (error) {
    codec.destroy(error as Error);
    throw error;
  }
}

/** The bytes of a frame. */
async function* frameBytes(reader: ByteReader, header: FrameHeader): AsyncGenerator<Buffer> {
  yield header.bytes;
  for (let last = false; !last;) {
    const block = await readBlock(reader, header);
    last = block.last;
    yield block.bytes;
  }
  if (header.hasChecksum) yield await reader.read(4);
}

function programDecoder(name: string): FrameDecoder {
  return (reader, header) => decompressWith('zstd', frameBytes(reader, header), name);
}

function decoderFor(header: FrameHeader, name: string): FrameDecoder {
  const native = nativeDecoder();
  if (native) return native;
  return header.windowSize > FZSTD_MAX_WINDOW ? programDecoder(name) : fzstdDecoder;
}

/** fzstd doesn't verify checksums (section 3.1.1: the low 32 bits of XXH64). */
async function* fzstdDecoder(reader: ByteReader, header: FrameHeader): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd');
  const { default: xxhash } = await import('xxhash-wasm');
  const hash = (await xxhash()).create64();
  const chunks: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => chunks.push(chunk));
  let bytes = withoutChecksum(header);
  for (let last = false; !last; bytes = Buffer.alloc(0)) {
    const block = await readBlock(reader, header);
    last = block.last;
    try {
      decoder.push(Buffer.concat([bytes, block.bytes]), last);
    } catch (error) {
      throw new FormatError('a block can not be decoded', { cause: error });
    }
    // The reader may overwrite a chunk, which the decoder copies in `push`.
    for (const chunk of chunks.splice(0)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  if (!header.hasChecksum) return;
  const expected = (await reader.read(4)).readUInt32LE();
  if (Number(hash.digest() & 0xffffffffn) !== expected)
    throw new FormatError('its checksum is wrong');
}
