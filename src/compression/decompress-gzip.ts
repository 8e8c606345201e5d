/** gzip (RFC 1952) with any number of members. As in gzip(1), zeros after the last member are padding. */
import type { Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf, systemCode } from '../errors.js';
import { corrupt, cutShort } from './decompress-error.js';

const OUTPUT_CHUNK = 128 * 1024;

/** Decompresses `input`. */
export async function* gunzip(
  input: AsyncIterable<Buffer>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const inflate = createGunzip({ chunkSize: OUTPUT_CHUNK });
  const fed = feed(input, inflate, () => inflate.bytesWritten);
  // Awaited below; until then a failure must not be unhandled.
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
    throw corrupt(name, 'gzip', 'something else follows it', 'cut off what follows the gzip data');
}

/** Writes `input` to zlib, which ends at a zero after a member. What follows must be zeros. */
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
