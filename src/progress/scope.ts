/** Several builds on one display, one behind the other: a step of one is none of another's, however alike they are. */
import type { Report, SolveStatus } from './events.js';

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
