/** Reads one layer's tar as a stream (OCI image-spec, layer.md): entries, facts about contents, digest. */
import { addAbortSignal, type Readable } from 'node:stream';
import { decompress } from '../../compression/decompress.js';
import { DockerceptionError } from '../../errors.js';
import { cleanName, refuseTooLong } from '../../filesystem/name.js';
import type { UnpackedEntry } from '../../filesystem/unpacked-entry.js';
import { hasherFor } from '../../image/hasher.js';
import { diagnose, StreamEvidence } from '../../source/diagnose.js';
import { type DeviceNumbers, type EntryType, MODE, MTIME, NAME } from '../../tar/block.js';
import type { EntryHeader } from '../../tar/entry-header.js';
import { octal, type Owner, type PlainEdit, type PlainFiles } from '../../tar/plain-entries.js';
import { TarWalk } from '../../tar/walk.js';
import type { WalkHandler } from '../../tar/walk-handler.js';
import type { Content } from '../probe/content.js';
import type { MemoryBudget, SizeBudget } from './budgets.js';
import { LayerContents, type ListenerFor } from './layer-contents.js';

/** Bytes from which an error message can name another format. */
const EVIDENCE_BYTES = 1024;

/** A layer's entries, in the order of its tar. */
export interface RecordedLayer {
  /** Emptied after the last replay, to free memory. */
  readonly entries: RecordedEntry[];
  readonly count: number;
  /** By the entries' `content`. */
  readonly contents: readonly Content[];
  /** Bytes of its tar, and of the files in it. */
  readonly raw: number;
  readonly size: number;
  /** SHA-256 of its tar. */
  readonly diffId: string;
}

/** What the layers of one target share. */
export interface ReadContext {
  readonly budget: SizeBudget;
  /** For the entries of all layers. */
  readonly memory: MemoryBudget;
  readonly signal: AbortSignal;
  readonly listenerFor?: ListenerFor | undefined;
}

export interface RecordOptions extends ReadContext {
  /** The layer's name in messages. */
  readonly name: string;
  /** See {@link Content.blob}. */
  readonly blob: string;
  /** Bytes of the compressed blob, if known. */
  readonly expected?: number | undefined;
}

/**
 * Reads a layer, compressed or not, to its end. `blob` is destroyed on failure.
 * @throws DockerceptionError of kind context: errors of the walk and of decompression; of kind limit if the budget is
 *   exceeded; the signal's reason
 */
export async function recordLayer(blob: Readable, options: RecordOptions): Promise<RecordedLayer> {
  const { name, budget, signal } = options;
  const hasher = hasherFor(options.expected);
  const evidence = new StreamEvidence();
  let recorder: LayerRecorder | undefined;
  try {
    signal.throwIfAborted();
    addAbortSignal(signal, blob);
    recorder = new LayerRecorder(
      await LayerContents.create(options.blob, options.listenerFor),
      options,
    );
    const view = new TarWalk(recorder, name);
    for await (const chunk of await decompress(blob, name)) {
      const bytes = chunk as Buffer;
      if (evidence.seen < EVIDENCE_BYTES) evidence.add(bytes);
      await hasher.update(bytes);
      budget.spend(bytes.length, 0);
      view.push(bytes);
      await recorder.ready();
    }
    view.end();
    const recorded = recorder.end();
    return { ...recorded, raw: view.offset, diffId: await hasher.digest() };
  } catch (error) {
    recorder?.discard();
    throw signal.aborted ? signal.reason : layerError(error, name, evidence);
  } finally {
    blob.destroy();
    hasher.close();
  }
}

/** The walk's message about another format is about a context; this one is about a layer. */
function layerError(error: unknown, name: string, evidence: StreamEvidence): unknown {
  if (!(error instanceof DockerceptionError) || error.code !== 'TAR_NOT_A_TAR') return error;
  const { kind, message } = diagnose(error, name, evidence);
  return new DockerceptionError(kind, error.code, message, { cause: error });
}

/** The fields of an entry that an unpacker reads, kept until the order of the layers is known. */
export class RecordedEntry implements UnpackedEntry {
  readonly type: EntryType;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly mtime: number;
  readonly contentSize: number;
  readonly device: DeviceNumbers | undefined;
  readonly xattrs: ReadonlyMap<string, Buffer> | undefined;
  /** Contents are not read again. */
  readonly isSparse = false;
  readonly #linkpath: string;

  /**
   * @param cleanPath as a binary string: a quarter of a buffer's memory
   * @param content index of a file's content in its layer; -1 for anything else
   */
  constructor(
    entry: Omit<UnpackedEntry, 'pathBytes'>,
    readonly cleanPath: string,
    readonly content: number,
  ) {
    this.type = entry.type;
    this.uid = entry.uid;
    this.gid = entry.gid;
    this.mode = entry.mode;
    this.mtime = Math.floor(entry.mtime);
    this.contentSize = entry.contentSize;
    this.device = entry.device;
    this.xattrs = entry.xattrs;
    const isLink = this.type === 'symlink' || this.type === 'hard-link';
    this.#linkpath = isLink ? entry.linkpathBytes.toString('latin1') : '';
  }

  /** Bytes of names and attributes, whose size is unbounded. */
  get bytes(): number {
    let bytes = this.cleanPath.length + this.#linkpath.length;
    for (const [name, value] of this.xattrs ?? []) bytes += name.length + value.length;
    return bytes;
  }

  get pathBytes(): Buffer {
    return Buffer.from(this.cleanPath, 'latin1');
  }

  get linkpathBytes(): Buffer {
    return Buffer.from(this.#linkpath, 'latin1');
  }
}

const NO_LINK = Buffer.alloc(0);
const UNCHANGED: PlainEdit = {};
const TYPES_WITH_CONTENT = new Set(['file', 'contiguous-file', 'sparse-file', 'unknown']);

/** Records the entries of one tar. */
export class LayerRecorder implements WalkHandler, PlainFiles {
  readonly plainFiles = this;
  readonly maxSize = Infinity;
  readonly #entries: RecordedEntry[] = [];
  #reserved = 0;
  #isOpen = false;
  #size = 0;

  constructor(
    private readonly contents: LayerContents,
    private readonly context: ReadContext,
  ) {}

  entry(entry: EntryHeader): void {
    const path = cleanName(entry.pathBytes);
    refuseTooLong(path);
    this.#isOpen = TYPES_WITH_CONTENT.has(entry.type) && path !== '';
    const content = this.#isOpen ? this.#begin(entry.contentSize, path) : -1;
    this.#record(new RecordedEntry(entry, path, content));
  }

  plain(): PlainEdit {
    return UNCHANGED;
  }

  file(header: Buffer, at: number, nameAt: number, contentSize: number, owner: Owner): true {
    let end = nameAt;
    for (const limit = at + NAME.length; end < limit && header[end] !== 0;) end++;
    const path = header.toString('latin1', nameAt, end);
    const [mode, mtime] = [octal(header, at, MODE) & 0o7777, octal(header, at, MTIME)];
    const entry = {
      type: 'file',
      uid: owner.uid,
      gid: owner.gid,
      mode,
      mtime,
      contentSize,
      isSparse: false,
      device: undefined,
      xattrs: undefined,
      linkpathBytes: NO_LINK,
    } as const;
    this.#record(new RecordedEntry(entry, path, this.#begin(contentSize, path)));
    return true;
  }

  body(bytes: Buffer): void {
    this.contents.append(bytes);
  }

  data(bytes: Buffer): void {
    if (this.#isOpen) this.contents.append(bytes);
  }

  hole(length: number): void {
    if (this.#isOpen) this.contents.hole(length);
  }

  /** A promise while the content's listener can't accept more. */
  ready(): Promise<void> | undefined {
    return this.contents.ready();
  }

  #begin(size: number, path: string): number {
    this.context.budget.spend(0, size);
    this.#size += size;
    return this.contents.begin(size, path);
  }

  #record(entry: RecordedEntry): void {
    this.#reserved += this.context.memory.reserve(entry.bytes);
    this.#entries.push(entry);
  }

  /** Releases the memory of entries that aren't needed. */
  discard(): void {
    this.context.memory.release(this.#reserved);
    this.#reserved = 0;
  }

  end(): Pick<RecordedLayer, 'entries' | 'count' | 'contents' | 'size'> {
    this.contents.settle();
    const [entries, contents] = [this.#entries, this.contents.all];
    return { entries, count: entries.length, contents, size: this.#size };
  }
}
