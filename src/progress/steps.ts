/** The steps of a build so far, and the changes that each event makes to them. */
import { lastVersion, plainText } from '../text/terminal.js';
import type { SolveStatus, Vertex, VertexLog, VertexStatus, VertexWarning } from './events.js';

/** One step; its texts have no control characters. */
export interface Step {
  /** From 1, in the order in which the steps start. */
  readonly index: number;
  readonly name: string;
  /** Time of the first event, by the local clock. Milliseconds. */
  readonly since: number;
  vertex: Vertex;
  /** Set when it ends; a step may start again, and end differently. */
  ended: Outcome | undefined;
  /** The last lines of its output. */
  readonly lines: string[];
  /** Standard output and standard error. */
  readonly output: Readonly<Record<VertexLog['stream'], LineBuffer>>;
  /** Downloads and other transfers, by ID. */
  readonly statuses: Map<string, VertexStatus>;
}

export type Change =
  | { readonly kind: 'started' | 'completed'; readonly step: Step }
  | { readonly kind: 'line'; readonly step: Step; readonly text: string; readonly at: number }
  | { readonly kind: 'status'; readonly step: Step; readonly status: VertexStatus }
  | { readonly kind: 'warning'; readonly step: Step | undefined; readonly warning: VertexWarning };

export type Outcome = 'done' | 'cached' | 'canceled' | 'error';

const KEPT_LINES = 100;
const MAX_LINE = 16 * 1024;

/** Splits output that arrives in pieces into the lines that a terminal finally shows. */
export class LineBuffer {
  private partial = '';

  /** The lines that this piece completes. A long line is split, so that memory stays bounded. */
  piece(text: string): string[] {
    const lines = (this.partial + text).split('\n');
    this.partial = lines.pop() as string;
    if (this.partial.length > MAX_LINE) lines.push(...this.close());
    return lines.map(lastVersion);
  }

  /** The last line, if it is incomplete. */
  close(): string[] {
    const rest = this.partial;
    this.partial = '';
    return rest === '' ? [] : [lastVersion(rest)];
  }
}

export class Steps {
  private readonly byDigest = new Map<string, Step>();

  all(): Step[] {
    return [...this.byDigest.values()];
  }

  /** Applies a status; returns starts before output, and output before completions. */
  apply(status: SolveStatus, now: number): Change[] {
    const changes: Change[] = [];
    for (const vertex of status.vertexes ?? []) {
      const before = this.byDigest.get(vertex.digest);
      if (!before && vertex.started === undefined && vertex.completed === undefined) continue;
      const step = before ?? this.add(vertex, now);
      if (!before) changes.push({ kind: 'started', step });
      step.vertex = vertex;
    }
    for (const warning of status.warnings ?? [])
      changes.push({ kind: 'warning', step: this.byDigest.get(warning.vertex), warning });
    for (const { vertex, stream, data, timestamp } of status.logs ?? []) {
      const step = this.byDigest.get(vertex);
      if (step) changes.push(...addLines(step, step.output[stream].piece(data), timestamp));
    }
    for (const each of status.statuses ?? []) {
      const step = this.byDigest.get(each.vertex);
      step?.statuses.set(each.id, each);
      if (step) changes.push({ kind: 'status', step, status: each });
    }
    for (const step of this.byDigest.values()) {
      const ended = step.vertex.completed === undefined ? undefined : outcome(step.vertex);
      if (ended === undefined || ended === step.ended) continue;
      step.ended = ended;
      const rest = [...step.output[1].close(), ...step.output[2].close()];
      changes.push(...addLines(step, rest, step.vertex.completed), { kind: 'completed', step });
      if (ended !== 'error') step.lines.length = 0;
    }
    return changes;
  }

  private add(vertex: Vertex, now: number): Step {
    const step: Step = {
      index: this.byDigest.size + 1,
      name: plainText(vertex.name.replace(/\s+/g, ' ')),
      since: now,
      vertex,
      ended: undefined,
      lines: [],
      output: { 1: new LineBuffer(), 2: new LineBuffer() },
      statuses: new Map(),
    };
    this.byDigest.set(vertex.digest, step);
    return step;
  }
}

function addLines(step: Step, lines: readonly string[], time: string | undefined): Change[] {
  const at = since(step.vertex.started, time) ?? 0;
  step.lines.push(...lines);
  step.lines.splice(0, step.lines.length - KEPT_LINES);
  return lines.map((text) => ({ kind: 'line', step, text, at }));
}

export function outcome({ error, cached }: Vertex): Outcome {
  if (error?.endsWith('context canceled')) return 'canceled';
  if (error !== undefined && error !== '') return 'error';
  return cached === true ? 'cached' : 'done';
}

/** Milliseconds between two ISO times, if both are known. */
export function since(from: string | undefined, to: string | undefined): number | undefined {
  const span = Date.parse(to ?? '') - Date.parse(from ?? '');
  return Number.isNaN(span) ? undefined : span;
}
