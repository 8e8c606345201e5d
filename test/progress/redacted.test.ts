import { describe, expect, it } from 'vitest';
import type { ProgressEvent, SolveStatus } from '../../src/progress/events.js';
import { redacted } from '../../src/progress/reports.js';
import { addSecrets } from '../../src/text/redact.js';

const timestamp = '2026-01-01T00:00:00Z';
const log = (data: string, vertex = 'a', stream: 1 | 2 = 1): SolveStatus => ({
  logs: [{ vertex, stream, data, timestamp }],
});

/** What is shown of logs, after each. */
function shown(...statuses: readonly SolveStatus[]): string[] {
  const events: ProgressEvent[] = [];
  const report = redacted((event) => void events.push(event));
  for (const status of statuses) report({ kind: 'status', status });
  return events.map((event) =>
    event.kind === 'status' ? (event.status.logs ?? []).map(({ data }) => data).join('|') : '',
  );
}

describe('a report of logs', () => {
  addSecrets('correct-horse', 'correct-battery');

  it('hides a secret that is split over several', () => {
    expect(shown(log('it is cor'), log('rect-'), log('horse.\n'))).toEqual([
      'it is ',
      '',
      'xxxxx.\n',
    ]);
  });

  it('hides a secret whose end may begin another', () => {
    addSecrets('secret-one', 'one-secret');
    expect(shown(log('a secret-one'), log('-secret\n'))).toEqual(['a xxxxx', '-secret\n']);
  });

  it('forwards what was no secret', () => {
    expect(shown(log('it is cor'), log('al\n'))).toEqual(['it is ', 'coral\n']);
    expect(shown(log('a line\n'), log('50 %'))).toEqual(['a line\n', '50 %']);
  });

  it('distinguishes steps, and their streams', () => {
    const logs = [
      log('correct-', 'a'),
      log('horse ', 'b'),
      log('horse ', 'a', 2),
      log('battery ', 'a'),
    ];
    expect(shown(...logs)).toEqual(['', 'horse ', 'horse ', 'xxxxx ']);
  });

  it('forwards the rest at the end of a step', () => {
    const ends = { vertexes: [{ digest: 'a', name: 'RUN', completed: timestamp }] };
    expect(shown(log('it is cor'), ends, log('more'))).toEqual(['it is ', 'cor', 'more']);
  });
});
