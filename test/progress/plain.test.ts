import { expect, test } from 'vitest';
import type { ProgressEvent } from '../../src/progress/events.js';
import { plainDisplay } from '../../src/progress/plain.js';
import { log, recordedEvents, sink, START, time, vertex } from './recorded.js';

function show(events: readonly ProgressEvent[], clock = () => START): string[] {
  const out = sink();
  const display = plainDisplay(out, clock);
  events.forEach(display.report);
  display.close();
  return out.text().split('\n').slice(0, -1);
}

test('a recorded build is shown as buildx shows it', () => {
  const lines = show(recordedEvents());
  // "two" is standard error, and may be anywhere.
  const step = lines.filter((line) => line.startsWith('#5 ') && !line.endsWith(' two'));
  expect(step[0]).toMatch(/^#5 \[b 2\/2\] RUN echo one; /);
  expect(step.slice(1).map((line) => line.replace(/\d\.\d{3}/, 'T'))).toEqual([
    '#5 T one',
    '#5 T over',
    ...[1, 2, 3, 4, 5, 6].map((count) => `#5 T line ${count}`),
    '#5 T partial',
    expect.stringMatching(/^#5 DONE \d\.\ds$/) as string,
  ]);
  expect(lines.filter((line) => /^#5 \d\.\d{3} two$/.test(line))).toHaveLength(1);
  expect(lines.at(-1)).toBe(
    '#7 ERROR: process "/bin/sh -c false" did not complete successfully: exit code: 1',
  );
  expect(lines.filter((line) => line.startsWith('#1 ') && line.includes('DONE'))).toHaveLength(1);
});

test('the context is one line, with its rate', () => {
  let now = START;
  const context = (bytes: number, entries: number, done: boolean): ProgressEvent => ({
    kind: 'context',
    bytes,
    entries,
    done,
  });
  const out = sink();
  const { report } = plainDisplay(out, () => now);
  report(context(1000, 1, false));
  now += 500;
  report(context(5_000_000, 345, false));
  now += 500;
  report(context(45_000_000, 345, true));
  expect(out.text()).toBe('context: 45.0 MB, 345 entries, 45.0 MB/s\n');
  // Another one has a time of its own.
  now += 60_000;
  report(context(0, 0, false));
  now += 1000;
  report(context(5_000_000, 3, true));
  expect(out.text()).toMatch(/\ncontext: 5\.0 MB, 3 entries, 5\.0 MB\/s\n$/);
});

test('steps that are cached, canceled, timed or not', () => {
  expect(
    show([
      vertex('FROM a', { completed: time(0), cached: true }),
      vertex('RUN b', { completed: time(100), error: 'failed: context canceled' }),
      vertex('COPY c'),
      vertex('COPY c', { completed: time(1234) }),
    ]),
  ).toEqual(['#1 FROM a', '#1 CACHED', '#2 RUN b', '#2 CANCELED', '#3 COPY c', '#3 DONE 1.2s']);
});

test('a log is shown by whole lines, however it is split, and its rest at the end', () => {
  const text = 'one\ntwo\r\n10%\r100%\nrest';
  expect(
    show([
      vertex('RUN'),
      ...[...text].map((character) => log('RUN', character, 250)),
      vertex('RUN', { completed: time(300) }),
    ]),
  ).toEqual([
    '#1 RUN',
    '#1 0.250 one',
    '#1 0.250 two',
    '#1 0.250 100%',
    '#1 0.300 rest',
    '#1 DONE 0.3s',
  ]);
});

test('a line without an end does not fill the memory', () => {
  const long = 'x'.repeat(10_000);
  const lines = show([vertex('RUN'), log('RUN', long), log('RUN', long), log('RUN', long)]);
  expect(lines).toHaveLength(2);
});

test('no control sequence of a build reaches the terminal', () => {
  const evil = 'a\x1b]0;title\x07\x1b[2Jb\x9b31m\b';
  const lines = show([
    vertex(evil),
    log(evil, `${evil}\n`),
    vertex(evil, { completed: time(0), error: evil }),
    { kind: 'notice', message: evil },
    {
      kind: 'status',
      status: { warnings: [{ vertex: '', level: 1, short: evil, detail: [evil] }] },
    },
  ]);
  expect(lines).toEqual([
    '#1 ab',
    '#1 0.000 ab',
    '#1 ERROR: ab',
    'dockerception: ab',
    'WARNING: ab',
    '  ab',
  ]);
});

test('a download is shown every five seconds, and when it is done', () => {
  let now = START;
  const status = (current: number, more: object = {}): ProgressEvent => ({
    kind: 'status',
    status: {
      statuses: [
        {
          id: 'sha256:abc',
          vertex: 'sha256:FROM',
          current,
          total: 2_000_000,
          timestamp: time(now - START),
          started: time(0),
          ...more,
        },
      ],
    },
  });
  const out = sink();
  const { report } = plainDisplay(out, () => now);
  report(vertex('FROM'));
  for (now = START + 100; now < START + 6000; now += 100) report(status(now - START));
  report(status(2_000_000, { completed: time(6000) }));
  expect(out.text().split('\n').slice(1, -1)).toEqual([
    '#1 sha256:abc 100 B / 2.0 MB 0.1s',
    '#1 sha256:abc 5.1 kB / 2.0 MB 5.1s',
    '#1 sha256:abc 2.0 MB / 2.0 MB 6.0s done',
  ]);
});

test('a download that was not needed shows the reason', () => {
  const blob = { id: 'pushing layer sha256:abc', vertex: 'sha256:FROM', current: 5, total: 5 };
  const name = 'pushing layer sha256:abc (mounted from base)';
  const status = { ...blob, name, timestamp: time(0), started: time(0), completed: time(0) };
  expect(show([vertex('FROM'), { kind: 'status', status: { statuses: [status] } }]).at(-1)).toBe(
    '#1 pushing layer sha256:abc (mounted from base) 5 B / 5 B done',
  );
});
