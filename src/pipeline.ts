/**
 * The loop that everything plugs into: a source, its edits, a sink. The pipeline owns all three:
 * it reads the source to its end, and either ends the sink, when all of it is known to be good,
 * or destroys it with the first error. The end-of-archive is the gate: nobody downstream has a
 * whole tar until the producer is known to have succeeded.
 */
import { type Owner, ROOT } from './edit/attributes.js';
import { compose, type Edit } from './edit/edit.js';
import { DockerfileFinder, type FileReceiver, type FoundFile } from './edit/find-dockerfile.js';
import { isRecognisable } from './edit/portable.js';
import { DockerceptionError } from './errors.js';
import type { Report } from './progress/events.js';
import type { EntrySink } from './sink/entries.js';
import { FAILURE_BLOCK, refuseFailureBlock } from './sink/failure-block.js';
import type { Sink } from './sink/sink.js';
import { behindTheEnd, Evidence, explain, unterminated } from './source/diagnose.js';
import { drain } from './source/pipe.js';
import type { Source } from './source/source.js';
import { HARD_LINK, MAGIC } from './tar/block.js';
import { TarWalk } from './tar/walk.js';
import type { WalkHandler } from './tar/walk-handler.js';
import { END_OF_ARCHIVE, headerBlock, rootHeader } from './tar/writer.js';

export type { FileReceiver } from './edit/find-dockerfile.js';

/** One stream and the edits of its entries. */
export interface Part {
  readonly source: Source;
  readonly edit: Edit;
}

/** What becomes of a context on its way. */
export interface Plan {
  /** In the order in which they leave; the last one is the stream that the user named. */
  readonly parts: readonly Part[];
  /** The Dockerfile's clean path, which has to be there; `undefined` when it needn't be. */
  readonly file: string | undefined;
  /** Names that are used without `file`, in this order. @default none */
  readonly otherFiles?: readonly string[];
  /** Receives `file` and `otherFiles` as they leave. @default none */
  readonly receiver?: FileReceiver | undefined;
  /** Adds a hard link `file` to the one of `otherFiles` that is used, for a reader that knows `file` alone. @default false */
  readonly linksFile?: boolean;
  /**
   * Puts `./` in front of a stream that starts with metadata: many take it for a Dockerfile.
   * @default ROOT owns it; `false` leaves the stream as it came
   */
  readonly root?: Owner | false;
  /** Data behind the end-of-archive is no error. @default false */
  readonly ignoreTrailing?: boolean;
  /** A stream that ends between two entries is no error. @default false */
  readonly allowUnterminated?: boolean;
}

/** What went through. */
export interface Passed {
  /** Bytes that left, the end-of-archive among them; those that came, where entries are taken. */
  readonly bytes: number;
  /** Entries that came in. */
  readonly entries: number;
}

/** A context event at most this often. Milliseconds. */
const REPORT_EVERY = 100;

/**
 * Passes a context from its sources to the sink, as a tar or as its entries. Rejects with the first
 * error, of kind context when the stream was bad; the sink is destroyed with it and the sources are
 * closed.
 */
export async function pass(
  plan: Plan,
  sink: Sink | EntrySink,
  report: Report,
  signal?: AbortSignal,
): Promise<Passed> {
  const passage = new Passage(plan, sink, report, signal);
  const sources = plan.parts.map((part) => part.source);
  for (const { stream, complete } of sources) {
    // Both may fail while an earlier source is read, or after it has failed.
    complete.catch(() => undefined);
    stream.on('error', () => undefined);
  }
  try {
    return await unlessAborted(() => passage.run(), signal);
  } catch (error) {
    if (!('entries' in sink)) sink.destroy(error as Error, passage.lastBytes());
    const reason = signal?.aborted === true ? (error as Error) : undefined;
    for (const { stream } of sources) stream.destroy(reason);
    throw error;
  }
}

/** Rejects with the signal's reason as soon as it is aborted, whatever the work is waiting for. */
async function unlessAborted<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return work();
  signal.throwIfAborted();
  let abort: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([work(), aborted]);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** One context on its way. */
class Passage {
  readonly #dockerfile: DockerfileFinder | undefined;
  #bytes = 0;
  #entries = 0;
  #started = false;
  #reported = 0;
  /** The walk over the part at hand, whose output is the sink's. */
  #walk: TarWalk | undefined;
  #isWhole = false;

  constructor(
    private readonly plan: Plan,
    private readonly sink: Sink | EntrySink,
    private readonly report: Report,
    private readonly signal: AbortSignal | undefined,
  ) {
    const { file, otherFiles, receiver } = plan;
    this.#dockerfile =
      file === undefined ? undefined : new DockerfileFinder(file, otherFiles, receiver);
  }

  async run(): Promise<Passed> {
    for (const part of this.plan.parts) await this.#part(part);
    return this.#end();
  }

  /** Passes one stream on, up to its end-of-archive; reads it to its end all the same. */
  async #part({ source, edit }: Part): Promise<void> {
    const evidence = new Evidence();
    const sink = this.sink;
    const walk =
      'entries' in sink
        ? new TarWalk(this.#viewer(edit, source, evidence, sink.entries), source.name)
        : new TarWalk(this.#handler(edit, source, evidence, sink), source.name);
    this.#walk = walk;
    const entriesBefore = this.#entries;
    try {
      await drain(source.stream, (chunk, owned) => {
        evidence.note(chunk);
        walk.push(chunk, owned);
        this.#entries = entriesBefore + walk.entries;
        this.#reportNow(false);
        if ('entries' in sink) this.#bytes += chunk.length;
        return sink.ready();
      });
      this.#finish(walk, source);
    } catch (error) {
      throw explain(error, source.name, evidence);
    }
    // The gate: the end of the archive waits for the producer's success.
    await source.complete;
    this.signal?.throwIfAborted();
  }

  /**
   * What makes a reader refuse what has left so far. Empty where that ends inside an entry's body,
   * which every reader notices; `undefined` where nothing is missing but the end-of-archive.
   */
  lastBytes(): Buffer | undefined {
    if (this.#isWhole) return undefined;
    try {
      const padding = this.#walk === undefined ? 0 : this.#walk.abandon();
      if (padding === undefined) return Buffer.alloc(0);
      return Buffer.concat([Buffer.alloc(padding), FAILURE_BLOCK]);
    } catch {
      // It is the output that failed.
      return undefined;
    }
  }

  async #end(): Promise<Passed> {
    const found = this.#dockerfile?.requireFile();
    if (!('entries' in this.sink)) {
      if (found !== undefined && this.plan.linksFile === true) this.#link(this.sink, found);
      await this.sink.ready();
      this.signal?.throwIfAborted();
      this.#isWhole = true;
      this.#write(this.sink, END_OF_ARCHIVE);
      await this.sink.ready();
      await this.sink.end();
    }
    this.#reportNow(true);
    return { bytes: this.#bytes, entries: this.#entries };
  }

  #link(sink: Sink, found: FoundFile): void {
    const { file } = this.plan;
    if (file === undefined || found.path === file) return;
    // Readers set the attributes of the link on the file.
    const mtime = Math.max(0, Math.floor(found.mtime));
    const link = { path: file, linkpath: found.path, typeflag: HARD_LINK, size: 0, mtime };
    this.#write(sink, headerBlock({ ...found, ...link }));
    const message = `the Dockerfile is ${found.path}: the engine finds it as ${file}`;
    this.report({ kind: 'notice', message });
  }

  #finish(walk: TarWalk, source: Source): void {
    // Nothing at all is no end between two entries: the builder wrote nothing.
    const tolerated = this.plan.allowUnterminated === true && walk.offset > 0;
    if (walk.end() === 'unterminated' && !tolerated) {
      throw unterminated(
        source.name,
        'the builder has probably failed; --allow-unterminated takes a tar that ends so on purpose',
      );
    }
    const { trailing } = walk;
    if (trailing === undefined) return;
    const what = behindTheEnd(trailing);
    if (this.plan.ignoreTrailing === true) {
      this.report({ kind: 'notice', message: `ignored ${what}` });
      return;
    }
    throw new DockerceptionError('context', 'TAR_TRAILING', `reading ${source.name}: ${what}`, {
      hint: 'nothing may follow the tar on the standard output of the builder; --ignore-trailing lets it pass',
    });
  }

  #handler(edit: Edit, source: Source, evidence: Evidence, sink: Sink): WalkHandler {
    const all = this.#observed(edit);
    return {
      portable: this.plan.root !== false,
      entry: (entry, lead) => {
        if (all(entry) === 'drop') return 'drop';
        if (!this.#started) this.#start(sink, isRecognisable(entry, lead), entry.mtime);
        return undefined;
      },
      global: (header) => {
        edit.global?.(header);
        if (!this.#started) this.#start(sink, false, 0);
      },
      bytes: (bytes) => this.#write(sink, bytes),
      ...(this.plan.receiver !== undefined && {
        data: (bytes: Buffer) => this.#dockerfile?.data(bytes),
      }),
      oddPadding: () => refusePadding(source, evidence),
      badHeader: (block) => explainHeader(block, source, evidence),
    };
  }

  #viewer(edit: Edit, source: Source, evidence: Evidence, entries: WalkHandler): WalkHandler {
    const all = this.#observed(edit);
    return {
      entry: (entry, lead) => (all(entry) === 'drop' ? 'drop' : entries.entry(entry, lead)),
      data: (bytes) => {
        this.#dockerfile?.data(bytes);
        entries.data?.(bytes);
      },
      hole: (length) => entries.hole?.(length),
      global: (header) => edit.global?.(header),
      oddPadding: () => refusePadding(source, evidence),
      badHeader: (block) => explainHeader(block, source, evidence),
    };
  }

  #observed(edit: Edit): Edit {
    return this.#dockerfile === undefined ? edit : compose([edit, this.#dockerfile.observe]);
  }

  /** The first 1,024 bytes decide what a stream is taken for. */
  #start(sink: Sink, recognisable: boolean, mtime: number): void {
    this.#started = true;
    if (this.plan.root === false || recognisable) return;
    const { uid, gid } = this.plan.root ?? ROOT;
    this.#write(sink, rootHeader(uid, gid, Math.max(0, mtime)));
  }

  #write(sink: Sink, bytes: Buffer): void {
    this.#bytes += bytes.length;
    sink.write(bytes);
  }

  #reportNow(done: boolean): void {
    const now = performance.now();
    if (!done && now - this.#reported < REPORT_EVERY) return;
    this.#reported = now;
    this.report({ kind: 'context', bytes: this.#bytes, entries: this.#entries, done });
  }
}

/** A body that grew runs over into its padding; text that ends there is what's left of it. */
function refusePadding(source: Source, evidence: Evidence): void {
  if (!evidence.crlfDamaged) return;
  throw new DockerceptionError(
    'context',
    'TAR_PADDING',
    `reading ${source.name}: data in a padding`,
  );
}

/**
 * Throws what is known of a block that is no header: an output has failed there, or what grew before
 * shifts the header, so that text of the body lies in its place, or its magic further on.
 */
function explainHeader(block: Buffer, source: Source, evidence: Evidence): void {
  refuseFailureBlock(block, source.name);
  const isGrown = block.includes('\r\n') || block.includes('ustar', MAGIC.at + 1);
  if (isGrown && !evidence.startsWithText) refusePadding(source, evidence);
}
