/**
 * A layer whose first entries are known before the last: it is written as they become known. The layer
 * that it turns out to be may be another one; then nothing of it stays, and it is written anew.
 */
import type { Change } from '../../filesystem/changes.js';
import { isDirectory, NO_TIME, sameAttributes, type Node } from '../../filesystem/node.js';
import type { Compression } from '../../image/compression.js';
import { writeLayer, type Layer } from '../../image/layer.js';
import type { BlobStore } from '../../image/store.js';
import type { ComingContents } from './coming-contents.js';
import { batchedLayerTar, type LayerTarOptions } from './layer-tar.js';

/** What a layer is written with. */
export interface EarlyLayerOptions {
  /** Nobody else writes to it until the layer is concluded or dropped. */
  readonly store: BlobStore;
  readonly contents: ComingContents;
  readonly compression: Compression;
  /** What is put in place of times that nothing told: seconds since 1970. */
  readonly time: number;
  /** Bytes of it that are known of. */
  readonly expected: number;
  readonly signal: AbortSignal;
}

export class EarlyLayer {
  /** Resolves when it is written; rejects with why it couldn't be, or was dropped. */
  readonly written: Promise<Layer>;
  /** Its time is set anew when all are known. */
  readonly #options: LayerTarOptions & { time: number };
  readonly #known: Change[] = [];
  /** Known, and not taken by the writer yet. */
  readonly #batches: Iterable<Change>[] = [];
  #hasTimeless = false;
  #state: 'open' | 'complete' | 'dropped' = 'open';
  #wake: () => void = () => undefined;
  #giveUp: () => void = () => undefined;

  constructor({ store, contents, compression, time, expected, signal }: EarlyLayerOptions) {
    const landing = (end: number): Promise<void> | undefined => {
      if (this.#state === 'dropped') throw isAnother();
      const waiting = contents.landing(end);
      return waiting && this.#unlessDropped(waiting);
    };
    this.#options = { spool: contents, time, landing, signal };
    const tar = batchedLayerTar(this.#entries(), this.#options);
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
    this.#hasTimeless ||= more.some(({ node }) => node.mtime === NO_TIME);
    this.#give(more);
  }

  /** Whether a layer of these entries, with this for missing times, starts as this one does. */
  isStartOf(entries: Iterable<Change>, time = this.#options.time): boolean {
    const sameTime = time === this.#options.time || !this.#hasTimeless;
    return sameTime && this.#startsWith(entries[Symbol.iterator]());
  }

  /** All entries are known, and what stands for missing times; false when it is another layer. */
  complete(entries: Iterable<Change>, time: number): boolean {
    if (!this.isStartOf(entries, time)) return false;
    this.#options.time = time;
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

function* skip(entries: Iterable<Change>, count: number): Generator<Change> {
  let left = count;
  for (const entry of entries) if (left-- <= 0) yield entry;
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
