/** Reports that change events before they forward them. */
import { redactAll } from '../text/redact.js';
import type { Report, SolveStatus, Vertex } from './events.js';

/** Redacts every text: names from engines, servers and Dockerfiles may contain credentials. */
export function redacted(report: Report): Report {
  return (event) => report(event.kind === 'context' ? event : redactAll(event));
}

/** Rewords the names and errors of steps; forwards other events unchanged. */
export function rewordSteps(report: Report, reword: (text: string) => string): Report {
  const vertex = (one: Vertex): Vertex => ({
    ...one,
    name: reword(one.name),
    ...(one.error !== undefined && { error: reword(one.error) }),
  });
  return (event) => {
    if (event.kind !== 'status' || event.status.vertexes === undefined) return report(event);
    const vertexes = event.status.vertexes.map(vertex);
    report({ ...event, status: { ...event.status, vertexes } });
  };
}

/** Makes the digests of steps unique among several builds on one display; forwards other events unchanged. */
export function scoped(report: Report, scope: string): Report {
  const own = (digest: string): string => `${scope}:${digest}`;
  const inside = <T extends { readonly vertex: string }>(list: readonly T[]): T[] =>
    list.map((one) => ({ ...one, vertex: own(one.vertex) }));
  const moved = (status: SolveStatus): SolveStatus => ({
    vertexes: (status.vertexes ?? []).map(({ digest, inputs, ...vertex }) => ({
      ...vertex,
      digest: own(digest),
      ...(inputs !== undefined && { inputs: inputs.map(own) }),
    })),
    statuses: inside(status.statuses ?? []),
    logs: inside(status.logs ?? []),
    warnings: inside(status.warnings ?? []),
  });
  return (event) =>
    report(event.kind === 'status' ? { kind: 'status', status: moved(event.status) } : event);
}
