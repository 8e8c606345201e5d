/**
 * Work ahead of the context's end. Once a large file begins, what the Dockerfile makes of the entries so far
 * is looked at: the layer that the file goes into is written while the file comes, and goes on with the
 * next one. Where the rest of the context makes another layer of it, that is dropped, and nothing is lost but time:
 * the spool has everything.
 */
import type { ContentSink } from '../../filesystem/content-sink.js';
import { changes, type Change } from '../../filesystem/changes.js';
import { isDirectory } from '../../filesystem/node.js';
import type { Compression } from '../../image/compression.js';
import type { Layer } from '../../image/layer.js';
import type { BlobStore } from '../../image/store.js';
import { EarlyLayer } from './early-layer.js';
import type { Spool } from './spool.js';
import type { LayerChange } from './stages.js';

const LARGE = 8 << 20;
/** Looks in one context, and files that are gone through in each. */
const MOST_LOOKS = 100;
const MOST_ENTRIES = 100_000;

/** What it works with. */
export interface AheadOptions {
  readonly spool: Spool;
  readonly compression: Compression;
  readonly signal: AbortSignal;
  /** Bytes of a file that is worth a look: more than what the spool keeps in memory. @default 8 MiB */
  readonly large?: number | undefined;
  /** Where the layer goes; undefined when no image is written. */
  readonly store: () => Promise<BlobStore | undefined>;
  /**
   * The layers that the entries so far make, and the newest time among them; undefined where that can't be said
   * without anything but them. May reject.
   */
  readonly foresee: () => Promise<Foreseen | undefined>;
}

/** What a context would make if it ended here. */
export interface Foreseen {
  readonly layers: readonly LayerChange[];
  /** Seconds since 1970. */
  readonly time: number;
}

/** A layer that was written ahead. */
export interface WrittenAhead {
  /** Which of the target's own. */
  readonly index: number;
  readonly layer: Layer;
}

/** Passes contents on to the spool, and looks ahead when one is large. */
export class Ahead implements ContentSink {
  readonly #options: AheadOptions;
  #contents = 0;
  #looksLeft = MOST_LOOKS;
  /** The large content that has begun, until it was looked at. */
  #begun: { readonly offset: number; readonly size: number } | undefined;
  #early: { readonly index: number; readonly layer: EarlyLayer } | undefined;

  constructor(options: AheadOptions) {
    this.#options = options;
  }

  begin(size: number): number {
    const offset = this.#options.spool.begin(size);
    this.#contents++;
    if (size >= (this.#options.large ?? LARGE)) this.#begun = { offset, size };
    return offset;
  }

  append(bytes: Buffer): void {
    this.#options.spool.append(bytes);
  }

  ready(): Promise<void> | undefined {
    const { spool } = this.#options;
    const begun = this.#begun;
    if (begun === undefined) return spool.ready();
    this.#begun = undefined;
    if (this.#contents > MOST_ENTRIES || this.#looksLeft-- <= 0) return spool.ready();
    return this.#look(begun).then(() => spool.ready());
  }

  /** The layer that was written ahead, if it is one of these. Nobody may write to the store before. */
  async conclude({ layers, time }: Foreseen): Promise<WrittenAhead | undefined> {
    const early = this.#early;
    if (early === undefined) return undefined;
    const { before, after } = layers[early.index] ?? {};
    if (after === undefined) {
      await early.layer.drop();
      return undefined;
    }
    const layer = await early.layer.conclude(changes(before, after), time);
    return layer && { index: early.index, layer };
  }

  /** Once it has settled, nothing of it is under way. May be called twice. */
  async close(): Promise<void> {
    await this.#early?.layer.drop();
  }

  async #look({ offset, size }: { offset: number; size: number }): Promise<void> {
    // Why not is told when all of the context is there, or is different then.
    const foreseen = await this.#options.foresee().catch(() => undefined);
    const found = foreseen && placeOf(offset, foreseen.layers);
    if (foreseen === undefined || found === undefined) return;
    if (this.#early === undefined) await this.#begin(found, foreseen.time, size);
    else if (this.#early.index === found.index && !this.#early.layer.extend(found.entries)) {
      await this.#early.layer.drop();
      this.#looksLeft = 0;
    }
  }

  async #begin({ index, entries }: Place, time: number, expected: number): Promise<void> {
    const { spool, compression, signal } = this.#options;
    const store = await this.#options.store().catch(() => undefined);
    if (store === undefined) {
      this.#looksLeft = 0;
      return;
    }
    const layer = new EarlyLayer({ store, spool, compression, time, expected, signal });
    layer.extend(entries);
    this.#early = { index, layer };
  }
}

interface Place {
  readonly index: number;
  /** The layer's, up to the file. */
  readonly entries: readonly Change[];
}

/** The first layer that has a content of its own at this offset. */
function placeOf(offset: number, layers: readonly LayerChange[]): Place | undefined {
  for (const [index, { before, after }] of layers.entries()) {
    const entries: Change[] = [];
    for (const change of changes(before, after)) {
      entries.push(change);
      const { node } = change;
      if (!isDirectory(node) && node.offset === offset && node.extra === undefined)
        return { index, entries };
    }
  }
  return undefined;
}
