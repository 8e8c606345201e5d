/** Recognises compression by the first bytes of a stream, and decompresses it. */
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { DockerceptionError } from '../errors.js';
import { type Chunks, type CompressionFormat, DecodeError } from './format.js';
import { PulledStream } from './pulled-stream.js';
import { countGarbage } from './young-garbage.js';

type Decoder = (input: Chunks) => AsyncGenerator<Uint8Array>;

/** The length of the longest magic number: bzip2's "BZh", a digit, and six bytes of a block. */
const PEEK = 10;
const OUTPUT_BUFFER = 256 * 1024;

/**
 * Returns the decompressed stream, or `input` itself if it is not compressed. Destroying the result destroys `input`,
 * whose errors are emitted unchanged.
 * @param name the input, for messages
 * @throws DockerceptionError of kind `context`, from the result: `COMPRESSED_TRUNCATED`, `COMPRESSED_CORRUPT` or
 * `COMPRESSED_UNSUPPORTED`
 */
export function decompress(input: Readable, name: string): Promise<Readable> {
  return decoded(input, name, recognise);
}

/** As {@link decompress}, for input of the user: also recognises compress(1) and lz4(1), and repeated compression. */
export async function decompressContext(input: Readable, name: string): Promise<Readable> {
  let bytes = input;
  for (let layers = 0; layers < MAX_LAYERS; layers++) {
    const inner = await decoded(bytes, name, (head) => recognise(head) ?? recogniseMore(head));
    if (inner === bytes) break;
    bytes = inner;
  }
  return bytes;
}

/** The limit for repeated compression. */
const MAX_LAYERS = 4;

async function decoded(
  input: Readable,
  name: string,
  formatOf: (head: Uint8Array) => CompressionFormat | undefined,
): Promise<Readable> {
  const { head, ended } = await peek(input);
  // `unshift` has no effect after the end.
  const bytes = ended ? Readable.from(head.length > 0 ? [head] : [], { objectMode: false }) : input;
  const format = formatOf(head);
  if (format === undefined) return bytes;
  const decode = await decoderOf(format, head);
  const chunks = explained(decode(bytes), `reading ${name}: the ${format} data`);
  const release = (): Promise<unknown> => {
    // A decoder that waits for the input ends only after it.
    bytes.destroy();
    return chunks.return(undefined);
  };
  return new PulledStream(() => chunks.next(), release, OUTPUT_BUFFER);
}

/** Adds the context to errors of the decoder, and counts what it allocates. */
async function* explained(
  chunks: AsyncIterable<Uint8Array>,
  context: string,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of chunks) {
      countGarbage(chunk.length);
      yield chunk;
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new DockerceptionError('context', error.code, `${context} ${error.message}`, error);
  }
}

/** Formats that engines do not read. */
function recogniseMore(head: Uint8Array): CompressionFormat | undefined {
  const hex = Buffer.from(head.subarray(0, 4)).toString('hex');
  if (/^1f9d/.test(hex)) return 'compress';
  return /^(04224d18|02214c18)/.test(hex) ? 'lz4' : undefined;
}

/** The format of data with these first bytes; undefined if it is not compressed. */
export function recognise(head: Uint8Array): CompressionFormat | undefined {
  const hex = Buffer.from(head.subarray(0, PEEK)).toString('hex');
  if (/^1f8b/.test(hex)) return 'gzip';
  if (/^28b52ffd|^5.2a4d18/.test(hex)) return 'zstd';
  if (/^fd377a585a00/.test(hex)) return 'xz';
  if (/^425a683[1-9](314159265359|177245385090)/.test(hex)) return 'bzip2';
  return undefined;
}

async function decoderOf(format: CompressionFormat, head: Uint8Array): Promise<Decoder> {
  if (format === 'gzip') return (await import('./decompress-gzip.js')).gunzip;
  if (format === 'zstd') return (await import('./decompress-zstd.js')).unzstd;
  if (format === 'xz') {
    const { isCheckable, unxz } = await import('./decompress-xz.js');
    if (isCheckable(head)) return unxz;
  }
  const { decompressWith } = await import('./program.js');
  return (input) => decompressWith(format, input);
}

/** Reads the first bytes and puts them back, unless the stream ends before. */
async function peek(input: Readable): Promise<{ head: Buffer; ended: boolean }> {
  let head: Buffer = Buffer.alloc(0);
  for (;;) {
    let chunk: Buffer | null;
    while (head.length < PEEK && (chunk = input.read() as Buffer | null) !== null)
      head = head.length > 0 ? Buffer.concat([head, chunk]) : chunk;
    if (head.length >= PEEK) {
      // Synchronously: a tick later the stream may have ended.
      input.unshift(head);
      return { head, ended: false };
    }
    if (input.readableEnded) return { head, ended: true };
    if (input.errored) throw input.errored;
    if (input.destroyed) throw new Error('the stream was closed before its end');
    const settled = new AbortController();
    const events = ['readable', 'end', 'close'].map((event) => once(input, event, settled));
    await Promise.race(events).finally(() => settled.abort());
  }
}
