/**
 * One layer's tar, read once as it streams (OCI image-spec, layer.md): its entries are recorded, its
 * contents looked at, its digest taken. Nothing of its bytes is kept.
 */
import type { Readable } from 'node:stream';
import { decompress } from '../../compression/decompress.js';
import { cleanName, refuseTooLong } from '../../filesystem/name.js';
import { hasherFor } from '../../image/hasher.js';
import { Evidence } from '../../source/diagnose.js';
import type { EntryHeader } from '../../tar/entry-header.js';
import { TarWalk } from '../../tar/walk.js';
import type { WalkHandler } from '../../tar/walk-handler.js';
import type { Content } from '../probe/content.js';
import type { Budget } from './budgets.js';
import { Contents, type Wanted } from './layer-contents.js';
import { ofLayer } from './layer-error.js';
import type { Room } from './memory-budget.js';
import { RecordedEntry } from './recorded-entry.js';

/** Bytes that tell what a file is that is no tar. */
const START = 1024;

/** A layer's entries, in the order of its tar. */
export interface RecordedLayer {
  /** Emptied by whoever replays them last: they take as much memory as everything that comes of them. */
  readonly entries: RecordedEntry[];
  /** How many there are, or were. */
  readonly count: number;
  /** What its files hold, by the entries' `content`. */
  readonly contents: readonly Content[];
  /** Bytes of its tar, and of the files in it. */
  readonly raw: number;
  readonly size: number;
  /** SHA-256 of its tar. */
  readonly diffId: string;
}

/** How a layer is read. */
export interface RecordOptions {
  /** What messages call it. */
  readonly name: string;
  /** What its contents say they are from. */
  readonly blob: string;
  readonly budget: Budget;
  /** For the entries of all that is read. */
  readonly room: Room;
  readonly signal: AbortSignal;
  /** Bytes of the compressed blob, as far as anybody knows. @default little */
  readonly expected?: number | undefined;
  readonly wanted?: Wanted | undefined;
}

/**
 * Reads a layer, compressed or not, to its end; `blob` is destroyed when that fails.
 * @throws DockerceptionError of kind context: what the walk and decompression throw; of kind limit
 *   when the budget is used up; the signal's reason
 */
export async function recordLayer(blob: Readable, options: RecordOptions): Promise<RecordedLayer> {
  const { name, blob: id, budget, room, signal, wanted } = options;
  const hasher = hasherFor(options.expected);
  const evidence = new Evidence();
  const abort = (): void => void blob.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort);
  let recorder: LayerRecorder | undefined;
  try {
    signal.throwIfAborted();
    recorder = new LayerRecorder(await Contents.create(id, wanted), budget, room);
    const view = new TarWalk(recorder, name);
    for await (const chunk of await decompress(blob, name)) {
      const bytes = chunk as Buffer;
      if (evidence.seen < START) evidence.note(bytes);
      await hasher.update(bytes);
      budget.spend(bytes.length, 0);
      view.push(bytes);
      await recorder.ready();
    }
    view.end();
    const recorded = recorder.end();
    return { ...recorded, raw: view.offset, diffId: await hasher.digest() };
  } catch (error) {
    recorder?.forget();
    throw signal.aborted ? signal.reason : ofLayer(error, name, evidence);
  } finally {
    signal.removeEventListener('abort', abort);
    blob.destroy();
    hasher.close();
  }
}

const WITH_CONTENT = new Set(['file', 'contiguous-file', 'sparse-file', 'unknown']);

/** Records the entries of one tar as they come. */
export class LayerRecorder implements WalkHandler {
  readonly #entries: RecordedEntry[] = [];
  readonly #contents: Contents;
  readonly #budget: Budget;
  readonly #room: Room;
  #taken = 0;
  #isOpen = false;
  #size = 0;

  constructor(contents: Contents, budget: Budget, room: Room) {
    this.#contents = contents;
    this.#budget = budget;
    this.#room = room;
  }

  entry(entry: EntryHeader): void {
    const path = cleanName(entry.pathBytes);
    refuseTooLong(path);
    this.#isOpen = WITH_CONTENT.has(entry.type) && path !== '';
    let content = -1;
    if (this.#isOpen) {
      this.#budget.spend(0, entry.contentSize);
      this.#size += entry.contentSize;
      content = this.#contents.begin(entry.contentSize, path, entry.mode);
    }
    const recorded = new RecordedEntry(entry, path, content);
    this.#taken += this.#room.take(recorded.bytes);
    this.#entries.push(recorded);
  }

  data(bytes: Buffer): void {
    if (this.#isOpen) this.#contents.append(bytes);
  }

  hole(length: number): void {
    if (this.#isOpen) this.#contents.hole(length);
  }

  /** A promise while whoever wants a content can't take more. */
  ready(): Promise<void> | undefined {
    return this.#contents.ready();
  }

  /** Nobody asks for what was read. */
  forget(): void {
    this.#room.give(this.#taken);
    this.#taken = 0;
  }

  end(): Pick<RecordedLayer, 'entries' | 'count' | 'contents' | 'size'> {
    this.#contents.settle();
    const [entries, contents] = [this.#entries, this.#contents.all];
    return { entries, count: entries.length, contents, size: this.#size };
  }
}
