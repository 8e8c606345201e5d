/**
 * xz (The .xz File Format 1.2) by xz-embedded as WebAssembly, with any number of streams. It verifies CRC-32 and
 * CRC-64; SHA-256 needs the `xz` program.
 */
import { messageOf } from '../errors.js';
import { corrupt, cutShort, unsupported } from './decompress-error.js';

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
export async function* unxz(
  input: AsyncIterable<Buffer>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const { default: xz } = await import('xz-decompress');
  const reader = new xz.XzReadableStream(toWeb(input)).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw explain(error, name);
  } finally {
    // Also frees the decoder: the library has one for all streams.
    await reader.cancel().catch(() => undefined);
  }
}

function toWeb(input: AsyncIterable<Buffer>): ReadableStream<Uint8Array> {
  const chunks = input[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const next = await chunks.next();
          if (next.done) return controller.close();
          if (next.value.length > 0) return controller.enqueue(next.value);
        }
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

function explain(error: unknown, name: string): unknown {
  const code = /^get_next_output failed with error code (\d+)$/.exec(messageOf(error))?.[1];
  if (code === undefined) return error;
  if (Number(code) === BUFFER) return cutShort(name, 'xz', error);
  if (Number(code) === OPTIONS)
    return unsupported(name, 'xz', 'uses a filter or a check that is not known here', RECOMPRESS);
  if (OUT_OF_MEMORY.includes(Number(code)))
    return unsupported(name, 'xz', 'needs too much memory', RECOMPRESS);
  return corrupt(name, 'xz', 'its checksums or its structure are wrong');
}
