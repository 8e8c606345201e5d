/** Events whose texts are put into other words. */
import type { ProgressEvent, Report, Vertex } from './events.js';

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
