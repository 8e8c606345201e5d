/** The entries of a tar that may be a context or an image archive, as they come: what is kept of them. */
import { cleanName } from '../../filesystem/name.js';
import { linkTarget } from '../../image/archive/tar-link.js';
import type { EntryHeader } from '../../tar/entry-header.js';
import type { Trailing, WalkHandler } from '../../tar/walk-handler.js';
import { fromBinary } from '../../text/binary.js';
import { Budget } from './budgets.js';
import type { Wanted } from './layer-contents.js';
import type { Room } from './memory-budget.js';
import type { LayerRecorder, RecordedLayer } from './record-layer.js';
import { Documents, type PassedBlob, PassingBlob } from './scanned-blob.js';

/** What came by. */
export interface PassedArchive {
  /** As a context. Its diff ID is empty: nobody asks for it. */
  readonly context: RecordedLayer;
  /** Documents and layers of an image, as far as their contents show it, by their paths. */
  readonly blobs: ReadonlyMap<string, PassedBlob>;
  /** What stood behind its end. */
  readonly trailing: Trailing | undefined;
  /** Links to such files: `docker save` before 25 has equal layers once. */
  readonly links: ReadonlyMap<string, string>;
}

export interface PassOptions {
  /** Bytes of files that a layer, or the context, may have. @default no limit */
  readonly maxSize?: number | undefined;
  readonly signal: AbortSignal;
  readonly wanted?: Wanted | undefined;
}

/** Whoever feeds it waits for `ready` behind each chunk, and tells its end, or closes it. */
export class Pass implements WalkHandler {
  readonly #recorder: LayerRecorder;
  readonly #room: Room;
  readonly #documents = new Documents();
  readonly #options: PassOptions;
  readonly #blobs = new Map<string, Promise<PassedBlob | undefined>>();
  readonly #links = new Map<string, string>();
  /** Those that have passed, and are still being read. */
  readonly #ending = new Set<Promise<PassedBlob | undefined>>();
  #blob: PassingBlob | undefined;
  #path = '';

  constructor(recorder: LayerRecorder, room: Room, options: PassOptions) {
    this.#recorder = recorder;
    this.#room = room;
    this.#options = options;
  }

  entry(entry: EntryHeader): void {
    this.#endBlob();
    this.#recorder.entry(entry);
    const path = fromBinary(cleanName(entry.pathBytes));
    const { type } = entry;
    // A later entry takes the place of an earlier one.
    this.#blobs.delete(path);
    this.#links.delete(path);
    if (type === 'symlink' || type === 'hard-link') this.#links.set(path, linkTarget(path, entry));
    if (entry.isSparse || entry.contentSize === 0) return;
    if (type !== 'file' && type !== 'contiguous-file') return;
    const { maxSize, signal, wanted } = this.#options;
    this.#path = path;
    this.#blob = new PassingBlob({
      path,
      size: entry.contentSize,
      budget: new Budget(maxSize),
      room: this.#room,
      documents: this.#documents,
      signal,
      wanted,
    });
  }

  data(bytes: Buffer): void {
    this.#recorder.data(bytes);
    this.#blob?.write(bytes);
  }

  hole(length: number): void {
    this.#recorder.hole(length);
  }

  /** One layer behind another: what has passed is read to its end first, so that memory stays small. */
  async ready(): Promise<void> {
    await this.#recorder.ready();
    await this.#blob?.ready();
    if (this.#ending.size > 0) await Promise.all(this.#ending);
  }

  async end(raw: number): Promise<Omit<PassedArchive, 'trailing'>> {
    this.#endBlob();
    await Promise.all(this.#ending);
    const context = { ...this.#recorder.end(), raw, diffId: '' };
    const blobs = new Map<string, PassedBlob>();
    for (const [path, ending] of this.#blobs) {
      const blob = await ending;
      if (blob !== undefined) blobs.set(path, blob);
    }
    return { context, blobs, links: this.#links };
  }

  async close(): Promise<void> {
    this.#blob?.destroy();
    await Promise.all(this.#ending);
  }

  #endBlob(): void {
    const [blob, path] = [this.#blob, this.#path];
    if (blob === undefined) return;
    this.#blob = undefined;
    if (!blob.isCandidate) return;
    const ending = blob.end().finally(() => this.#ending.delete(ending));
    this.#blobs.set(path, ending);
    this.#ending.add(ending);
  }
}
