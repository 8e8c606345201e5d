/**
 * Progress of the classic builder, of Podman, and of transfers, which is text: `Step 3/5 : COPY …` and `STEP 3/5: COPY …`
 * become steps in the form of BuildKit's, the text after them their output, and transferred layers their statuses.
 */
import type { Report, SolveStatus, Vertex } from '../../progress/events.js';

/** A line of an answer (moby, pkg/jsonmessage), without members that are not used. */
export interface ClassicMessage {
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  /** A trace or a result. */
  readonly aux?: unknown;
}

const STEP = /^(?:\[(\d+)\/\d+\] )?step (\d+\/\d+) ?: ?(.*)$/is;
/** The classic builder colours standard error, even without a terminal. */
const STDERR = /^\x1b\[91m(.*)\x1b\[0m$/s;
/** IDs of layers and intermediate containers; `scratch` has none. */
const BOOKKEEPING =
  /^(?:\s*| --->|\s*-{2,3}> (?:Running in |Removed intermediate container )?[0-9a-f]{11,64}|Removing intermediate container [0-9a-f]{12}|[0-9a-f]{64}|(?:\[\d+\/\d+\] )?COMMIT(?: \S+)?)$/;
/** The last statuses of a layer. */
const FINISHED = /^(?:pull complete|already exists|pushed|layer already exists|mounted from)/i;
const CACHED = /^\s*-{2,3}> Using cache/;

/** Reports the messages of one answer, in order, as events. */
export class ClassicProgress {
  /** The first error of the answer. */
  error: string | undefined;
  #current: Vertex;
  #count = 0;

  /**
   * @param name the name of the step before the first one.
   * @param digest identifies that step.
   */
  constructor(
    protected readonly report: Report,
    name = 'preparing the build',
    digest = 'classic:0',
  ) {
    this.#current = { digest, name };
  }

  take(message: ClassicMessage): void {
    let status: SolveStatus | undefined;
    const error = errorOf(message);
    if (error !== undefined) this.error ??= error;
    else if (message.stream !== undefined) status = this.#stream(message.stream);
    else if (message.status !== undefined) status = this.#status(message.status, message);
    if (status !== undefined) this.report({ kind: 'status', status });
  }

  /** Ends the current step, with the error if there is one. */
  finish(): void {
    const vertexes = this.#finished();
    if (vertexes.length > 0) this.report({ kind: 'status', status: { vertexes } });
  }

  #finished(): Vertex[] {
    const { error } = this;
    if (this.#current.started === undefined) return [];
    return [this.#change({ completed: now(), error })];
  }

  #stream(text: string): SolveStatus | undefined {
    const step = STEP.exec(text.trimEnd());
    if (step) {
      const before = this.#finished();
      this.#count++;
      const [, stage, place, instruction = ''] = step;
      const name = `[${stage === undefined ? '' : `stage-${stage} `}${place}] ${instruction.trim()}`;
      this.#current = { digest: `classic:${this.#count}`, name, started: now() };
      return { vertexes: [...before, this.#current] };
    }
    if (CACHED.test(text)) return { vertexes: [this.#change({ cached: true })] };
    if (BOOKKEEPING.test(text.trimEnd())) return undefined;
    const timestamp = now();
    const red = STDERR.exec(text)?.[1];
    const log = { vertex: this.#current.digest, data: red ?? text, timestamp };
    return { ...this.#opened(), logs: [{ ...log, stream: red === undefined ? 1 : 2 }] };
  }

  #status(text: string, { id, progressDetail }: ClassicMessage): SolveStatus {
    const timestamp = now();
    return {
      ...this.#opened(),
      statuses: [
        {
          id: id ?? text,
          vertex: this.#current.digest,
          name: id === undefined ? undefined : `${text} ${id}`,
          current: progressDetail?.current ?? 0,
          total: progressDetail?.total,
          timestamp,
          completed: FINISHED.test(text) ? timestamp : undefined,
        },
      ],
    };
  }

  /** Starts the step before the first one, if it has output. */
  #opened(): SolveStatus {
    return this.#current.started === undefined
      ? { vertexes: [this.#change({ started: now() })] }
      : {};
  }

  #change(change: Partial<Vertex>): Vertex {
    return (this.#current = { ...this.#current, ...change });
  }
}

function now(): string {
  return new Date().toISOString();
}

/** The error in a line. */
export function errorOf({ error, errorDetail }: ClassicMessage): string | undefined {
  const why = errorDetail?.message ?? error;
  return why === undefined ? undefined : why.trim() || 'the engine gave no reason';
}
