/**
 * The loop that connects everything: sources, their edits, a sink. The pipeline owns all three. It reads the sources to
 * their ends, and ends the sink if all of it is known to be good, or destroys it with the first error. The
 * end-of-archive is the gate: no reader gets a complete tar until the producer is known to have succeeded.
 */
import { type Owner, ROOT } from './edit/attributes.js';
import { compose, type Edit } from './edit/edit.js';
import {
  DockerfileFinder,
  type FileReceiver,
  type FoundFile,
  plainEdit,
} from './edit/find-dockerfile.js';
import { isRecognisable } from './edit/portable.js';
import { DockerceptionError } from './errors.js';
import type { Report } from './progress/events.js';
import { FAILURE_BLOCK, refuseFailureBlock } from './sink/failure-block.js';
import type { EntrySink, Sink } from './sink/sink.js';
import { describeTrailing, explain, StreamEvidence, unterminated } from './source/diagnose.js';
import { drain } from './source/drain.js';
import type { Source } from './source/source.js';
import { HARD_LINK, MAGIC } from './tar/block.js';
import { TarWalk } from './tar/walk.js';
import type { WalkHandler } from './tar/walk-handler.js';
import { END_OF_ARCHIVE, headerBlock, rootHeader } from './tar/writer.js';

/** One stream and the edits of its entries. */
export interface PipelineInput {
  readonly source: Source;
  readonly edit: Edit;
}

/** How a context is processed. */
export interface PipelinePlan {
  /** In the order of the output; the last one is the stream that the user named. */
  readonly inputs: readonly PipelineInput[];
  /** The clean path of the Dockerfile, which is required; `undefined` if it is optional. */
  readonly file: string | undefined;
  /** Names that are used without `file`, in this order. @default none */
  readonly otherFiles?: readonly string[];
  /** Receives `file` and `otherFiles` as edited. @default none */
  readonly receiver?: FileReceiver | undefined;
  /** Adds a hard link `file` to the one of `otherFiles` that is used, for a reader that knows `file` alone. @default false */
  readonly linksFile?: boolean;
  /**
   * Puts `./` before a stream that starts with metadata, which many readers take for a Dockerfile.
   * @default owned by ROOT; `false` leaves the stream unchanged
   */
  readonly root?: Owner | false;
  /** Ignore data after the end-of-archive. @default false */
  readonly ignoreTrailing?: boolean;
  /** Accept a stream that ends between two entries. @default false */
  readonly allowUnterminated?: boolean;
}

/** The amount of data that was processed. */
export interface PipelineSummary {
  /** Bytes that were written, including the end-of-archive; bytes that were read, if the sink accepts entries. */
  readonly bytes: number;
  /** Entries that were read. */
  readonly entries: number;
}

/** The interval of context events. Milliseconds of `Date.now`: `performance` would load more of Node. */
const REPORT_INTERVAL = 100;

/**
 * Sends a context from its sources to the sink, as a tar or as its entries. Rejects with the first error, of kind
 * context for a bad stream; the sink is destroyed with it, and the sources are closed.
 */
export async function runPipeline(
  plan: PipelinePlan,
  sink: Sink | EntrySink,
  report: Report,
  signal: AbortSignal = new AbortController().signal,
): Promise<PipelineSummary> {
  const run = new PipelineRun(plan, sink, report, signal);
  const sources = plan.inputs.map((input) => input.source);
  for (const { stream, complete } of sources) {
    // Both may fail while an earlier source is read, or after it has failed.
    complete.catch(() => undefined);
    stream.on('error', () => undefined);
  }
  try {
    return await unlessAborted(() => run.run(), signal);
  } catch (error) {
    if (!('entries' in sink)) sink.destroy(error as Error, run.lastBytes());
    const reason = signal.aborted ? (error as Error) : undefined;
    for (const { stream } of sources) stream.destroy(reason);
    throw error;
  }
}

/** Rejects with the signal's reason as soon as it is aborted, even if the work is waiting. */
async function unlessAborted<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
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

class PipelineRun {
  readonly #dockerfile: DockerfileFinder | undefined;
  /** The sink, if it accepts bytes. */
  readonly #output: Sink | undefined;
  #bytes = 0;
  #entries = 0;
  #isStarted = false;
  #isComplete = false;
  #reported = 0;
  #walk: TarWalk | undefined;

  constructor(
    private readonly plan: PipelinePlan,
    private readonly sink: Sink | EntrySink,
    private readonly report: Report,
    private readonly signal: AbortSignal,
  ) {
    const { file, otherFiles, receiver } = plan;
    this.#dockerfile =
      file === undefined ? undefined : new DockerfileFinder(file, otherFiles, receiver);
    this.#output = 'entries' in sink ? undefined : sink;
  }

  async run(): Promise<PipelineSummary> {
    for (const input of this.plan.inputs) await this.#read(input);
    return this.#end();
  }

  /** Processes one stream up to its end-of-archive, and reads it to its end. */
  async #read({ source, edit }: PipelineInput): Promise<void> {
    const evidence = new StreamEvidence();
    const walk = new TarWalk(this.#handler(edit, source.name, evidence), source.name);
    this.#walk = walk;
    const entriesBefore = this.#entries;
    try {
      await drain(source.stream, (chunk, owned) => {
        evidence.add(chunk);
        walk.push(chunk, owned);
        this.#entries = entriesBefore + walk.entries;
        this.#reportProgress(false);
        if (this.#output === undefined) this.#bytes += chunk.length;
        return this.sink.ready();
      });
      this.#checkEnd(walk, source.name);
    } catch (error) {
      throw explain(error, source.name, evidence);
    }
    // The gate: the end-of-archive waits for the producer's success.
    await source.complete;
    this.signal.throwIfAborted();
  }

  /**
   * The bytes that make a reader refuse the output so far. Empty inside an entry's body, where every reader notices the
   * cut; `undefined` if only the end-of-archive is missing.
   */
  lastBytes(): Buffer | undefined {
    if (this.#isComplete) return undefined;
    try {
      const padding = this.#walk === undefined ? 0 : this.#walk.abandon();
      if (padding === undefined) return Buffer.alloc(0);
      return Buffer.concat([Buffer.alloc(padding), FAILURE_BLOCK]);
    } catch {
      // The output itself has failed.
      return undefined;
    }
  }

  async #end(): Promise<PipelineSummary> {
    const found = this.#dockerfile?.requireFile();
    const output = this.#output;
    if (output !== undefined) {
      if (found !== undefined && this.plan.linksFile === true) this.#link(output, found);
      await output.ready();
      this.signal.throwIfAborted();
      this.#isComplete = true;
      this.#write(output, END_OF_ARCHIVE);
      await output.ready();
      await output.end();
    }
    this.#reportProgress(true);
    return { bytes: this.#bytes, entries: this.#entries };
  }

  #link(output: Sink, found: FoundFile): void {
    const { file } = this.plan;
    if (file === undefined || found.path === file) return;
    // Readers set the attributes of the link on the file.
    const mtime = Math.max(0, Math.floor(found.mtime));
    const link = { path: file, linkpath: found.path, typeflag: HARD_LINK, size: 0, mtime };
    this.#write(output, headerBlock({ ...found, ...link }));
    const message = `the Dockerfile is ${found.path}: the engine finds it as ${file}`;
    this.report({ kind: 'notice', message });
  }

  #checkEnd(walk: TarWalk, name: string): void {
    // An empty stream doesn't end between two entries: the builder wrote nothing.
    const isAccepted = this.plan.allowUnterminated === true && walk.offset > 0;
    if (walk.end() === 'unterminated' && !isAccepted) {
      throw unterminated(
        name,
        'the builder has probably failed; `allowUnterminated` takes a tar that ends so on purpose',
      );
    }
    if (walk.trailing === undefined) return;
    const what = describeTrailing(walk.trailing);
    if (this.plan.ignoreTrailing === true)
      return this.report({ kind: 'notice', message: `ignored ${what}` });
    throw new DockerceptionError('context', 'TAR_TRAILING', `reading ${name}: ${what}`, {
      hint: 'nothing may follow the tar on the standard output of the builder; `ignoreTrailing` lets it pass',
    });
  }

  #handler(edit: Edit, name: string, evidence: StreamEvidence): WalkHandler {
    const [sink, finder] = [this.sink, this.#dockerfile];
    const all = finder === undefined ? edit : compose([edit, finder.observe]);
    const common = {
      oddPadding: () => refusePadding(name, evidence),
      badHeader: (block: Buffer) => explainHeader(block, name, evidence),
    };
    if ('entries' in sink) {
      const { entries } = sink;
      return {
        ...common,
        plainFiles: entries.plainFiles,
        plain: () => entries.plainFiles && plainEdit(edit, finder),
        entry: (entry, lead) => (all(entry) === 'drop' ? 'drop' : entries.entry(entry, lead)),
        data: (bytes) => {
          finder?.data(bytes);
          entries.data?.(bytes);
        },
        hole: (length) => entries.hole?.(length),
        global: (header) => edit.global?.(header),
      };
    }
    return {
      ...common,
      portable: this.plan.root !== false,
      entry: (entry, lead) => {
        if (all(entry) === 'drop') return 'drop';
        if (!this.#isStarted) this.#start(sink, isRecognisable(entry, lead), entry.mtime);
        return undefined;
      },
      plain: () => (this.#isStarted ? plainEdit(edit, finder) : undefined),
      global: (header) => {
        edit.global?.(header);
        if (!this.#isStarted) this.#start(sink, false, 0);
      },
      bytes: (bytes) => this.#write(sink, bytes),
      data: this.plan.receiver && ((bytes) => finder?.data(bytes)),
    };
  }

  /** The first 1,024 bytes decide what readers take a stream for. */
  #start(output: Sink, recognisable: boolean, mtime: number): void {
    this.#isStarted = true;
    if (this.plan.root === false || recognisable) return;
    const { uid, gid } = this.plan.root ?? ROOT;
    this.#write(output, rootHeader(uid, gid, Math.max(0, mtime)));
  }

  #write(output: Sink, bytes: Buffer): void {
    this.#bytes += bytes.length;
    output.write(bytes);
  }

  #reportProgress(done: boolean): void {
    const now = Date.now();
    if (!done && Math.abs(now - this.#reported) < REPORT_INTERVAL) return;
    this.#reported = now;
    this.report({ kind: 'context', bytes: this.#bytes, entries: this.#entries, done });
  }
}

/** A body that has grown by CRLF damage extends into its padding. */
function refusePadding(name: string, evidence: StreamEvidence): void {
  if (!evidence.crlfDamaged) return;
  const message = `reading ${name}: data in a padding`;
  throw new DockerceptionError('context', 'TAR_PADDING', message);
}

/**
 * Explains a block that is no header: a failed output ends there, or the header is shifted by CRLF damage, with text in
 * its place or its magic further on.
 */
function explainHeader(block: Buffer, name: string, evidence: StreamEvidence): void {
  refuseFailureBlock(block, name);
  const isShifted = block.includes('\r\n') || block.includes('ustar', MAGIC.at + 1);
  if (isShifted && !evidence.startsWithText) refusePadding(name, evidence);
}
