import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProgressEvent } from '../../src/progress/events.js';
import { jsonDisplay } from '../../src/progress/json.js';
import { liveDisplay } from '../../src/progress/live.js';
import { BuilderText, plainDisplay } from '../../src/progress/plain.js';
import { LineBuffer } from '../../src/progress/steps.js';
import { log, sink, START, time, vertex } from './recorded.js';
import { Terminal } from './terminal.js';

const output = (text: string): ProgressEvent => ({ kind: 'output', text });
const EVIL = 'a\x1b]0;title\x07\x1b[2Jb\x9b31m\b';

describe('output of a builder', () => {
  it('is shown in pieces, and ends before a line of the display', () => {
    const text = new BuilderText();
    expect(['com', 'piling', ' app\nli', 'nk'].map((piece) => text.piece(piece)).join('')).toBe(
      'compiling app\nlink',
    );
    expect(text.close()).toBe('\n');
    expect(text.close()).toBe('');
    expect(text.piece('')).toBe('');
    expect(text.close()).toBe('');
    text.piece('line\n');
    expect(text.close()).toBe('');
    text.piece('open');
    text.piece('');
    expect(text.close()).toBe('\n');
  });

  it('contains no control sequences', () => {
    expect(new BuilderText().piece(`${EVIL}\n${EVIL}`)).toBe('ab\nab');
    expect(new LineBuffer().piece(`${EVIL}\n`)).toEqual(['ab']);
  });

  it('is split into complete lines', () => {
    const lines = new LineBuffer();
    const complete = [...'one\ntwo\r\n10%\r100%\nrest'].flatMap((piece) => lines.piece(piece));
    expect(complete).toEqual(['one', 'two', '100%']);
    expect(lines.close()).toEqual(['rest']);
    expect(lines.close()).toEqual([]);
  });
});

describe('plain lines', () => {
  const show = (...events: ProgressEvent[]): string => {
    const out = sink();
    const display = plainDisplay(out, () => START);
    events.forEach(display.report);
    display.close();
    return out.text();
  };

  it('show the output of a builder before its line ends', () => {
    const out = sink();
    const display = plainDisplay(out, () => START);
    display.report(output('com'));
    expect(out.text()).toBe('com');
    display.report(output('piling\n'));
    expect(out.text()).toBe('compiling\n');
    display.close();
    expect(out.text()).toBe('compiling\n');
  });

  it('put lines of the display on lines of their own', () => {
    expect(
      show(
        output('half'),
        { kind: 'notice', message: 'a notice' },
        output('a line\n'),
        vertex('RUN'),
        output('half again'),
        log('RUN', 'one\n', 250),
        output('the end'),
      ),
    ).toBe('half\ndockerception: a notice\na line\n#1 RUN\nhalf again\n#1 0.250 one\nthe end\n');
  });

  it('end no line while a context is transferred', () => {
    const context = { kind: 'context', bytes: 1000, entries: 1 } as const;
    expect(show(output('a'), { ...context, done: false }, output('b\n'))).toBe('ab\n');
    expect(show(output('a'), { ...context, done: true })).toMatch(
      /^a\ncontext: 1\.0 kB, 1 entry\n$/,
    );
  });

  it('contain no control sequences', () => {
    expect(show(output(`${EVIL}\n`), output(EVIL))).toBe('ab\nab\n');
  });
});

describe('a live display', () => {
  beforeEach(() => vi.useFakeTimers({ now: START }));
  afterEach(() => vi.useRealTimers());

  it('keeps the lines of a builder above the steps', () => {
    const terminal = new Terminal(40, 10);
    const { report, close } = liveDisplay(terminal, { colors: false });
    report(vertex('RUN make'));
    report(output('compiling a\ncompil'));
    vi.advanceTimersByTime(200);
    expect(terminal.text().split('\n')).toEqual([
      'compiling a',
      '[+] Building 0.2s (0/1)',
      expect.stringMatching(/^ => RUN make .* 0\.2s$/) as string,
    ]);
    report(output('ing b\n10%\r100%'));
    vi.advanceTimersByTime(200);
    expect(terminal.text().split('\n').slice(0, 2)).toEqual(['compiling a', 'compiling b']);
    report(vertex('RUN make', { completed: time(400) }));
    close();
    const lines = terminal.text().split('\n');
    expect(lines.filter((line) => !line.includes('RUN'))).toEqual([
      'compiling a',
      'compiling b',
      '100%',
    ]);
  });

  it('contains no control sequences', () => {
    // The terminal throws at any sequence that the display has no use for.
    const terminal = new Terminal(40, 10);
    const { report, close } = liveDisplay(terminal);
    report(output(`${EVIL}\n`));
    report(output(EVIL));
    vi.advanceTimersByTime(200);
    close();
    expect(terminal.text()).toBe('ab\nab');
  });

  it('shows complete lines of a builder with much output', () => {
    const terminal = new Terminal(40, 6);
    const { report, close } = liveDisplay(terminal, { colors: false });
    const lines = Array.from({ length: 500 }, (_, index) => `line ${index}`);
    const text = `${lines.join('\n')}\n`;
    report(vertex('RUN'));
    for (let at = 0; at < text.length; at += 7) {
      report(output(text.slice(at, at + 7)));
      vi.advanceTimersByTime(3);
    }
    close();
    expect(terminal.text().split('\n')).toEqual(lines);
  });
});

describe('JSON lines', () => {
  interface Line {
    readonly vertexes?: readonly { readonly digest: string; readonly name: string }[];
    readonly logs?: readonly {
      readonly vertex: string;
      readonly stream: number;
      readonly data: string;
      readonly timestamp: string;
    }[];
  }
  const show = (...events: ProgressEvent[]): Line[] => {
    const out = sink();
    const display = jsonDisplay(out, () => START);
    events.forEach(display.report);
    display.close();
    return out
      .text()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
  };

  it('contain the output of a builder as the log of a vertex, byte for byte', () => {
    const pieces = ['half', ' a line\r\n', EVIL, 'é日本\n'];
    const lines = show(...pieces.map(output));
    const logs = lines.flatMap((line) => line.logs ?? []);
    const data = logs.map((each) => Buffer.from(each.data, 'base64').toString());
    expect(data).toEqual(pieces);
    expect(lines.flatMap((line) => line.vertexes ?? [])).toEqual([
      expect.objectContaining({ name: 'builder', digest: logs[0]?.vertex, started: time(0) }),
    ]);
    expect(
      new Set(logs.map((each) => `${each.vertex} ${each.stream} ${each.timestamp}`)).size,
    ).toBe(1);
    expect(logs[0]).toMatchObject({ stream: 2, timestamp: time(0) });
  });
});
