/**
 * Reads a tar once that may be a context or an image archive. Which it is may be known at its end only: `docker save` writes
 * manifest.json last. So files that can be a layer or a document of an image are read as such, and all entries are
 * recorded as a context.
 */
import { addAbortSignal } from 'node:stream';
import { cleanName } from '../../filesystem/name.js';
import { linkTarget } from '../../image/archive/tar-index.js';
import { explain, StreamEvidence, unterminated } from '../../source/diagnose.js';
import type { Source } from '../../source/source.js';
import type { EntryHeader } from '../../tar/entry-header.js';
import { TarWalk } from '../../tar/walk.js';
import type { Trailing, WalkHandler } from '../../tar/walk-handler.js';
import { fromBinary } from '../../text/binary.js';
import { printable } from '../../text/printable.js';
import { MemoryBudget, SizeBudget } from './budgets.js';
import { LayerContents } from './layer-contents.js';
import type { ReadOptions } from './read-image.js';
import { LayerRecorder, type ReadContext, type RecordedLayer } from './record-layer.js';
import { BlobReader, DocumentQuota, type ScannedBlob } from './scanned-blob.js';

export interface ScannedArchive {
  /** All entries as a context. Its diff ID is empty. */
  readonly context: RecordedLayer;
  /** Files that can be documents or layers of an image, by path. */
  readonly blobs: ReadonlyMap<string, ScannedBlob>;
  /** Data after the end of the archive. */
  readonly trailing: Trailing | undefined;
  /** Targets of links by path: `docker save` before 25 links equal layers. */
  readonly links: ReadonlyMap<string, string>;
}

/**
 * Reads a source to its end. Its stream is destroyed on failure.
 * @throws DockerceptionError of kind context: errors of the walk, TAR_UNTERMINATED; of kind limit; the signal's reason
 */
export async function scanArchive(source: Source, options: ReadOptions): Promise<ScannedArchive> {
  const { stream, complete } = source;
  const name = printable(source.name);
  const { signal } = options;
  const evidence = new StreamEvidence();
  const scan = new ArchiveScan(await LayerContents.create('', options.listenerFor), options);
  const view = new TarWalk(scan, name);
  try {
    signal.throwIfAborted();
    addAbortSignal(signal, stream);
    for await (const chunk of stream) {
      evidence.add(chunk as Buffer);
      view.push(chunk as Buffer);
      await scan.ready();
    }
    if (view.end() === 'unterminated')
      throw unterminated(name, 'what wrote it has probably failed');
    await complete;
    return { ...(await scan.end(view.offset)), trailing: view.trailing };
  } catch (error) {
    await scan.close();
    throw signal.aborted ? signal.reason : explain(error, name, evidence);
  } finally {
    stream.destroy();
  }
}

/** Wait for `ready` after each chunk, then call `end`, or `close` on failure. */
class ArchiveScan implements WalkHandler {
  readonly #recorder: LayerRecorder;
  readonly #context: ReadContext;
  readonly #quota = new DocumentQuota();
  readonly #blobs = new Map<string, Promise<ScannedBlob | undefined>>();
  readonly #links = new Map<string, string>();
  /** Blobs whose bytes have arrived, and which are still being read. */
  readonly #ending = new Set<Promise<ScannedBlob | undefined>>();
  #blob: BlobReader | undefined;
  #path = '';
  readonly #layerContext = (): ReadContext => ({
    ...this.#context,
    budget: new SizeBudget(this.options.maxSize),
  });

  constructor(
    contents: LayerContents,
    private readonly options: ReadOptions,
  ) {
    const budget = new SizeBudget(options.maxSize);
    this.#context = { ...options, budget, memory: new MemoryBudget() };
    this.#recorder = new LayerRecorder(contents, this.#context);
  }

  entry(entry: EntryHeader): void {
    this.#endBlob();
    this.#recorder.entry(entry);
    const path = fromBinary(cleanName(entry.pathBytes));
    const { type } = entry;
    // A later entry replaces an earlier one.
    this.#blobs.delete(path);
    this.#links.delete(path);
    if (type === 'symlink' || type === 'hard-link') this.#links.set(path, linkTarget(path, entry));
    if (entry.isSparse || entry.contentSize === 0) return;
    if (type !== 'file' && type !== 'contiguous-file') return;
    this.#path = path;
    this.#blob = new BlobReader(path, entry.contentSize, this.#quota, this.#layerContext);
  }

  data(bytes: Buffer): void {
    this.#recorder.data(bytes);
    this.#blob?.write(bytes);
  }

  hole(length: number): void {
    this.#recorder.hole(length);
  }

  /** Layers are read one after the other, to bound the memory. */
  async ready(): Promise<void> {
    await this.#recorder.ready();
    await this.#blob?.ready();
    if (this.#ending.size > 0) await Promise.all(this.#ending);
  }

  async end(raw: number): Promise<Omit<ScannedArchive, 'trailing'>> {
    this.#endBlob();
    await Promise.all(this.#ending);
    const context = { ...this.#recorder.end(), raw, diffId: '' };
    const blobs = new Map<string, ScannedBlob>();
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
