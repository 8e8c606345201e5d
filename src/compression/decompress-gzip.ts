/** gzip (RFC 1952) with any number of members. As in gzip(1), zeros after the last member are padding. */
import { createGunzip } from 'node:zlib';
import { systemCode } from '../errors.js';
import { type Chunks, corrupt, cutShort } from './format.js';
import { throughCodec } from './program.js';

const OUTPUT_CHUNK = 256 * 1024;

/** Decompresses `input`. */
export async function* gunzip(input: Chunks): AsyncGenerator<Buffer> {
  const inflate = createGunzip({ chunkSize: OUTPUT_CHUNK });
  let isOver = false;
  let isPadding = true;
  inflate.once('end', () => (isOver = true));
  /** The chunks up to a zero after a member, where zlib ends. */
  async function* members(): AsyncGenerator<Buffer> {
    let written = 0;
    for await (const chunk of input) {
      let rest = chunk;
      if (!isOver) {
        written += chunk.length;
        yield chunk;
        rest = chunk.subarray(chunk.length - (written - inflate.bytesWritten));
        isOver ||= rest.length > 0;
      }
      isPadding = rest.every((byte) => byte === 0);
      if (!isPadding) return;
    }
  }
  try {
    yield* throughCodec(inflate, members());
  } catch (error) {
    if (systemCode(error) === 'Z_BUF_ERROR') throw cutShort(error);
    throw systemCode(error)?.startsWith('Z_') ? corrupt(error) : error;
  }
  if (!isPadding) throw corrupt('something else follows it', 'cut off what follows the gzip data');
}
