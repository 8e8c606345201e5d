/** Events of a build as plain data, modelled on BuildKit's `SolveStatus` for all engines. */

/** One step of a build. Times are ISO 8601. A vertex is sent again, complete, when it changes. */
export interface Vertex {
  readonly digest: string;
  readonly name: string;
  readonly inputs?: readonly string[];
  readonly started?: string;
  readonly completed?: string;
  readonly cached?: boolean;
  readonly error?: string;
}

/** Progress inside a step, such as a download. `current` and `total` are bytes. */
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
  readonly data: string;
  readonly timestamp: string;
}

/** A warning of the engine about the Dockerfile. */
export interface VertexWarning {
  readonly vertex: string;
  readonly level: number;
  readonly short: string;
  readonly detail?: readonly string[];
  readonly url?: string;
  readonly sourceInfo?: SourceInfo;
  /** The lines that the warning is about. */
  readonly range?: readonly SourceRange[];
}

/** The file that a warning is about. */
export interface SourceInfo {
  readonly filename: string;
  readonly language?: string;
}

/** Lines begin at 1, characters at 0. */
interface SourceRange {
  readonly start: SourcePosition;
  readonly end: SourcePosition;
}

export interface SourcePosition {
  readonly line: number;
  /** @default 0 */
  readonly character?: number;
}

/** BuildKit's unit of progress. */
export interface SolveStatus {
  readonly vertexes?: readonly Vertex[];
  readonly statuses?: readonly VertexStatus[];
  readonly logs?: readonly VertexLog[];
  readonly warnings?: readonly VertexWarning[];
}

export type ProgressEvent =
  | {
      readonly kind: 'context';
      /** The part of a build that has several: `builder`, `image`. */
      readonly part?: string;
      readonly bytes: number;
      readonly entries: number;
      readonly done: boolean;
    }
  | {
      readonly kind: 'notice';
      readonly message: string;
      /** The image or the output differs from what the options suggest; shown even when quiet. */
      readonly warning?: boolean;
    }
  | {
      /** A finding in the image that is built. */
      readonly kind: 'finding';
      readonly id: string;
      readonly severity: 'error' | 'warning' | 'info';
      /** Printable. */
      readonly path?: string | undefined;
      readonly message: string;
      readonly advice: string;
    }
  /** Standard error of a builder; a line may arrive in pieces. */
  | { readonly kind: 'output'; readonly text: string }
  | { readonly kind: 'status'; readonly status: SolveStatus };

/** Receives events; never throws, never blocks. */
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
