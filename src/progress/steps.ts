/** The steps of a build so far, and the changes by each event, which the displays show. */
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
  readonly lines: string[];
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

export class Steps {
  private readonly byDigest = new Map<string, Step>();
  private readonly partial = new Map<string, string>();

  running(): Step[] {
    return [...this.byDigest.values()].filter((step) => step.vertex.completed === undefined);
  }

  failed(): Step[] {
    return [...this.byDigest.values()].filter((step) => step.ended === 'error');
  }

  finished(): number {
    return [...this.byDigest.values()].filter((step) => step.ended !== undefined).length;
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
    for (const log of status.logs ?? []) changes.push(...this.log(log));
    for (const each of status.statuses ?? []) {
      const step = this.byDigest.get(each.vertex);
      step?.statuses.set(each.id, each);
      if (step) changes.push({ kind: 'status', step, status: each });
    }
    for (const step of this.byDigest.values()) {
      const ended = step.vertex.completed === undefined ? undefined : outcome(step.vertex);
      if (ended === undefined || ended === step.ended) continue;
      step.ended = ended;
      changes.push(...this.flush(step), { kind: 'completed', step });
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
      statuses: new Map(),
    };
    this.byDigest.set(vertex.digest, step);
    return step;
  }

  private log({ vertex, stream, data, timestamp }: VertexLog): Change[] {
    const step = this.byDigest.get(vertex);
    if (!step) return [];
    const key = `${stream} ${vertex}`;
    const lines = ((this.partial.get(key) ?? '') + data).split('\n');
    const rest = lines.pop() ?? '';
    // Long lines are shown in parts, so that memory stays bounded.
    if (rest.length > MAX_LINE) lines.push(rest);
    this.partial.set(key, rest.length > MAX_LINE ? '' : rest);
    const at = since(step.vertex.started, timestamp) ?? 0;
    return lines.map((line) => this.line(step, line, at));
  }

  private flush(step: Step): Change[] {
    const at = since(step.vertex.started, step.vertex.completed) ?? 0;
    return [1, 2].flatMap((stream) => {
      const key = `${stream} ${step.vertex.digest}`;
      const rest = this.partial.get(key) ?? '';
      this.partial.delete(key);
      return rest === '' ? [] : [this.line(step, rest, at)];
    });
  }

  private line(step: Step, line: string, at: number): Change {
    const text = lastVersion(line);
    step.lines.push(text);
    if (step.lines.length > KEPT_LINES) step.lines.shift();
    return { kind: 'line', step, text, at };
  }
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
