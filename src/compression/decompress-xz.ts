/**
 * xz (The .xz File Format 1.2) by xz-embedded as WebAssembly, with any number of streams. It verifies CRC-32 and
 * CRC-64; SHA-256 needs the `xz` program.
 */
import { messageOf } from '../errors.js';
import { type Chunks, corrupt, cutShort, unsupported } from './format.js';

const CHECK_SHA256 = 0x0a;
const RECOMPRESS = 'decompress it first: xz -dc FILE | dockerception …';

// xz_ret of xz-embedded's xz.h.
const OUT_OF_MEMORY = [3, 4];
const OPTIONS = 6;
const BUFFER = 8;

/** Whether `unxz` can verify a stream with this header. */
export function isCheckable(header: Uint8Array): boolean {
  return header[7] !== CHECK_SHA256;
}

/** Decompresses `input`. */
export async function* unxz(input: Chunks): AsyncGenerator<Uint8Array> {
  const { default: xz } = await import('xz-decompress');
  const reader = new xz.XzReadableStream(ReadableStream.from(withoutEmpty(input))).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw explain(error);
  } finally {
    // Also frees the decoder: the library has one for all streams.
    await reader.cancel().catch(() => undefined);
  }
}

/** The library doesn't accept empty chunks. */
async function* withoutEmpty(input: Chunks): AsyncGenerator<Uint8Array> {
  for await (const chunk of input) if (chunk.length > 0) yield chunk;
}

function explain(error: unknown): unknown {
  const code = Number(/^get_next_output failed with error code (\d+)$/.exec(messageOf(error))?.[1]);
  if (Number.isNaN(code)) return error;
  if (code === BUFFER) return cutShort(error);
  if (code === OPTIONS)
    return unsupported('uses a filter or a check that is not known here', RECOMPRESS);
  if (OUT_OF_MEMORY.includes(code)) return unsupported('needs too much memory', RECOMPRESS);
  return corrupt('its checksums or its structure are wrong');
}
