/** What had the name that is wanted, in whatever layer: what comes from a pipe comes once. */
import { DockerceptionError } from '../errors.js';
import { formatBytes } from '../text/format.js';
import { printable } from '../text/printable.js';
import type { Content } from './probe/content.js';
import type { Wanted } from './read/layer-contents.js';

/** Bytes that are kept. */
const MOST = 64 << 20;

export class Kept {
  readonly #path: string;
  readonly #kept = new Map<string, Buffer[]>();
  #size = 0;

  /** @param path absolute */
  constructor(path: string) {
    this.#path = path;
  }

  /** What it gives throws CAT_PIPE, of kind usage, for more than can be kept. */
  readonly wanted: Wanted = (blob, index, path) => {
    if (path !== this.#path) return undefined;
    const chunks: Buffer[] = [];
    this.#kept.set(`${index} ${blob}`, chunks);
    const keep = (length: number, make: () => Buffer): void => {
      this.#size += length;
      if (this.#size > MOST) throw tooLarge(path);
      chunks.push(make());
    };
    return {
      append: (bytes) => keep(bytes.length, () => Buffer.from(bytes)),
      hole: (length) => keep(length, () => Buffer.alloc(length)),
      ready: () => undefined,
      end: () => undefined,
    };
  };

  bytesOf({ blob, index }: Content): readonly Buffer[] | undefined {
    return this.#kept.get(`${index} ${blob}`);
  }
}

function tooLarge(path: string): DockerceptionError {
  const message = `reading ${printable(path)}: it has more than ${formatBytes(MOST)}, and a pipe can't be read again`;
  return new DockerceptionError('usage', 'CAT_PIPE', message, {
    hint: 'name a file in place of the pipe',
  });
}
