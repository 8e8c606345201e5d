import type { ProgressEvent } from '../../../../src/index.js';

/** The warnings about the Dockerfile, as `RULE:LINE: MESSAGE`, sorted. */
export function warningsOf(events: readonly ProgressEvent[]): string[] {
  return events
    .flatMap((event) => (event.kind === 'status' ? (event.status.warnings ?? []) : []))
    .map(({ short }) => {
      const [, rule, message, line] = /^(\w+): ([^]*) \(line (\d+)\)$/.exec(short) ?? [];
      return `${rule}:${line}: ${message}`;
    })
    .sort();
}
