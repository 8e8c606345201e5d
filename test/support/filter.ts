/** The filter as a function: a tar in, a tar out, in chunks of any size. */
import { Readable } from 'node:stream';
import { filterInto } from '../../src/filter.js';
import type { FilterOptions } from '../../src/options/context.js';
import type { Sink } from '../../src/sink/sink.js';

/** Every stream test runs at these. */
export const CHUNKS = [1, 7, 512, 513, 64 * 1024, 1024 * 1024];

export interface Filtered {
  readonly output: Buffer;
  readonly error: unknown;
  readonly notices: readonly string[];
  /** How the sink was left. */
  readonly sink: 'ended' | 'destroyed' | 'open';
}

/** Keeps what it gets. */
export class CollectingSink implements Sink {
  readonly #parts: Buffer[] = [];
  state: 'ended' | 'destroyed' | 'open' = 'open';
  reason: Error | undefined;
  /** What a reader gets at the end that isn't told of the reason. */
  last: Buffer | undefined;

  write(bytes: Buffer): void {
    if (this.state !== 'open') throw new Error(`a write to a sink that is ${this.state}`);
    this.#parts.push(Buffer.from(bytes));
  }

  ready(): undefined {
    return undefined;
  }

  end(): Promise<void> {
    if (this.state !== 'open') throw new Error(`an end of a sink that is ${this.state}`);
    this.state = 'ended';
    return Promise.resolve();
  }

  destroy(error: Error, last?: Buffer): void {
    if (this.state !== 'open') throw new Error(`a sink destroyed that is ${this.state}`);
    this.state = 'destroyed';
    this.reason = error;
    this.last = last;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Gives the bytes in chunks of this size, or of the sizes that the list repeats. */
export function inChunks(bytes: Buffer, size: number | readonly number[]): Readable {
  const sizes = typeof size === 'number' ? [size] : size;
  let at = 0;
  let turn = 0;
  return new Readable({
    highWaterMark: 64 * 1024,
    read() {
      let more = true;
      while (more && at < bytes.length) {
        const step = Math.max(1, sizes[turn++ % sizes.length] as number);
        more = this.push(Buffer.from(bytes.subarray(at, at + step)));
        at += step;
      }
      if (at >= bytes.length) this.push(null);
    },
  });
}

/** Runs the filter; never rejects. No Dockerfile is needed unless `file` is given. */
export async function filter(
  tar: Buffer,
  options: Omit<FilterOptions, 'context'> = {},
  chunk: number | readonly number[] = 64 * 1024,
): Promise<Filtered> {
  const sink = new CollectingSink();
  const notices: string[] = [];
  let error: unknown;
  try {
    await filterInto(sink, {
      allowNoDockerfile: options.file === undefined,
      ...options,
      context: inChunks(tar, chunk),
      report: (event) => {
        if (event.kind === 'notice') notices.push(event.message);
      },
    });
  } catch (thrown) {
    error = thrown;
  }
  return { output: sink.bytes, error, notices, sink: sink.state };
}

/** The output of a run that has to succeed. */
export async function filtered(
  tar: Buffer,
  options: Omit<FilterOptions, 'context'> = {},
  chunk: number | readonly number[] = 64 * 1024,
): Promise<Buffer> {
  const { output, error, sink } = await filter(tar, options, chunk);
  if (error !== undefined) throw error as Error;
  if (sink !== 'ended') throw new Error(`the sink is ${sink}`);
  return output;
}
