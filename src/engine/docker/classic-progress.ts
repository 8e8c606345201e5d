/**
 * The classic builder's and Podman's progress, which is text: `Step 3/5 : COPY …` and
 * `STEP 3/5: COPY …` become steps as BuildKit has them, what follows their output, and layers that
 * are pulled their statuses. Only display depends on it; the image's ID does not.
 */
import type { SolveStatus, Vertex } from '../../progress/events.js';

/** One line of the answer, as much as is looked at. */
export interface ClassicMessage {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

const STEP = /^(?:\[(\d+)\/\d+\] )?step (\d+\/\d+) ?: ?(.*)$/is;
/** The classic builder writes standard error in red, on every terminal and none. */
const STDERR = /^\x1b\[91m(.*)\x1b\[0m$/s;
/** The builder's own bookkeeping: IDs of layers and of containers in between; `scratch` has none. */
const BOOKKEEPING =
  /^(?:\s*| --->|\s*-{2,3}> (?:Running in |Removed intermediate container )?[0-9a-f]{11,64}|Removing intermediate container [0-9a-f]{12}|[0-9a-f]{64}|(?:\[\d+\/\d+\] )?COMMIT(?: \S+)?)$/;
/** What ends a layer's way. */
const FINISHED = /^(?:pull complete|already exists|pushed|layer already exists|mounted from)/i;
const CACHED = /^\s*-{2,3}> Using cache/;

/** Turns the messages of one build, in order, into events. */
export class ClassicSteps {
  #current: Vertex;
  #count = 0;

  /** @param name what is shown before the first step; `digest` tells it from other displays' steps. */
  constructor(name = 'preparing the build', digest = 'classic:0') {
    this.#current = { digest, name };
  }

  /** What a message means; undefined when there is nothing to show. */
  take(message: ClassicMessage): SolveStatus | undefined {
    if (message.stream !== undefined) return this.#stream(message.stream);
    if (message.status !== undefined) return this.#status(message.status, message);
    return undefined;
  }

  /** Closes the step that is under way, with an error when the build failed in it. */
  finish(error?: string): SolveStatus | undefined {
    // Nothing was shown: there is nothing to close, and BuildKit's steps are not ours.
    if (this.#current.started === undefined) return undefined;
    return { vertexes: [this.#change({ ...now('completed'), ...(error ? { error } : {}) })] };
  }

  #stream(text: string): SolveStatus | undefined {
    const step = STEP.exec(text.trimEnd());
    if (step) {
      const before = this.finish()?.vertexes ?? [];
      this.#count++;
      const [, stage, place, instruction = ''] = step;
      const name = `[${stage === undefined ? '' : `stage-${stage} `}${place}] ${instruction.trim()}`;
      this.#current = { digest: `classic:${this.#count}`, name, ...now('started') };
      return { vertexes: [...before, this.#current] };
    }
    if (CACHED.test(text)) return { vertexes: [this.#change({ cached: true })] };
    if (BOOKKEEPING.test(text.trimEnd())) return undefined;
    const timestamp = new Date().toISOString();
    const red = STDERR.exec(text)?.[1];
    const log = { vertex: this.#current.digest, data: red ?? text, timestamp };
    return { ...this.#opened(), logs: [{ ...log, stream: red === undefined ? 1 : 2 }] };
  }

  #status(text: string, { id, progressDetail }: ClassicMessage): SolveStatus {
    const timestamp = new Date().toISOString();
    const total = progressDetail?.total;
    return {
      ...this.#opened(),
      statuses: [
        {
          id: id ?? text,
          vertex: this.#current.digest,
          ...(id === undefined ? {} : { name: `${text} ${id}` }),
          current: progressDetail?.current ?? 0,
          ...(total === undefined ? {} : { total }),
          timestamp,
          ...(FINISHED.test(text) ? { completed: timestamp } : {}),
        },
      ],
    };
  }

  /** Output that comes before the first step still needs a step to be shown under. */
  #opened(): SolveStatus {
    return this.#current.started === undefined ? { vertexes: [this.#change(now('started'))] } : {};
  }

  #change(change: Partial<Vertex>): Vertex {
    return (this.#current = { ...this.#current, ...change });
  }
}

function now<K extends 'started' | 'completed'>(key: K): Record<K, string> {
  return { [key]: new Date().toISOString() } as Record<K, string>;
}

/** An answer's line that says what went wrong: HTTP has said 200 by then. */
export interface FailureMessage {
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
}

/** Why it failed, when the line says so. */
export function failureOf({ error, errorDetail }: FailureMessage): string | undefined {
  const why = errorDetail?.message ?? error;
  return why === undefined ? undefined : why.trim() || 'the engine gave no reason';
}
