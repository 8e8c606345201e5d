/**
 * What happens during a build, as plain data: shaped after BuildKit's `SolveStatus`, so that one
 * display shows BuildKit, the classic builder and the context alike.
 */

/** One step of a build. Times are ISO 8601. A vertex is sent again, whole, when it changes. */
export interface Vertex {
  readonly digest: string;
  readonly name: string;
  readonly inputs?: readonly string[];
  readonly started?: string;
  readonly completed?: string;
  readonly cached?: boolean;
  readonly error?: string;
}

/** Progress inside a step: a download, an unpacking. `current` and `total` are bytes. */
export interface VertexStatus {
  readonly id: string;
  readonly vertex: string;
  readonly name?: string;
  readonly current: number;
  readonly total?: number;
  readonly timestamp: string;
  readonly started?: string;
  readonly completed?: string;
}

/** Output of a step: `stream` is 1 for standard output, 2 for standard error. */
export interface VertexLog {
  readonly vertex: string;
  readonly stream: 1 | 2;
  /** Text; a character may be split over two logs only where the engine split it. */
  readonly data: string;
  readonly timestamp: string;
}

/** A remark of the builder's on the Dockerfile. */
export interface VertexWarning {
  readonly vertex: string;
  readonly level: number;
  readonly short: string;
  readonly detail?: readonly string[];
  readonly url?: string;
}

/** What BuildKit tells at once. */
export interface SolveStatus {
  readonly vertexes?: readonly Vertex[];
  readonly statuses?: readonly VertexStatus[];
  readonly logs?: readonly VertexLog[];
  readonly warnings?: readonly VertexWarning[];
}

/** One event; `kind` tells which. */
export type ProgressEvent =
  | {
      readonly kind: 'context';
      readonly bytes: number;
      readonly entries: number;
      readonly done: boolean;
    }
  | {
      readonly kind: 'notice';
      readonly message: string;
      /** The user gets another image, or another output, than the options suggest: shown even when quiet. */
      readonly warning?: boolean;
    }
  | {
      /** Something about the image that is being made. */
      readonly kind: 'finding';
      readonly id: string;
      readonly severity: 'error' | 'warning' | 'info';
      /** Printable. */
      readonly path?: string | undefined;
      readonly message: string;
      readonly advice: string;
    }
  /** What a builder writes to its standard error, as it comes: a line may be in pieces. */
  | { readonly kind: 'output'; readonly text: string }
  | { readonly kind: 'status'; readonly status: SolveStatus };

/** Takes events; never throws, never blocks. */
export type Report = (event: ProgressEvent) => void;

/** Milliseconds of silence before the reason is reported. */
const ANNOUNCE_AFTER = 10_000;

/**
 * Settles as `work` does, and reports `message` as a notice when that takes longer than {@link ANNOUNCE_AFTER}: a silent
 * program looks as if it had stopped.
 */
export async function announced<T>(work: Promise<T>, report: Report, message: string): Promise<T> {
  const timer = setTimeout(() => report({ kind: 'notice', message }), ANNOUNCE_AFTER);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
