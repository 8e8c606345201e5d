/** Data through a compressor that takes and gives at its own pace, as a program or a stream does. */
import type { Readable, Writable } from 'node:stream';

/** Data in on one side, out on the other. Who made it closes it. */
export interface StreamCompressor {
  readonly input: Writable;
  readonly output: Readable;
  /** Resolves when the output has ended; rejects with why it isn't whole. */
  readonly ended: Promise<unknown>;
  /** Ends it, whatever it is doing. May be called twice. */
  close(): Promise<unknown>;
}

/**
 * Yields what `data` compresses to, and closes the compressor. A failure of `data` comes out as it
 * is; ending it early ends `data` too.
 */
export async function* compressThrough(
  data: AsyncIterable<Buffer>,
  compressor: StreamCompressor,
): AsyncGenerator<Buffer> {
  const fed = feed(data, compressor.input);
  // Both are awaited below; until then a failure must not count as unhandled.
  fed.catch(() => compressor.close());
  compressor.ended.catch(() => undefined);
  try {
    for await (const chunk of outputOf(compressor)) yield chunk;
    // The data's own failure comes first: it is why the compressor ended.
    const taken = await fed;
    await compressor.ended;
    if (!taken) throw new Error('a compressor has ended before its data');
  } finally {
    await compressor.close();
    await fed.catch(() => undefined);
  }
}

/** What comes out until it ends or fails; `ended` tells how. */
async function* outputOf({ output }: StreamCompressor): AsyncGenerator<Buffer> {
  const chunks = output[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const next = await chunks.next().catch(() => undefined);
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    await chunks.return?.();
  }
}

/** Writes all of `data`. False when the other side takes no more: it tells why by itself. */
async function feed(data: AsyncIterable<Buffer>, input: Writable): Promise<boolean> {
  input.on('error', () => undefined);
  for await (const chunk of data) {
    // The chunk is its producer's again once it is compressed, or in the pipe.
    const taken = await new Promise<boolean>((resolve) => {
      input.write(chunk, (error) => resolve(!error));
    });
    if (!taken) return false;
  }
  input.end();
  return true;
}
