/**
 * Work ahead of the context's end. Once a large file begins, what the Dockerfile makes of the entries so far
 * is looked at: the layer that the file goes into is written while the file comes, and goes on with the
 * next one. A file whose content nobody else will read passes into the layer, past the spool. Where the rest of the
 * context makes another layer of it, that is dropped, and what was in it alone is taken back into the spool.
 */
import type { ContentSink } from '../../../filesystem/content-sink.js';
import { changes, type Change } from '../../../filesystem/changes.js';
import { isDirectory } from '../../../filesystem/node.js';
import type { Compression } from '../../../image/compression.js';
import type { Layer } from '../../../image/layer.js';
import type { BlobStore, RevocableStore } from '../../../image/store.js';
import { ComingContents } from './incoming-contents.js';
import { EarlyLayer } from './incremental-layer.js';
import type { Spool } from '../spool/spool.js';
import type { LayerChange } from '../stages/stages.js';
import { takeBack } from './rollback.js';

const LARGE = 8 << 20;
/** Looks in one context, and files that are gone through in each. */
const MOST_LOOKS = 100;
const MOST_ENTRIES = 100_000;
/** First bytes that tell what a file is. */
const HEAD = 4096;

/** What it works with. */
export interface AheadOptions {
  readonly spool: Spool;
  readonly compression: Compression;
  readonly signal: AbortSignal;
  /** Seconds since 1970, for entries of a layer without a time. */
  readonly time: number;
  /** Bytes of a file that is worth a look: more than what the spool keeps in memory. @default 8 MiB */
  readonly large?: number | undefined;
  /** Where the layer goes; undefined when no image is written. */
  readonly store: () => Promise<BlobStore | RevocableStore | undefined>;
  /**
   * The layers that the entries so far make; undefined where that can't be said without anything but them.
   * May reject.
   */
  readonly foresee: () => Promise<Foreseen | undefined>;
  /** Whether somebody will read on in a file that begins so, beside whoever writes the layer. */
  readonly isReadOn: (head: Buffer) => Promise<boolean>;
}

/** The layers that a context would make if it ended here. */
export type Foreseen = readonly LayerChange[];

/** A layer that was written ahead. */
export interface WrittenAhead {
  /** Which of the target's own. */
  readonly index: number;
  readonly layer: Layer;
}

/** A large content that has begun, until it was looked at. */
interface Pending {
  readonly offset: number;
  readonly size: number;
  readonly pieces: Buffer[];
  length: number;
}

interface Early {
  readonly index: number;
  readonly layer: EarlyLayer;
  readonly store: BlobStore | RevocableStore;
}

/** Passes contents on to the spool, or to a layer when one is large. */
export class Ahead implements ContentSink {
  readonly #options: AheadOptions;
  readonly #coming: ComingContents;
  #contents = 0;
  #looksLeft = MOST_LOOKS;
  #pending: Pending | undefined;
  #isPassing = false;
  #looking: Promise<void> | undefined;
  #early: Early | undefined;

  constructor(options: AheadOptions) {
    this.#options = options;
    this.#coming = new ComingContents(options.spool);
  }

  begin(size: number): number {
    const { spool, large = LARGE } = this.#options;
    this.#keepPending();
    this.#isPassing = false;
    this.#contents++;
    if (size < large || this.#contents > MOST_ENTRIES || this.#looksLeft <= 0)
      return spool.begin(size);
    this.#looksLeft--;
    const offset = spool.elsewhere.add(size);
    this.#pending = { offset, size, pieces: [], length: 0 };
    return offset;
  }

  append(bytes: Buffer): void {
    if (this.#pending !== undefined) {
      this.#pending.pieces.push(Buffer.from(bytes));
      this.#pending.length += bytes.length;
    } else if (this.#isPassing) this.#coming.append(bytes);
    else this.#options.spool.append(bytes);
  }

  ready(): Promise<void> | undefined {
    const pending = this.#pending;
    if (this.#looking === undefined) {
      if (pending === undefined || pending.length < Math.min(HEAD, pending.size))
        return this.#accepting();
      this.#looking = this.#look(pending).finally(() => (this.#looking = undefined));
    }
    return this.#looking.then(() => this.#accepting());
  }

  /**
   * All contents have come. What has passed by the spool is in its place in these layers, or it comes back.
   * Rejects with why a layer couldn't be written that had contents which are nowhere else.
   */
  async confirm(foresee: () => Promise<Foreseen | undefined>): Promise<void> {
    this.#keepPending();
    const early = this.#early;
    if (early === undefined || this.#coming.passed.size === 0) return;
    const foreseen = await foresee().catch(() => undefined);
    const change = foreseen?.[early.index];
    const isThere =
      foreseen !== undefined &&
      change !== undefined &&
      early.layer.isStartOf(entriesOf(change)) &&
      timesIn(foreseen, this.#coming.passed) === this.#coming.passed.size;
    if (!isThere) await this.#drop(early);
  }

  /** The layer that was written ahead, if it is one of these. Nobody may write to the store before. */
  async conclude(layers: Foreseen): Promise<WrittenAhead | undefined> {
    const early = this.#early;
    if (early === undefined) return undefined;
    const { index, layer } = early;
    const change = layers[index];
    if (change === undefined || !layer.complete(entriesOf(change))) {
      await this.#drop(early);
      return undefined;
    }
    try {
      return { index, layer: await layer.written };
    } catch (error) {
      // It can be written anew while the spool has everything, and fails again or doesn't.
      if (this.#coming.passed.size > 0) throw error;
      return undefined;
    }
  }

  /** Once it has settled, nothing of it is under way. May be called twice. */
  async close(): Promise<void> {
    // The context may have ended while this was at work: it may still begin a layer.
    await this.#looking?.catch(() => undefined);
    await this.#early?.layer.drop();
  }

  #accepting(): Promise<void> | undefined {
    return this.#isPassing ? this.#coming.ready() : this.#options.spool.ready();
  }

  /** The spool gets what has begun. */
  #keepPending(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const { spool } = this.#options;
    spool.elsewhere.moveTo(pending.offset, spool.begin(pending.size));
    for (const piece of pending.pieces) spool.append(piece);
    this.#pending = undefined;
  }

  async #look({ offset, size, pieces }: Pending): Promise<void> {
    // Why not is told when all of the context is there, or is different then.
    const foreseen = await this.#options.foresee().catch(() => undefined);
    const place = foreseen && placeOf(offset, foreseen);
    const early = place && (await this.#earlyFor(place, size));
    const head = Buffer.concat(pieces);
    const passes =
      early !== undefined &&
      'discard' in early.store &&
      // A second place would have to read it again.
      timesIn(foreseen ?? [], new Set([offset])) === 1 &&
      !(await this.#options.isReadOn(head));
    if (!passes) this.#keepPending();
    else {
      this.#pending = undefined;
      this.#isPassing = true;
      this.#coming.pass(offset, size, head);
    }
    early?.layer.extend(place?.entries ?? []);
  }

  /** The layer that goes on with these entries; a new one, if there is none. */
  async #earlyFor(place: Place, expected: number): Promise<Early | undefined> {
    const { compression, time, signal } = this.#options;
    const early = this.#early;
    if (early !== undefined) {
      if (early.index !== place.index) return undefined;
      if (early.layer.isStartOf(place.entries)) return early;
      await this.#drop(early);
      return undefined;
    }
    const store = await this.#options.store().catch(() => undefined);
    if (store === undefined) {
      this.#looksLeft = 0;
      return undefined;
    }
    const contents = this.#coming;
    const layer = new EarlyLayer({ store, contents, compression, time, expected, signal });
    layer.written.catch((error: unknown) => contents.fail(error));
    return (this.#early = { index: place.index, layer, store });
  }

  async #drop({ layer, store }: Early): Promise<void> {
    this.#early = undefined;
    this.#looksLeft = 0;
    if (this.#coming.passed.size === 0 || !('discard' in store)) return layer.drop();
    layer.cut();
    const { descriptor } = await layer.written;
    const { spool } = this.#options;
    await takeBack(await store.open(descriptor), layer.known, this.#coming.passed, spool);
    await store.discard(descriptor);
    this.#coming.passed.clear();
  }
}

interface Place {
  readonly index: number;
  /** The layer's, up to the file. */
  readonly entries: readonly Change[];
}

/** The first layer that has a content of its own at this offset. */
function placeOf(offset: number, layers: Foreseen): Place | undefined {
  for (const [index, change] of layers.entries()) {
    const entries: Change[] = [];
    for (const entry of entriesOf(change)) {
      entries.push(entry);
      const { node } = entry;
      if (!isDirectory(node) && node.offset === offset && node.extra === undefined)
        return { index, entries };
    }
  }
  return undefined;
}

/** How many entries of these layers have one of these contents. */
function timesIn(layers: Foreseen, offsets: ReadonlySet<number>): number {
  let times = 0;
  for (const change of layers)
    for (const { node } of entriesOf(change))
      if (!isDirectory(node) && offsets.has(node.offset)) times++;
  return times;
}

function entriesOf({ before, after }: LayerChange): Iterable<Change> {
  return { [Symbol.iterator]: () => changes(before, after) };
}
