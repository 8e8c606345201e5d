/** `--cat PATH`: prints a file of an image or a context. Its layer is known after all of them were read. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path/posix';
import type { ErrorCode } from '../error-codes.js';
import { DockerceptionError } from '../errors.js';
import { type CompleteInspection, INSPECT, type InspectOptions } from '../options/inspect.js';
import { normalise } from '../options/schema.js';
import type { Sink } from '../sink/sink.js';
import { formatBytes } from '../text/format.js';
import { printable } from '../text/printable.js';
import { nearestNames } from '../text/suggest.js';
import { type Entry, find, walk } from './entry.js';
import { inspectListening } from './inspect.js';
import type { Inspection } from './inspection.js';
import type { Content } from './probe/content.js';
import type { ContentListener, ListenerFor } from './read/layer-contents.js';

/**
 * Writes the content of a file to `sink`, which is not ended.
 * @throws DockerceptionError of kind usage: CAT_NOT_FOUND, CAT_NOT_A_FILE, CAT_PIPE; those of `inspect`, of the sink
 */
export async function cat(path: string, given: InspectOptions, sink: Sink): Promise<void> {
  const options = normalise(INSPECT, given);
  const isPipe = await isReadOnce(options.target);
  const retained = new RetainedFile(absolute(path));
  const { listenerFor } = retained;
  const inspection = await inspectListening(isPipe ? { ...options, listenerFor } : options);
  const entry = fileAt(inspection, path);
  const { content } = entry;
  if (entry.size === 0 || content === undefined) return;
  if (!isPipe) return readAgain(content, options, sink);
  const bytes = retained.bytesOf(content);
  if (bytes === undefined) throw notRetained(path, entry, inspection);
  for (const chunk of bytes) {
    sink.write(chunk);
    await sink.ready();
  }
}

function fileAt({ root, target }: Inspection, path: string): Entry {
  const entry = find(root, path);
  const action = `reading ${printable(path)} of ${printable(target)}`;
  if (entry?.kind === 'file') return entry;
  if (entry !== undefined) {
    const what = entry.kind === 'directory' ? 'a directory' : `a ${entry.kind.replace('-', ' ')}`;
    throw usage('CAT_NOT_A_FILE', `${action}: it is ${what}`, '--list shows every name');
  }
  const link = find(root, path, false);
  if (link !== undefined)
    throw usage(
      'CAT_NOT_FOUND',
      `${action}: it is a link to ${printable(link.target ?? '')}, and nothing is there`,
    );
  const folder = find(root, dirname(path));
  const near = nearestNames(path.replace(/^.*\//, ''), [...(folder?.children?.keys() ?? [])]);
  const names = near.map((name) => printable(`${folder?.path.replace(/\/$/, '')}/${name}`));
  const hint = names.length > 0 ? `there is ${names.join(', ')}` : '--list shows every name';
  throw usage('CAT_NOT_FOUND', `${action}: it is not there`, hint);
}

/** Standard input may be a file, but the offset at which it began is unknown. */
async function isReadOnce(target: string): Promise<boolean> {
  if (target === '-') return true;
  const found = await stat(target).catch(() => undefined);
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

/** Reads the target a second time, up to the end of the file. */
async function readAgain(content: Content, options: CompleteInspection, sink: Sink): Promise<void> {
  const done = new AbortController();
  const writer = new SinkWriter(sink, options.signal, () => done.abort());
  const listenerFor: ListenerFor = (blob, index) =>
    blob === content.blob && index === content.index ? writer : undefined;
  const signal = AbortSignal.any([done.signal, options.signal]);
  try {
    await inspectListening({ ...options, signal, listenerFor });
  } catch (error) {
    if (!done.signal.aborted) throw error;
  }
  await writer.ready();
}

function absolute(path: string): string {
  return `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}

/** The content was read under another name: the target of a link, or another hard link. */
function notRetained(path: string, entry: Entry, { root }: Inspection): DockerceptionError {
  const others = [...(entry.links === undefined ? [] : walk(root))].filter(
    (other) => other !== entry && other.links === entry.links,
  );
  const isSame = entry.path === absolute(path);
  const end = printable((isSame ? others[0] : entry)?.path ?? entry.path);
  const hint = isSame && others.length === 0 ? '' : `--cat ${end}, or `;
  const message = `reading ${printable(path)}: its content came as ${end}, and a pipe can't be read again`;
  return usage('CAT_PIPE', message, `${hint}name a file in place of the pipe`);
}

function usage(code: ErrorCode, message: string, hint?: string): DockerceptionError {
  return new DockerceptionError('usage', code, message, { hint });
}

/** Bytes that are retained of a file in a pipe. */
const MAX_RETAINED = 64 << 20;

/** Retains the contents with a path, in all layers, since a pipe can be read once only. */
class RetainedFile {
  readonly #contents = new Map<string, Buffer[]>();
  #size = 0;

  /** @param path absolute */
  constructor(private readonly path: string) {}

  /** Its listeners throw CAT_PIPE of kind usage for a file that is too large. */
  readonly listenerFor: ListenerFor = (blob, index, path) => {
    if (path !== this.path) return undefined;
    const chunks: Buffer[] = [];
    this.#contents.set(`${index} ${blob}`, chunks);
    const retain = (length: number, make: () => Buffer): void => {
      this.#size += length;
      if (this.#size > MAX_RETAINED) {
        const message = `reading ${printable(path)}: it has more than ${formatBytes(MAX_RETAINED)}, and a pipe can't be read again`;
        throw usage('CAT_PIPE', message, 'name a file in place of the pipe');
      }
      chunks.push(make());
    };
    return {
      append: (bytes) => retain(bytes.length, () => Buffer.from(bytes)),
      hole: (length) => retain(length, () => Buffer.alloc(length)),
      ready: () => undefined,
      end: () => undefined,
    };
  };

  bytesOf({ blob, index }: Content): readonly Buffer[] | undefined {
    return this.#contents.get(`${index} ${blob}`);
  }
}

const ZEROS = Buffer.alloc(64 << 10);

/** Writes a file to a sink. Holes become zeros, piece by piece, as the sink accepts them. */
class SinkWriter implements ContentListener {
  /** Lengths of holes, and copies of the bytes after a hole. */
  readonly #pending: (Buffer | number)[] = [];
  #flushing: Promise<void> | undefined;

  /** @param signal interrupts a long hole */
  constructor(
    private readonly sink: Sink,
    private readonly signal: AbortSignal,
    readonly end: () => void,
  ) {}

  append(bytes: Buffer): void {
    if (this.#isEmpty) this.sink.write(bytes);
    else this.#pending.push(Buffer.from(bytes));
  }

  hole(length: number): void {
    this.#pending.push(length);
  }

  ready(): Promise<void> | undefined {
    if (this.#isEmpty) return this.sink.ready();
    return (this.#flushing ??= this.#flush());
  }

  get #isEmpty(): boolean {
    return this.#pending.length === 0 && this.#flushing === undefined;
  }

  async #flush(): Promise<void> {
    // Bytes that were written before the first hole are valid until the sink is ready.
    await this.sink.ready();
    for (let piece = this.#pending.shift(); piece !== undefined; piece = this.#pending.shift()) {
      if (typeof piece === 'number') await this.#zeros(piece);
      else {
        this.sink.write(piece);
        await this.sink.ready();
      }
    }
    this.#flushing = undefined;
  }

  async #zeros(length: number): Promise<void> {
    for (let left = length; left > 0; left -= ZEROS.length) {
      // Yields to the event loop, so that a signal can arrive.
      await new Promise((resolve) => setImmediate(resolve));
      this.signal.throwIfAborted();
      this.sink.write(left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS);
      await this.sink.ready();
    }
  }
}
