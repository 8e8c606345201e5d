/**
 * A tar that may be a context or an image archive, read once: which it is, is known only at its end
 * (`docker save` writes manifest.json last). What could be a layer or a document of an image is read as one on its
 * way; and all of it as a context, too.
 */
import { cleanName } from '../filesystem/name.js';
import { fromBinary } from '../filesystem/node.js';
import { Evidence, explain, unterminated } from '../source/diagnose.js';
import type { Source } from '../source/source.js';
import { EntryView, type ViewedEntry, type ViewHandler } from '../tar/entry-view.js';
import { printable } from '../tar/printable.js';
import type { Trailing } from '../tar/trailing.js';
import { Budget } from './budget.js';
import { Contents, type Wanted } from './contents.js';
import { PassingBlob, type PassedBlob } from './passing-blob.js';
import { LayerRecorder, type RecordedLayer } from './record-layer.js';
import { Room } from './room.js';

/** Files that an image archive has: blobs of a layout; layers and documents of `docker save`, by all who write it. */
const OF_IMAGES =
  /^(?:blobs\/sha256\/[0-9a-f]{64}|index\.json|oci-layout|manifest\.json|(?:sha256[:_])?[0-9a-f]{64}(?:\.json)?|(?:.*\/)?layer\.tar|.*\.(?:tar|tgz|tar\.(?:gz|zst|xz|bz2))|(?:.*\/)?config\.json)$/;

/** What came by. */
export interface PassedArchive {
  /** As a context. Its diff ID is empty: nobody asks for it. */
  readonly context: RecordedLayer;
  /** What could be part of an image, by its path. */
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

/**
 * Reads a source to its end; its stream is destroyed when that fails.
 * @throws DockerceptionError of kind context: what the walk throws, TAR_UNTERMINATED; of kind limit; the
 *   signal's reason
 */
export async function passArchive(source: Source, options: PassOptions): Promise<PassedArchive> {
  const { stream, complete } = source;
  const name = printable(source.name);
  const { maxSize, signal, wanted } = options;
  const evidence = new Evidence();
  const contents = await Contents.create('', wanted);
  const room = new Room();
  const recorder = new LayerRecorder(contents, new Budget(maxSize), room);
  const pass = new Pass(recorder, room, options);
  const view = new EntryView(pass, name);
  const abort = (): void => void stream.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort);
  try {
    signal.throwIfAborted();
    for await (const chunk of stream) {
      evidence.note(chunk as Buffer);
      view.push(chunk as Buffer);
      await pass.ready();
    }
    if (view.end() === 'unterminated')
      throw unterminated(name, 'what wrote it has probably failed');
    await complete;
    return { ...(await pass.end(view.offset)), trailing: view.trailing };
  } catch (error) {
    await pass.close();
    throw signal.aborted ? signal.reason : explain(error, name, evidence);
  } finally {
    signal.removeEventListener('abort', abort);
    stream.destroy();
  }
}

class Pass implements ViewHandler {
  readonly #recorder: LayerRecorder;
  readonly #room: Room;
  readonly #options: PassOptions;
  readonly #blobs = new Map<string, Promise<PassedBlob>>();
  readonly #links = new Map<string, string>();
  /** Those that have passed, and are still being read. */
  readonly #ending = new Set<Promise<PassedBlob>>();
  #blob: PassingBlob | undefined;
  #path = '';

  constructor(recorder: LayerRecorder, room: Room, options: PassOptions) {
    this.#recorder = recorder;
    this.#room = room;
    this.#options = options;
  }

  entry(entry: ViewedEntry): void {
    this.#endBlob();
    this.#recorder.entry(entry);
    const path = fromBinary(cleanName(entry.pathBytes));
    const { type } = entry;
    // A later entry takes the place of an earlier one.
    this.#blobs.delete(path);
    this.#links.delete(path);
    if (type === 'symlink' || type === 'hard-link') this.#link(path, entry);
    if (!OF_IMAGES.test(path) || entry.isSparse || entry.contentSize === 0) return;
    if (type !== 'file' && type !== 'contiguous-file') return;
    const { maxSize, signal, wanted } = this.#options;
    this.#path = path;
    this.#blob = new PassingBlob({
      path,
      size: entry.contentSize,
      budget: new Budget(maxSize),
      room: this.#room,
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
    for (const [path, blob] of this.#blobs) blobs.set(path, await blob);
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
    const ending = blob.end().finally(() => this.#ending.delete(ending));
    this.#blobs.set(path, ending);
    this.#ending.add(ending);
  }

  #link(path: string, entry: ViewedEntry): void {
    const { linkpath } = entry;
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const from = entry.type === 'hard-link' || linkpath.startsWith('/') ? '' : folder;
    const parts: string[] = [];
    for (const part of (from + linkpath).split('/'))
      if (part === '..') parts.pop();
      else if (part !== '' && part !== '.') parts.push(part);
    this.#links.set(path, parts.join('/'));
  }
}
