/**
 * The contents of one layer's files, looked at while they pass by: hashed, probed, and let go. What
 * stays of each is a {@link Content}; its index is what a node of the tree carries as its `offset`.
 */
import type { ContentSink } from '../filesystem/content-sink.js';
import { fromBinary } from '../filesystem/node.js';
import type { Content } from './content.js';
import { contentHasher, type ContentHasher } from './content-hash.js';
import { ContentProbe } from './probe.js';

/** Bytes of one file, as they come. Every buffer is valid during the call only. */
export interface Listener {
  append(bytes: Buffer): void;
  hole(length: number): void;
}

/** Whoever wants one file's bytes: asked when its content begins. */
export type Wanted = (index: number, path: string) => Listener | undefined;

const ZEROS = Buffer.alloc(64 << 10);

export class Contents implements ContentSink {
  /** By index; complete behind `settle`. */
  readonly all: Content[] = [];
  readonly #hasher: ContentHasher;
  readonly #probe = new ContentProbe();
  readonly #wanted: Wanted | undefined;
  #listener: Listener | undefined;
  #open = false;

  private constructor(hasher: ContentHasher, wanted: Wanted | undefined) {
    this.#hasher = hasher;
    this.#wanted = wanted;
  }

  static async create(wanted?: Wanted): Promise<Contents> {
    return new Contents(await contentHasher(), wanted);
  }

  begin(size: number, path: string, mode: number): number {
    this.settle();
    const index = this.all.length;
    this.#listener = this.#wanted?.(index, path);
    this.#hasher.begin(size);
    this.#probe.begin(`/${fromBinary(path)}`, mode, size);
    this.#open = true;
    return index;
  }

  append(bytes: Buffer): void {
    this.#hasher.update(bytes);
    this.#probe.data(bytes);
    this.#listener?.append(bytes);
  }

  hole(length: number): void {
    for (let left = length; left > 0; left -= ZEROS.length)
      this.#hasher.update(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
    this.#probe.hole(length);
    this.#listener?.hole(length);
  }

  /** Ends the content at hand; the layer's last one has nothing behind it that would. */
  settle(): void {
    if (!this.#open) return;
    this.#open = false;
    const hash = this.#hasher.digest();
    this.all.push({ hash, ...this.#probe.end() });
  }
}
