/**
 * The contents of one layer's files, looked at while they pass by: hashed, probed, and let go. What
 * stays of each is a {@link Content}; its index is what a node of the tree carries as its `offset`.
 */
import type { ContentSink } from '../../filesystem/content-sink.js';
import type { Content } from '../probe/content.js';
import { type ContentHasher, contentHasher } from '../probe/content-hash.js';
import { ContentProbe } from '../probe/content-probe.js';
import { readablePath } from './readable-name.js';

/** Takes one file's bytes as they come. */
export interface Listener {
  /** The bytes stay valid and unchanged until `ready` has returned `undefined` or has settled. */
  append(bytes: Buffer): void;
  /** The next `length` bytes are zeros: there may be more than anybody has room for. */
  hole(length: number): void;
  /** A promise while it can't accept more. May be called again before that has settled. */
  ready(): Promise<void> | undefined;
  /** The file is over. */
  end(): void;
}

/**
 * Whoever wants one file's bytes: asked when a content begins.
 * @param index of the content in its blob
 * @param path absolute
 */
export type Wanted = (blob: string, index: number, path: string) => Listener | undefined;

const ZEROS = Buffer.alloc(64 << 10);
/** Zeros of holes that are hashed in one tar: a header is enough for eight exabytes of them. */
const MOST_ZEROS = 1 << 30;

export class Contents implements ContentSink {
  /** By index; complete behind `settle`. */
  readonly all: Content[] = [];
  readonly #hasher: ContentHasher;
  readonly #probe = new ContentProbe();
  readonly #blob: string;
  readonly #wanted: Wanted | undefined;
  #listener: Listener | undefined;
  #open = false;
  #zeros = 0;
  #isHashed = true;

  private constructor(hasher: ContentHasher, blob: string, wanted: Wanted | undefined) {
    this.#hasher = hasher;
    this.#blob = blob;
    this.#wanted = wanted;
  }

  /** @param blob what the layer is known by */
  static async create(blob: string, wanted?: Wanted): Promise<Contents> {
    return new Contents(await contentHasher(), blob, wanted);
  }

  begin(size: number, path: string, mode: number): number {
    this.settle();
    const index = this.all.length;
    const absolute = `/${readablePath(path)}`;
    this.#listener = this.#wanted?.(this.#blob, index, absolute);
    this.#hasher.begin(size);
    this.#probe.begin(absolute, mode, size);
    this.#open = true;
    this.#isHashed = true;
    return index;
  }

  append(bytes: Buffer): void {
    this.#hasher.update(bytes);
    this.#probe.data(bytes);
    this.#listener?.append(bytes);
  }

  hole(length: number): void {
    this.#listener?.hole(length);
    this.#isHashed &&= this.#zeros + length <= MOST_ZEROS;
    for (let left = this.#isHashed ? length : 0; left > 0; left -= ZEROS.length)
      this.#hasher.update(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
    if (this.#isHashed) this.#zeros += length;
    this.#probe.hole(length);
  }

  ready(): Promise<void> | undefined {
    return this.#listener?.ready();
  }

  /** Ends the content at hand; the layer's last one has nothing behind it that would. */
  settle(): void {
    if (!this.#open) return;
    this.#open = false;
    const hash = this.#hasher.digest();
    const [blob, index] = [this.#blob, this.all.length];
    const content = this.#isHashed ? { hash, blob, index } : { blob, index };
    const probed = this.#probe.end();
    // Objects that are all made alike share what describes them: a spread makes each one's own.
    this.all.push(probed === undefined ? content : { ...content, ...probed });
    this.#listener?.end();
    this.#listener = undefined;
  }
}
