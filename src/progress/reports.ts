/** Progress without secrets: what an engine, a server or a Dockerfile names may have credentials in it. */
import { redactAll } from '../text/redact.js';
import type { ProgressEvent, Report, SolveStatus, Vertex } from './events.js';

/** A report that gets every text redacted. */
export function redacted(report: Report): Report {
  return (event) => report(event.kind === 'context' ? event : redactAll(event));
}

/** Reports the steps of a build with reworded names and errors; other events stay as they are. */
export function rewordSteps(report: Report, reword: (text: string) => string): Report {
  const vertex = (one: Vertex): Vertex => ({
    ...one,
    name: reword(one.name),
    ...(one.error !== undefined && { error: reword(one.error) }),
  });
  return (event: ProgressEvent) => {
    const vertexes = event.kind === 'status' ? event.status.vertexes : undefined;
    if (event.kind !== 'status' || vertexes === undefined) report(event);
    else report({ ...event, status: { ...event.status, vertexes: vertexes.map(vertex) } });
  };
}

/** Reports on as the steps of `scope`; what belongs to no step goes on as it is. */
export function scoped(report: Report, scope: string): Report {
  const own = (digest: string): string => `${scope}:${digest}`;
  const inside = <T extends { readonly vertex: string }>(list: readonly T[]): T[] =>
    list.map((one) => ({ ...one, vertex: own(one.vertex) }));
  const moved = ({
    vertexes = [],
    statuses = [],
    logs = [],
    warnings = [],
  }: SolveStatus): SolveStatus => ({
    vertexes: vertexes.map(({ digest, inputs, ...vertex }) => ({
      ...vertex,
      digest: own(digest),
      ...(inputs !== undefined && { inputs: inputs.map(own) }),
    })),
    statuses: inside(statuses),
    logs: inside(logs),
    warnings: inside(warnings),
  });
  return (event) =>
    report(event.kind === 'status' ? { kind: 'status', status: moved(event.status) } : event);
}
