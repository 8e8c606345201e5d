/**
 * gzip (RFC 1952): any number of members in, their data out, CRC-32 and length checked by zlib.
 * Zeros behind the last member are padding, as for gzip(1); anything else there is an error.
 */
import type { Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf, systemCode } from '../errors.js';
import { corrupt, cutShort } from './decompress-error.js';

const OUTPUT_CHUNK = 128 * 1024;

/** Yields what `input` decompresses to. */
export async function* gunzip(
  input: AsyncIterable<Buffer>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const inflate = createGunzip({ chunkSize: OUTPUT_CHUNK });
  const fed = feed(input, inflate, () => inflate.bytesWritten);
  // It is awaited below; until then a failure must not count as unhandled.
  fed.catch(() => undefined);
  try {
    for await (const chunk of inflate) yield chunk as Buffer;
  } catch (error) {
    if (systemCode(error) === 'Z_BUF_ERROR') throw cutShort(name, 'gzip', error);
    if (systemCode(error)?.startsWith('Z_')) throw corrupt(name, 'gzip', error);
    throw error;
  } finally {
    inflate.destroy();
  }
  if ((await fed) === 'garbage')
    throw corrupt(
      name,
      'gzip',
      'something else follows it',
      'cut off what is behind the gzip data',
    );
}

/**
 * Writes all of `input`. zlib ends by itself at a zero behind a member and takes no more: what
 * it left, and all that follows, has to be zeros.
 */
async function feed(
  input: AsyncIterable<Buffer>,
  codec: Transform,
  consumed: () => number,
): Promise<'done' | 'garbage'> {
  let over = false;
  let wake: (() => void) | undefined;
  const stop = (): void => {
    over = true;
    wake?.();
  };
  codec.once('end', stop).once('close', stop);
  let written = 0;
  try {
    for await (const chunk of input) {
      let rest = chunk;
      if (!over) {
        written += chunk.length;
        await new Promise<void>((resolve) => {
          wake = resolve;
          codec.write(chunk, () => resolve());
        });
        if (codec.destroyed && !codec.readableEnded) return 'done';
        rest = chunk.subarray(chunk.length - (written - consumed()));
        over ||= rest.length > 0;
      }
      if (rest.some((byte) => byte !== 0)) return 'garbage';
    }
    if (!over) codec.end();
    return 'done';
  } catch (error) {
    codec.destroy(error instanceof Error ? error : new Error(messageOf(error)));
    throw error;
  }
}
