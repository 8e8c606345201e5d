import { expect, test } from 'vitest';
import { jsonDisplay } from '../../src/progress/json.js';
import { recorded, recordedEvents, sink, START, time } from './recorded.js';

function lines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a status of buildx is written unchanged', () => {
  const out = sink();
  const { report, close } = jsonDisplay(out);
  recordedEvents().forEach(report);
  close();
  expect(lines(out.text())).toEqual(recorded.map((line) => JSON.parse(line) as unknown));
});

test('the context is a vertex, which fails with the build', () => {
  let now = START;
  const out = sink();
  const { report, close } = jsonDisplay(out, () => now);
  report({ kind: 'context', bytes: 10, entries: 1, done: false });
  now += 100;
  report({ kind: 'context', bytes: 20, entries: 2, done: false });
  now += 100;
  close(new Error('cut short'));
  const [first, second, last] = lines(out.text());
  const [{ digest }] = first?.['vertexes'] as [{ digest: string }];
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(first?.['vertexes']).toEqual([{ digest, name: 'context', started: time(0) }]);
  const status = { id: 'transferring context', vertex: digest, started: time(0) };
  expect(second).toEqual({
    statuses: [{ ...status, name: '2 entries', current: 20, timestamp: time(100) }],
  });
  expect(last?.['vertexes']).toEqual([
    { digest, name: 'context', started: time(0), completed: time(200), error: 'cut short' },
  ]);
});

test('a context that is complete is completed once', () => {
  const out = sink();
  const { report, close } = jsonDisplay(out, () => START);
  report({ kind: 'context', bytes: 10, entries: 1, done: true });
  close(new Error('the build failed'));
  const all = lines(out.text());
  expect(all).toHaveLength(1);
  expect(all[0]?.['vertexes']).toMatchObject([{ started: time(0), completed: time(0) }]);
});

test('warnings and notices are in base64, as Go has bytes', () => {
  const out = sink();
  const { report } = jsonDisplay(out);
  report({ kind: 'notice', message: 'ä' });
  report({
    kind: 'status',
    status: { warnings: [{ vertex: 'v', level: 1, short: 's', detail: ['d'], url: 'u' }] },
  });
  expect(lines(out.text())).toMatchObject([
    { warnings: [{ short: 'w6Q=' }] },
    { warnings: [{ vertex: 'v', level: 1, short: 'cw==', detail: ['ZA=='], url: 'u' }] },
  ]);
});
