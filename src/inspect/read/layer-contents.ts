/** Hashes and probes the contents of one layer's files as their bytes arrive. */
import type { ContentSink } from '../../filesystem/content-sink.js';
import type { Content } from '../probe/content.js';
import { ContentHasher } from '../probe/content-hash.js';
import { ContentProbe } from '../probe/content-probe.js';
import { readablePath } from './readable-name.js';

export interface ContentListener {
  /** The bytes stay valid and unchanged until `ready` has returned `undefined` or has settled. */
  append(bytes: Buffer): void;
  /** The next `length` bytes are zeros; their number is unbounded. */
  hole(length: number): void;
  /** A promise while it can't accept more. May be called again before that has settled. */
  ready(): Promise<void> | undefined;
  end(): void;
}

/**
 * Called at the start of each content; returns a listener for the contents whose bytes are needed.
 * @param index of the content in its blob
 * @param path absolute
 */
export type ListenerFor = (
  blob: string,
  index: number,
  path: string,
) => ContentListener | undefined;

const ZEROS = Buffer.alloc(64 << 10);
/** Bytes of holes that are hashed per tar, since a header can announce a hole of any size. */
const MAX_HASHED_ZEROS = 1 << 30;

export class LayerContents implements ContentSink {
  /** By index, which is the `offset` of files in the tree. Complete after `settle`. */
  readonly all: Content[] = [];
  readonly #probe = new ContentProbe();
  #listener: ContentListener | undefined;
  #open = false;
  #zeros = 0;
  #isHashed = true;

  private constructor(
    private readonly hasher: ContentHasher,
    private readonly blob: string,
    private readonly listenerFor: ListenerFor | undefined,
  ) {}

  static async create(blob: string, listenerFor?: ListenerFor): Promise<LayerContents> {
    return new LayerContents(await ContentHasher.create(), blob, listenerFor);
  }

  begin(size: number, path: string): number {
    this.settle();
    const index = this.all.length;
    const absolute = `/${readablePath(path)}`;
    this.#listener = this.listenerFor?.(this.blob, index, absolute);
    this.hasher.begin(size);
    this.#probe.begin(absolute, size);
    this.#open = true;
    this.#isHashed = true;
    return index;
  }

  append(bytes: Buffer): void {
    this.hasher.update(bytes);
    this.#probe.data(bytes);
    this.#listener?.append(bytes);
  }

  hole(length: number): void {
    this.#listener?.hole(length);
    this.#isHashed &&= this.#zeros + length <= MAX_HASHED_ZEROS;
    for (let left = this.#isHashed ? length : 0; left > 0; left -= ZEROS.length)
      this.hasher.update(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
    if (this.#isHashed) this.#zeros += length;
    this.#probe.hole(length);
  }

  ready(): Promise<void> | undefined {
    return this.#listener?.ready();
  }

  /** Ends the current content. Called after the layer's last one, too. */
  settle(): void {
    if (!this.#open) return;
    this.#open = false;
    const hash = this.hasher.digest();
    const [blob, index] = [this.blob, this.all.length];
    const content = this.#isHashed ? { hash, blob, index } : { blob, index };
    const probed = this.#probe.end();
    // Objects made by one literal share a hidden class; a spread gives each its own.
    this.all.push(probed === undefined ? content : { ...content, ...probed });
    this.#listener?.end();
    this.#listener = undefined;
  }
}
