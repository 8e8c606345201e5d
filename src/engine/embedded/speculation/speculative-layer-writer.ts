/**
 * Writes a layer before the context has ended. When a large file begins, the Dockerfile is evaluated with the entries
 * so far, and the layer that will contain the file is written while the file arrives. A file that has no other
 * reader is diverted into the layer, past the spool. If the rest of the context changes the layer, the layer is
 * abandoned, and its diverted contents are copied back into the spool.
 */
import type { Readable } from 'node:stream';
import { decompress } from '../../../compression/decompress.js';
import type { Dockerfile } from '../../../dockerfile/instructions/instruction.js';
import { type Change, changes } from '../../../filesystem/changes.js';
import type { ContentSink } from '../../../filesystem/content-sink.js';
import { isDirectory } from '../../../filesystem/node.js';
import { Tree } from '../../../filesystem/tree.js';
import { unpack } from '../../../filesystem/unpack.js';
import { LARGE_FILE } from '../../../image/cache/layer-cache.js';
import type { BlobStore } from '../../../image/store.js';
import type { WrittenLayer } from '../output/assemble.js';
import type { LayerSettings } from '../output/layer-tar.js';
import type { LayerChange } from '../stages/stages.js';
import { IncrementalLayer } from './incremental-layer.js';

/** Predictions for one context, and files up to which predictions are made. */
const MAX_PREDICTIONS = 100;
const MAX_FILES = 100_000;
/** First bytes that show the format of a file. */
const HEAD = 4096;
const LAYER = 'a layer that was written ahead';

export interface SpeculationOptions extends LayerSettings {
  /** Bytes of a large file, more than what the spool keeps in memory. @default 8 MiB */
  readonly threshold?: number | undefined;
  /** Opens the layer's destination; undefined if no image is written. */
  readonly store: () => Promise<BlobStore | undefined>;
  /** The layers that an image would have if the context ended here; undefined if they are unknown. May reject. */
  readonly predict: () => Promise<readonly LayerChange[] | undefined>;
  /**
   * Whether a layer with a file of this size may be cached: such a layer is written after the context.
   * @default no layer is cached
   */
  readonly isCached?: (size: number) => Promise<boolean>;
  /** Whether a file that starts with these bytes has another reader than the layer's writer. */
  readonly needsContent: (head: Buffer) => Promise<boolean>;
}

/** A large file that has begun and is buffered until it is stored or diverted. */
interface PendingContent {
  readonly offset: number;
  readonly size: number;
  head: Buffer;
}

interface Speculation {
  readonly index: number;
  readonly layer: IncrementalLayer;
  readonly store: BlobStore;
}

/** Whether the layers depend on the context alone: no instruction reads or stores anything else. */
export function isPredictable({ stages }: Dockerfile): boolean {
  return stages.every(({ instructions }) =>
    instructions.every((instruction) =>
      instruction.kind === 'copy'
        ? instruction.contents.length === 0
        : instruction.kind !== 'add' && instruction.kind !== 'onbuild',
    ),
  );
}

/**
 * Forwards contents to the spool, and large ones to a layer. The owner calls {@link verify}, {@link commit} and
 * {@link close} in this order.
 */
export class SpeculativeLayerWriter implements ContentSink {
  #files = 0;
  #predictionsLeft = MAX_PREDICTIONS;
  #pending: PendingContent | undefined;
  #deciding: Promise<void> | undefined;
  #speculation: Speculation | undefined;

  constructor(private readonly options: SpeculationOptions) {}

  begin(size: number): number {
    const { spool, threshold = LARGE_FILE } = this.options;
    this.#storePending();
    this.#files++;
    if (size < threshold || this.#files > MAX_FILES || this.#predictionsLeft <= 0)
      return spool.begin(size);
    this.#predictionsLeft--;
    const offset = spool.reserve(size);
    this.#pending = { offset, size, head: Buffer.alloc(0) };
    return offset;
  }

  append(bytes: Buffer): void {
    const pending = this.#pending;
    if (pending === undefined) this.options.spool.append(bytes);
    else pending.head = Buffer.concat([pending.head, bytes]);
  }

  ready(): Promise<void> | undefined {
    const { spool } = this.options;
    const pending = this.#pending;
    if (this.#deciding === undefined) {
      if (pending === undefined || pending.head.length < Math.min(HEAD, pending.size))
        return spool.ready();
      this.#deciding = this.#decide(pending).finally(() => (this.#deciding = undefined));
    }
    return this.#deciding.then(() => spool.ready());
  }

  /**
   * Called when all contents have arrived: if the layer is not in the prediction, its contents are rolled back.
   * Rejects if a layer with diverted contents could not be written.
   */
  async verify(predict: () => Promise<readonly LayerChange[] | undefined>): Promise<void> {
    this.#storePending();
    const speculation = this.#speculation;
    const { diverted } = this.options.spool;
    if (speculation === undefined || diverted.size === 0) return;
    const prediction = await predict().catch(() => undefined);
    const change = prediction?.[speculation.index];
    if (
      change === undefined ||
      speculation.layer.restOf(entriesOf(change)) === undefined ||
      countUses(prediction ?? [], diverted) !== diverted.size
    )
      await this.#abandon(speculation);
  }

  /** Completes the layer if it is one of these. The store must not be written to before this has settled. */
  async commit(layers: readonly LayerChange[]): Promise<WrittenLayer | undefined> {
    const speculation = this.#speculation;
    if (speculation === undefined) return undefined;
    const { index, layer } = speculation;
    const change = layers[index];
    const rest = change && layer.restOf(entriesOf(change));
    if (rest === undefined) {
      await this.#abandon(speculation);
      return undefined;
    }
    layer.end(rest);
    try {
      return { index, layer: await layer.written };
    } catch (error) {
      // While the spool has all contents, the layer can be written again, and may fail again.
      if (this.options.spool.diverted.size > 0) throw error;
      return undefined;
    }
  }

  /** Stops all work, and leaves nothing of an unfinished layer. May be called twice. */
  async close(): Promise<void> {
    // A pending decision may still begin a layer.
    await this.#deciding?.catch(() => undefined);
    await this.#speculation?.layer.abandon();
  }

  #storePending(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const { spool } = this.options;
    spool.store(pending.offset);
    spool.append(pending.head);
    this.#pending = undefined;
  }

  /** Decides whether the pending content is stored or diverted. */
  async #decide(pending: PendingContent): Promise<void> {
    const { offset, size } = pending;
    if (await this.options.isCached?.(size)) return this.#storePending();
    // An error of the Dockerfile is reported after the context, if it is still there.
    const prediction = await this.options.predict().catch(() => undefined);
    const location = prediction && locate(offset, prediction);
    const speculation = location && (await this.#speculate(location, size));
    const isDiverted =
      speculation !== undefined &&
      speculation.store.discard !== undefined &&
      // A second use would have to read it again.
      countUses(prediction ?? [], new Set([offset])) === 1 &&
      !(await this.options.needsContent(pending.head));
    if (!isDiverted) this.#storePending();
    else {
      this.#pending = undefined;
      this.options.spool.divert(offset, pending.head);
    }
    speculation?.layer.extend(location?.entries ?? []);
  }

  /** The layer that continues with these entries, or a new one if none was begun. */
  async #speculate(location: Location, expected: number): Promise<Speculation | undefined> {
    const speculation = this.#speculation;
    if (speculation !== undefined) {
      if (speculation.index !== location.index) return undefined;
      if (speculation.layer.restOf(location.entries.values()) !== undefined) return speculation;
      await this.#abandon(speculation);
      return undefined;
    }
    const store = await this.options.store().catch(() => undefined);
    if (store === undefined) {
      this.#predictionsLeft = 0;
      return undefined;
    }
    const layer = new IncrementalLayer(store, expected, this.options);
    return (this.#speculation = { index: location.index, layer, store });
  }

  async #abandon({ layer, store }: Speculation): Promise<void> {
    this.#speculation = undefined;
    this.#predictionsLeft = 0;
    if (this.options.spool.diverted.size === 0 || store.discard === undefined)
      return layer.abandon();
    layer.end();
    const { descriptor } = await layer.written;
    await this.#restore(await store.open(descriptor), layer.entries);
    await store.discard(descriptor);
  }

  /** Copies the diverted contents of a layer back. Rejects if the layer cannot be read, or the spool cannot be written. */
  async #restore(layer: Readable, entries: readonly Change[]): Promise<void> {
    const { spool } = this.options;
    const offsets = new Map<string, number>();
    for (const { path, node } of entries)
      if (!isDirectory(node) && spool.diverted.has(node.offset)) offsets.set(path, node.offset);
    const contents: ContentSink = {
      begin: (_size, path) => {
        const offset = offsets.get(path) as number;
        spool.store(offset);
        return offset;
      },
      append: (bytes) => spool.append(bytes),
      ready: () => spool.ready(),
    };
    const keeps = (path: string): boolean => offsets.has(path);
    const tar = await decompress(layer, LAYER);
    await unpack(tar, { tree: new Tree(), contents, name: LAYER, keeps });
  }
}

/** A layer by its index, and its entries up to a file. */
interface Location {
  readonly index: number;
  readonly entries: readonly Change[];
}

/** Finds the first layer with a file whose content is at this offset. */
function locate(offset: number, layers: readonly LayerChange[]): Location | undefined {
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

/** Counts the entries of these layers that have one of these contents. */
function countUses(layers: readonly LayerChange[], offsets: ReadonlySet<number>): number {
  let uses = 0;
  for (const change of layers)
    for (const { node } of entriesOf(change))
      if (!isDirectory(node) && offsets.has(node.offset)) uses++;
  return uses;
}

function entriesOf({ before, after }: LayerChange): Generator<Change> {
  return changes(before, after);
}
