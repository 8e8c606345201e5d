/** Events for the displays: a recorded build, and small ones made here. */
import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import type { ProgressEvent, SolveStatus, Vertex, VertexLog } from '../../src/progress/events.js';

interface Raw extends Omit<SolveStatus, 'logs'> {
  readonly logs?: readonly VertexLog[];
}

/**
 * The lines that buildx 0.29.1 with Docker Engine 28.5.2 wrote for
 *   docker buildx build --no-cache --progress rawjson .
 * of a Dockerfile whose first RUN prints and whose second one fails.
 */
export const recorded = readFileSync(new URL('failed-build.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean);

/** The same as events. */
export function recordedEvents(): ProgressEvent[] {
  return recorded.map((line) => {
    const { logs, ...rest } = JSON.parse(line) as Raw;
    const decoded = logs?.map((log) => ({
      ...log,
      data: Buffer.from(log.data, 'base64').toString(),
    }));
    return { kind: 'status', status: { ...rest, ...(decoded && { logs: decoded }) } };
  });
}

export const START = Date.parse('2026-01-01T00:00:00Z');

/** Milliseconds after the start, in ISO 8601. */
export function time(after: number): string {
  return new Date(START + after).toISOString();
}

export function vertex(name: string, more: Partial<Vertex> = {}): ProgressEvent {
  return {
    kind: 'status',
    status: { vertexes: [{ digest: `sha256:${name}`, name, started: time(0), ...more }] },
  };
}

export function log(name: string, data: string, after = 0): ProgressEvent {
  const timestamp = time(after);
  return {
    kind: 'status',
    status: { logs: [{ vertex: `sha256:${name}`, stream: 1, data, timestamp }] },
  };
}

/** A stream that keeps what it gets. */
export function sink(): PassThrough & { text: () => string } {
  const stream = new PassThrough();
  const parts: string[] = [];
  stream.on('data', (part: Buffer) => parts.push(part.toString()));
  return Object.assign(stream, { text: () => parts.join('') });
}
