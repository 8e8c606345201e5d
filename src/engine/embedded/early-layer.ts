/**
 * A layer whose first entries are known before the last: it is written as they become known. The layer
 * that it turns out to be may be another one; then nothing of it stays, and it is written anew.
 */
import type { Change } from '../../filesystem/changes.js';
import { isDirectory, NO_TIME, sameAttributes, type Node } from '../../filesystem/node.js';
import type { Compression } from '../../image/compression.js';
import { writeLayer, type Layer } from '../../image/layer.js';
import type { BlobStore } from '../../image/store.js';
import { batchedLayerTar, type LayerTarOptions } from './layer-tar.js';
import type { Spool } from './spool.js';

/** What a layer is written with. */
export interface EarlyLayerOptions {
  /** Nobody else writes to it until the layer is concluded or dropped. */
  readonly store: BlobStore;
  readonly spool: Spool;
  readonly compression: Compression;
  /** What is put in place of times that nothing told: seconds since 1970. */
  readonly time: number;
  /** Bytes of it that are known of. */
  readonly expected: number;
  readonly signal: AbortSignal;
}

export class EarlyLayer {
  /** Its time is set anew when all are known. */
  readonly #options: LayerTarOptions & { time: number };
  readonly #known: Change[] = [];
  /** Known, and not taken by the writer yet. */
  readonly #batches: Iterable<Change>[] = [];
  readonly #written: Promise<Layer | undefined>;
  #hasTimeless = false;
  #state: 'open' | 'complete' | 'dropped' = 'open';
  #wake: () => void = () => undefined;
  #giveUp: () => void = () => undefined;

  constructor({ store, spool, compression, time, expected, signal }: EarlyLayerOptions) {
    const landing = (end: number): Promise<void> | undefined => {
      if (this.#state === 'dropped') throw isAnother();
      const waiting = spool.landing(end);
      return waiting && this.#unlessDropped(waiting);
    };
    this.#options = { spool, time, landing, signal };
    const tar = batchedLayerTar(this.#entries(), this.#options);
    // Why it failed is told by whoever writes the layer instead.
    this.#written = writeLayer(store, tar, compression, expected).catch(() => undefined);
  }

  /** Goes on with more entries, if `entries` starts with those that are known. */
  extend(entries: readonly Change[]): boolean {
    if (!this.#startsWith(entries[Symbol.iterator]())) return false;
    const more = entries.slice(this.#known.length);
    this.#known.push(...more);
    this.#hasTimeless ||= more.some(({ node }) => node.mtime === NO_TIME);
    this.#give(more);
    return true;
  }

  /** All entries are known, and what stands for missing times: the layer, unless it is another one or couldn't be written. */
  async conclude(entries: Iterator<Change>, time: number): Promise<Layer | undefined> {
    const same = (time === this.#options.time || !this.#hasTimeless) && this.#startsWith(entries);
    if (!same) {
      await this.drop();
      return undefined;
    }
    this.#options.time = time;
    this.#state = 'complete';
    this.#give({ [Symbol.iterator]: () => entries });
    return this.#written;
  }

  /** Nothing of it stays once this has settled. May be called twice, and behind the end. */
  async drop(): Promise<void> {
    if (this.#state === 'open') this.#state = 'dropped';
    this.#wake();
    this.#giveUp();
    await this.#written;
  }

  #give(batch: Iterable<Change>): void {
    this.#batches.push(batch);
    this.#wake();
  }

  /** Takes from `entries` what is known, as long as it is the same. */
  #startsWith(entries: Iterator<Change>): boolean {
    return this.#known.every((known) => {
      const next = entries.next();
      if (next.done === true) return false;
      return known.path === next.value.path && isSame(known.node, next.value.node);
    });
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

function isAnother(): Error {
  return new Error('the layer is another one');
}

/** Links count as different: which names share a file is said by objects, that every evaluation makes anew. */
function isSame(one: Node, other: Node): boolean {
  if (one === other) return true;
  if (one.extra?.links !== undefined || !sameAttributes(one, other)) return false;
  if (isDirectory(one) || isDirectory(other)) return isDirectory(one) && isDirectory(other);
  return one.size === other.size && one.offset === other.offset;
}
