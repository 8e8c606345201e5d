/**
 * zstd (RFC 8878): any number of frames and skippable frames in, their data out. Content sizes
 * and checksums are verified; a window above 128 MiB is refused, as zstd(1) does by default.
 */
import { ByteReader } from './byte-reader.js';
import { corrupt, cutShort, unsupported } from './decompress-error.js';
import { decoderFor } from './decompress-zstd-decoders.js';
import { FormatError, readHeader } from './decompress-zstd-frame.js';

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const MAX_WINDOW = 128n * 1024n * 1024n;

/** Yields what `input` decompresses to. */
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
