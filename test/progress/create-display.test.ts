import { PassThrough } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { createDisplay, type DisplayMode } from '../../src/progress/create-display.js';
import { recordedEvents, sink, time, vertex } from './recorded.js';
import { Terminal } from './terminal.js';

function shown(mode: DisplayMode, env: NodeJS.ProcessEnv, tty = true): string {
  const out = Object.assign(sink(), { isTTY: tty, columns: 80, rows: 24 });
  const { report, close } = createDisplay(mode, out, env);
  report(vertex('RUN', { completed: time(0), error: 'failed' }));
  close(new Error('failed'));
  return out.text();
}

test('the display follows the mode, the terminal and the environment', () => {
  expect(shown('auto', {})).toContain('\x1b[31m => ERROR RUN');
  expect(shown('tty', { NO_COLOR: '1' })).toContain(' => ERROR RUN');
  expect(shown('auto', { NO_COLOR: '1' })).not.toContain('\x1b[31m');
  expect(shown('auto', { NO_COLOR: '' })).toContain('\x1b[31m');
  expect(shown('auto', { TERM: 'dumb' })).toBe('#1 RUN\n#1 ERROR: failed\n');
  expect(shown('auto', {}, false)).toBe('#1 RUN\n#1 ERROR: failed\n');
  expect(shown('tty', {}, false)).toBe('#1 RUN\n#1 ERROR: failed\n');
  expect(shown('plain', {})).toBe('#1 RUN\n#1 ERROR: failed\n');
  expect(shown('rawjson', {})).toMatch(/^\{"vertexes":\[/);
  expect(shown('quiet', {})).toBe('');
});

test.each(['plain', 'tty', 'rawjson'] as const)('%s goes on when nobody reads', async (mode) => {
  const out = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24 });
  const { report, close } = createDisplay(mode, out, {});
  report(vertex('RUN'));
  out.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  await new Promise((resolve) => out.once('close', resolve));
  recordedEvents().forEach(report);
  close(new Error('failed'));
});

test('a slow reader gets no temporary output', () => {
  vi.useFakeTimers();
  const terminal = Object.assign(new PassThrough({ highWaterMark: 1 }), { isTTY: true });
  const { report, close } = createDisplay('tty', terminal, {});
  report(vertex('RUN'));
  vi.advanceTimersByTime(60_000);
  expect(terminal.readableLength + terminal.writableLength).toBeLessThan(1000);
  close();
  vi.useRealTimers();
});

test('a recorded build leaves the same text on a terminal of any size', () => {
  for (const [columns, rows] of [
    [1, 1],
    [10, 2],
    [80, 24],
    [300, 100],
  ] as const) {
    vi.useFakeTimers();
    const terminal = new Terminal(columns, rows);
    const { report, close } = createDisplay('tty', terminal, {});
    for (const event of recordedEvents()) {
      report(event);
      vi.advanceTimersByTime(100);
    }
    close();
    expect(terminal.cursorHidden).toBe(false);
    vi.useRealTimers();
  }
});
