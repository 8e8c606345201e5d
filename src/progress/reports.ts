/** Reports that change events before they forward them. */
import { redact, redactAll, secretStart } from '../text/redact.js';
import type { Report, SolveStatus, Vertex, VertexLog } from './events.js';

/**
 * Redacts every text: names from engines, servers and Dockerfiles may contain credentials. The end of a log that may be the
 * beginning of a secret is held back until the next log of its step, or the end of the step.
 */
export function redacted(report: Report): Report {
  const held = new Map<string, VertexLog>();
  const joined = (status: SolveStatus): SolveStatus => {
    const { vertexes = [], logs = [] } = status;
    const shown = logs.flatMap((log) => {
      const key = `${log.stream} ${log.vertex}`;
      // Complete secrets first: the end of one may be the beginning of another.
      const data = redact((held.get(key)?.data ?? '') + log.data);
      const end = secretStart(data);
      held.delete(key);
      if (end < data.length) held.set(key, { ...log, data: data.slice(end) });
      return end > 0 || data === '' ? [{ ...log, data: data.slice(0, end) }] : [];
    });
    const ended = new Set(vertexes.filter((one) => one.completed).map((one) => one.digest));
    for (const [key, log] of held)
      if (ended.has(log.vertex)) {
        held.delete(key);
        shown.push(log);
      }
    return status.logs || shown.length > 0 ? { ...status, logs: shown } : status;
  };
  return (event) => {
    if (event.kind === 'context') return report(event);
    if (event.kind === 'status')
      return report(redactAll({ ...event, status: joined(event.status) }));
    report(redactAll(event));
  };
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

/**
 * Marks the steps and the context of one of several builds on a display: `[builder 2/3] RUN make`, as buildx does. Digests
 * become unique. Forwards other events unchanged.
 */
export function inPart(report: Report, part: string): Report {
  const own = (digest: string): string => `${part}:${digest}`;
  const inside = <T extends { readonly vertex: string }>(list: readonly T[]): T[] =>
    list.map((one) => ({ ...one, vertex: own(one.vertex) }));
  const moved = (status: SolveStatus): SolveStatus => ({
    vertexes: (status.vertexes ?? []).map(({ digest, inputs, name, ...vertex }) => ({
      ...vertex,
      name: name.startsWith('[') ? `[${part} ${name.slice(1)}` : `[${part}] ${name}`,
      digest: own(digest),
      ...(inputs !== undefined && { inputs: inputs.map(own) }),
    })),
    statuses: inside(status.statuses ?? []),
    logs: inside(status.logs ?? []),
    warnings: inside(status.warnings ?? []),
  });
  return (event) => {
    if (event.kind === 'status') return report({ kind: 'status', status: moved(event.status) });
    report(event.kind === 'context' ? { ...event, part } : event);
  };
}
