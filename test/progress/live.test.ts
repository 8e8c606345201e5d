import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { liveDisplay } from '../../src/progress/live.js';
import { log, recordedEvents, START, time, vertex } from './recorded.js';
import { Terminal } from './terminal.js';

beforeEach(() => vi.useFakeTimers({ now: START }));
afterEach(() => vi.useRealTimers());

test('running steps are drawn in place, finished ones stay above', () => {
  const terminal = new Terminal(40, 10);
  const { report, close } = liveDisplay(terminal, { colors: false });
  report(vertex('[1/2] COPY app /bin/app'));
  vi.advanceTimersByTime(100);
  expect(terminal.text()).toBe(
    ['[+] Building 0.1s (0/1)', ' => [1/2] COPY app /bin/app        0.1s'].join('\n'),
  );
  expect(terminal.cursorHidden).toBe(true);
  report(log('[1/2] COPY app /bin/app', 'some output\n'));
  vi.advanceTimersByTime(1000);
  expect(terminal.text()).toBe(
    [
      '[+] Building 1.1s (0/1)',
      ' => [1/2] COPY app /bin/app        1.1s',
      ' => => # some output',
    ].join('\n'),
  );
  report(vertex('[1/2] COPY app /bin/app', { completed: time(1100) }));
  report(vertex('[2/2] RUN true', { completed: time(0), cached: true }));
  close();
  expect(terminal.text()).toBe(
    [' => [1/2] COPY app /bin/app        1.1s', ' => CACHED [2/2] RUN true          0.0s'].join(
      '\n',
    ),
  );
  expect(terminal.cursorHidden).toBe(false);
});

test('the context is one line with bytes, entries and rate, and stays when it is done', () => {
  const terminal = new Terminal(60, 10);
  const { report, close } = liveDisplay(terminal);
  report({ kind: 'context', bytes: 0, entries: 0, done: false });
  vi.advanceTimersByTime(500);
  report({ kind: 'context', bytes: 5_000_000, entries: 12, done: false });
  vi.advanceTimersByTime(500);
  expect(terminal.text()).toBe('context: 5.0 MB, 12 entries, 5.0 MB/s');
  report({ kind: 'context', bytes: 9_000_000, entries: 20, done: true });
  close();
  expect(terminal.text()).toBe('context: 9.0 MB, 20 entries, 9.0 MB/s');
});

test('it is drawn at most ten times a second', () => {
  const terminal = new Terminal();
  const write = vi.spyOn(terminal, 'write');
  const { report, close } = liveDisplay(terminal);
  report(vertex('RUN'));
  for (let count = 0; count < 1000; count++) {
    report(log('RUN', `line ${count}\n`));
    vi.advanceTimersByTime(1);
  }
  expect(write.mock.calls.length).toBeLessThanOrEqual(10);
  close();
});

test('a failed build shows what its failed step wrote, and only that', () => {
  const terminal = new Terminal(100, 30);
  const { report, close } = liveDisplay(terminal, { colors: false });
  for (const event of recordedEvents()) {
    report(event);
    vi.advanceTimersByTime(60);
  }
  close(new Error('failed'));
  const lines = terminal.text().split('\n');
  const at = lines.indexOf('------');
  expect(lines[at + 1]).toBe(' > [stage-1 2/2] RUN false:');
  expect(lines[at + 2]).toMatch(/^runc run failed: unable to start container process/);
  expect(lines.at(-1)).toBe('------');
  expect(lines.filter((line) => line.includes('line 6'))).toEqual([]);
  expect(lines.filter((line) => /^ => ERROR \[stage-1 2\/2\] RUN false /.test(line))).toHaveLength(
    1,
  );
});

test('lines are cut to the terminal, in width and in number', () => {
  const terminal = new Terminal(20, 5);
  const { report, close } = liveDisplay(terminal, { colors: false });
  for (let count = 0; count < 10; count++) report(vertex(`step ${count} with a long name 日本語`));
  vi.advanceTimersByTime(500);
  const lines = terminal.text().split('\n');
  expect(lines).toHaveLength(4);
  for (const line of lines) expect(line.length).toBeLessThan(20);
  expect(lines[1]).toMatch(/^ => step 0 wi… 0\.5s$/);
  close();
  expect(terminal.text()).toBe('');
});

test('a terminal that becomes narrower keeps no remains', () => {
  const terminal = new Terminal(60, 10);
  const { report, close } = liveDisplay(terminal, { colors: false });
  report(vertex('a step with a name that takes more than half the width'));
  vi.advanceTimersByTime(100);
  // As terminals do: what is on the screen is wrapped anew.
  const all = terminal
    .text()
    .split('\n')
    .flatMap((line) => line.match(/.{1,30}/g) ?? ['']);
  terminal.columns = 30;
  terminal.lines.splice(0, terminal.lines.length, ...all.map((line) => [...line]), []);
  Object.assign(terminal, { row: all.length, column: 0 });
  vi.advanceTimersByTime(100);
  expect(terminal.text().split('\n')).toHaveLength(2);
  close();
  expect(terminal.text()).toBe('');
});

test('the output of a build can’t move the cursor', () => {
  // The terminal throws at any sequence that the display has no use for.
  const terminal = new Terminal(80, 20);
  const { report, close } = liveDisplay(terminal);
  const evil = 'a\x1b]0;title\x07\x1b[2J\x1b[5Bb\x9b31m\b\x07';
  report(vertex(evil));
  report(log(evil, `${evil}\n${evil}`));
  report({ kind: 'notice', message: evil });
  vi.advanceTimersByTime(200);
  expect(terminal.text()).toContain(' => => # ab');
  report(vertex(evil, { completed: time(0), error: evil }));
  close(new Error(evil));
  expect(terminal.text()).toContain('dockerception: ab');
});

test('colors are used unless they are disabled', () => {
  for (const colors of [true, false]) {
    const terminal = new Terminal();
    const write = vi.spyOn(terminal, 'write');
    const { report, close } = liveDisplay(terminal, { colors });
    report(vertex('RUN', { completed: time(0), error: 'failed' }));
    close(new Error('failed'));
    const text = write.mock.calls.map(([part]) => String(part)).join('');
    expect(/\x1b\[31m/.test(text)).toBe(colors);
  }
});

test('a step that ends twice between two drawings is one line, with its last outcome', () => {
  const terminal = new Terminal(40, 10);
  const { report, close } = liveDisplay(terminal, { colors: false });
  report(vertex('FROM', { completed: time(0) }));
  report(vertex('FROM', { completed: time(3), cached: true }));
  close();
  expect(terminal.text()).toBe(` => CACHED FROM${' '.repeat(20)}0.0s`);
});
