/**
 * A layer that is written while its entries become known. If it turns out to differ from the image's layer, it is
 * discarded, and the image's layer is written from the start.
 */
import type { Change } from '../../../filesystem/changes.js';
import { isDirectory, sameAttributes } from '../../../filesystem/node.js';
import { type StoredLayer, writeLayer } from '../../../image/layer.js';
import type { BlobStore } from '../../../image/store.js';
import { type LayerSettings, layerTar } from '../output/layer-tar.js';
import { Condition } from '../spool/condition.js';

export class IncrementalLayer {
  /** Resolves when the layer is written; rejects if it cannot be written or is abandoned. */
  readonly written: Promise<StoredLayer>;
  /** The entries so far, in the order in which they are written. */
  readonly entries: Change[] = [];
  /** Entries that the writer has not read yet. */
  readonly #batches: Iterable<Change>[] = [];
  #isComplete = false;
  readonly #changed = new Condition();

  /**
   * @param store has no other writer until the layer is complete or abandoned
   * @param expected its bytes that are known so far: a hint
   */
  constructor(
    store: BlobStore,
    expected: number,
    private readonly settings: LayerSettings,
  ) {
    const { spool, compression, time, signal } = settings;
    const whenReadable = (end: number): Promise<void> | undefined => spool.whenReadable(end);
    const tar = layerTar(this.#readBatches(), { spool, time, whenReadable, signal });
    this.written = writeLayer(store, tar, compression, expected);
    this.written.catch((error: unknown) => spool.fail(error));
  }

  /** Continues with these entries, which start with the layer's own. */
  extend(entries: readonly Change[]): void {
    const added = entries.slice(this.entries.length);
    for (const entry of added) this.entries.push(entry);
    this.#push(added);
  }

  /** The entries that follow the layer's own; undefined if a layer of these entries starts otherwise. */
  restOf(entries: IterableIterator<Change>): Iterable<Change> | undefined {
    const isPrefix = this.entries.every((own) => {
      const next = entries.next();
      return next.done !== true && isSame(own, next.value);
    });
    return isPrefix ? entries : undefined;
  }

  /** Ends the layer after the entries so far, so that it can be read back, or after the rest of its entries. */
  end(rest: Iterable<Change> = []): void {
    this.#isComplete = true;
    this.#push(rest);
  }

  /** Nothing of an unfinished layer is left once this has settled. May be called twice, and after the end. */
  async abandon(): Promise<void> {
    const reason = new Error('the layer is another one');
    this.#changed.fail(reason);
    this.settings.spool.fail(reason);
    await this.written.catch(() => undefined);
  }

  #push(batch: Iterable<Change>): void {
    this.#batches.push(batch);
    this.#changed.wake();
  }

  async *#readBatches(): AsyncGenerator<Iterable<Change>> {
    for (;;) {
      await this.#changed.until(() => this.#batches.length > 0 || this.#isComplete);
      const batch = this.#batches.shift();
      if (batch === undefined) return;
      yield batch;
    }
  }
}

/** Hard links never match: the object that their names share is another one in each evaluation. */
function isSame(own: Change, change: Change): boolean {
  if (own.path !== change.path || own.mtime !== change.mtime) return false;
  const [one, other] = [own.node, change.node];
  if (one === other) return true;
  if (one.extra?.links !== undefined || !sameAttributes(one, other)) return false;
  if (isDirectory(one) || isDirectory(other)) return isDirectory(one) && isDirectory(other);
  return one.size === other.size && one.offset === other.offset;
}
