/**
 * A layer whose first entries are known before the last: it is written as they become known. The layer
 * that it turns out to be may be another one; then nothing of it stays, and it is written anew.
 */
import type { Change } from '../../../filesystem/changes.js';
import { isDirectory, sameAttributes } from '../../../filesystem/node.js';
import type { Compression } from '../../../image/compression.js';
import { writeLayer, type Layer } from '../../../image/layer.js';
import type { BlobStore } from '../../../image/store.js';
import type { ComingContents } from './incoming-contents.js';
import { batchedLayerTar, type LayerTarOptions } from '../output/layer-tar.js';

/** What a layer is written with. */
export interface EarlyLayerOptions {
  /** Nobody else writes to it until the layer is concluded or dropped. */
  readonly store: BlobStore;
  readonly contents: ComingContents;
  readonly compression: Compression;
  /** Seconds since 1970, for entries without a time. */
  readonly time: number;
  /** Bytes of it that are known of. */
  readonly expected: number;
  readonly signal: AbortSignal;
}

export class EarlyLayer {
  /** Resolves when it is written; rejects with why it couldn't be, or was dropped. */
  readonly written: Promise<Layer>;
  readonly #known: Change[] = [];
  /** Known, and not taken by the writer yet. */
  readonly #batches: Iterable<Change>[] = [];
  #state: 'open' | 'complete' | 'dropped' = 'open';
  #wake: () => void = () => undefined;
  #giveUp: () => void = () => undefined;

  constructor({ store, contents, compression, time, expected, signal }: EarlyLayerOptions) {
    const landing = (end: number): Promise<void> | undefined => {
      if (this.#state === 'dropped') throw isAnother();
      const waiting = contents.landing(end);
      return waiting && this.#unlessDropped(waiting);
    };
    const options: LayerTarOptions = { spool: contents, time, landing, signal };
    const tar = batchedLayerTar(this.#entries(), options);
    this.written = writeLayer(store, tar, compression, expected);
    // Whoever wants the layer is told; until then a failure must not count as unhandled.
    this.written.catch(() => undefined);
  }

  /** The entries so far, in the order in which they are written. */
  get known(): readonly Change[] {
    return this.#known;
  }

  /** Goes on with these entries, of which it is the start. */
  extend(entries: readonly Change[]): void {
    const more = entries.slice(this.#known.length);
    for (const entry of more) this.#known.push(entry);
    this.#give(more);
  }

  /** Whether a layer of these entries starts as this one does. */
  isStartOf(entries: Iterable<Change>): boolean {
    const others = entries[Symbol.iterator]();
    return this.#known.every((known) => {
      const next = others.next();
      return next.done !== true && isSame(known, next.value);
    });
  }

  /** All entries are known; false when it is another layer. */
  complete(entries: Iterable<Change>): boolean {
    if (!this.isStartOf(entries)) return false;
    this.#end(skip(entries, this.#known.length));
    return true;
  }

  /** Ends it behind the entries so far: the layer is one that nobody wants, but whole. */
  cut(): void {
    this.#end([]);
  }

  /** Nothing of it stays once this has settled. May be called twice, and behind the end. */
  async drop(): Promise<void> {
    if (this.#state === 'open') this.#state = 'dropped';
    this.#wake();
    this.#giveUp();
    await this.written.catch(() => undefined);
  }

  #end(rest: Iterable<Change>): void {
    this.#state = 'complete';
    this.#give(rest);
  }

  #give(batch: Iterable<Change>): void {
    this.#batches.push(batch);
    this.#wake();
  }

  #unlessDropped(landing: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#giveUp = () => reject(isAnother());
      if (this.#state === 'dropped') this.#giveUp();
      landing.then(resolve, reject);
    });
  }

  async *#entries(): AsyncGenerator<Iterable<Change>> {
    for (;;) {
      if (this.#state === 'dropped') throw isAnother();
      const batch = this.#batches.shift();
      if (batch !== undefined) yield batch;
      else if (this.#state === 'complete') return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

function* skip(entries: Iterable<Change>, count: number): Generator<Change> {
  let left = count;
  for (const entry of entries) if (left-- <= 0) yield entry;
}

function isAnother(): Error {
  return new Error('the layer is another one');
}

/** Links count as different: which names share a file is said by objects, that every evaluation makes anew. */
function isSame(known: Change, change: Change): boolean {
  if (known.path !== change.path || known.mtime !== change.mtime) return false;
  const [one, other] = [known.node, change.node];
  if (one === other) return true;
  if (one.extra?.links !== undefined || !sameAttributes(one, other)) return false;
  if (isDirectory(one) || isDirectory(other)) return isDirectory(one) && isDirectory(other);
  return one.size === other.size && one.offset === other.offset;
}
