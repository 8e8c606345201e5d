/** gzip (RFC 1952) with any number of members. As in gzip(1), zeros after the last member are padding. */
import { createGunzip, type Gunzip } from 'node:zlib';
import { systemCode } from '../errors.js';
import { type Chunks, corrupt, cutShort } from './format.js';
import { writeTo } from './program.js';

const OUTPUT_CHUNK = 128 * 1024;

/** Decompresses `input`. */
export async function* gunzip(input: Chunks): AsyncGenerator<Buffer> {
  const inflate = createGunzip({ chunkSize: OUTPUT_CHUNK });
  const fed = feed(input, inflate);
  fed.catch((error: Error) => inflate.destroy(error));
  try {
    for await (const chunk of inflate) yield chunk as Buffer;
  } catch (error) {
    if (systemCode(error) === 'Z_BUF_ERROR') throw cutShort(error);
    throw systemCode(error)?.startsWith('Z_') ? corrupt(error) : error;
  } finally {
    inflate.destroy();
  }
  if (!(await fed))
    throw corrupt('something else follows it', 'cut off what follows the gzip data');
}

/** Writes `input` to zlib, which ends at a zero after a member. Returns whether zeros alone follow. */
async function feed(input: Chunks, inflate: Gunzip): Promise<boolean> {
  let isOver = false;
  inflate.once('end', () => (isOver = true));
  let written = 0;
  for await (const chunk of input) {
    let rest = chunk;
    if (!isOver) {
      written += chunk.length;
      await writeTo(inflate, chunk);
      if (inflate.destroyed && !inflate.readableEnded) return true;
      rest = chunk.subarray(chunk.length - (written - inflate.bytesWritten));
      isOver ||= rest.length > 0;
    }
    if (rest.some((byte) => byte !== 0)) return false;
  }
  if (!isOver) inflate.end();
  return true;
}
