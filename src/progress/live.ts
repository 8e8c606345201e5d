/** Progress on a terminal: completed steps stay as lines; below them, running steps are redrawn in place. */
import { formatBytes, formatContext, formatSeconds } from '../text/format.js';
import { plainText, textWidth, truncate } from '../text/terminal.js';
import { contextName, type Display, messageLine, type Output, Writer } from './display.js';
import type { ProgressEvent } from './events.js';
import { warningLines } from './plain.js';
import { type Change, LineBuffer, outcome, since, type Step, Steps } from './steps.js';

/** Milliseconds between two drawings. */
const INTERVAL = 100;
const TAIL = 4;
const RED = 31;
const YELLOW = 33;
const BLUE = 34;

export function liveDisplay(out: Output, { colors = true } = {}): Display {
  const columns = (): number => out.columns || 80;
  const writer = new Writer(out);
  const region = new Region(columns, () => out.rows || 24);
  const steps = new Steps();
  const builder = new LineBuffer();
  const started = Date.now();
  let context: { name: string; bytes: number; entries: number; since: number } | undefined;
  // Lines, and steps that have ended; a step is rendered when it is drawn, since it may end twice in between.
  let completed: (string | Step)[] = [];
  let timer: NodeJS.Timeout | undefined;

  const paint = (color: number, text: string): string =>
    colors ? `\x1b[${color}m${text}\x1b[0m` : text;

  /** A text at the left, a time at the right edge. */
  const row = (text: string, time = '', color?: number): string => {
    const width = Math.max(columns() - 1 - textWidth(time) - 1, 0);
    const left = truncate(text, width);
    const gap = time === '' ? '' : ' '.repeat(width - textWidth(left) + 1);
    return (color === undefined ? left : paint(color, left)) + gap + time;
  };

  const ended = ({ name, vertex }: Step): string => {
    const end = outcome(vertex);
    const label = end === 'done' ? '' : `${end.toUpperCase()} `;
    const time = formatSeconds(since(vertex.started, vertex.completed) ?? 0);
    const color = end === 'error' || end === 'canceled' ? RED : BLUE;
    return row(` => ${label}${name}`, time, color);
  };
  const staying = (): string[] => {
    const lines = completed.map((each) => (typeof each === 'string' ? each : ended(each)));
    completed = [];
    return lines;
  };

  const contextRows = (): string[] => {
    if (context === undefined) return [];
    const time = Date.now() - context.since;
    return [row(`${context.name}: ${formatContext(context.bytes, context.entries, time)}`)];
  };

  const runningSteps = (): Step[] =>
    steps.all().filter(({ vertex }) => vertex.completed === undefined);

  const drawing = (): string[] => {
    const lines = contextRows();
    const running = runningSteps();
    const finished = steps.all().filter(({ ended }) => ended !== undefined).length;
    const count = finished + running.length;
    const time = formatSeconds(Date.now() - started);
    if (count > 0) lines.push(row(`[+] Building ${time} (${finished}/${count})`));
    for (const step of running) {
      lines.push(row(` => ${step.name}`, formatSeconds(Date.now() - step.since)));
      for (const line of details(step)) lines.push(row(` => => ${line}`));
    }
    return lines;
  };

  const draw = (): void => {
    timer = undefined;
    // A slow reader gets completed lines only.
    if (completed.length === 0 && writer.busy) return schedule();
    writer.write(region.redraw(staying(), drawing()));
    // Shown durations increase without events.
    if (runningSteps().length > 0 || context) schedule();
  };
  const schedule = (): void => {
    timer ??= setTimeout(draw, INTERVAL).unref();
  };

  const apply = (change: Change): void => {
    if (change.kind === 'warning')
      completed.push(...warningLines(change.warning).map((line) => row(` ${line}`, '', YELLOW)));
    if (change.kind === 'completed' && !completed.includes(change.step))
      completed.push(change.step);
  };

  const report = (event: ProgressEvent): void => {
    if (event.kind === 'output') completed.push(...builder.piece(event.text));
    else if (event.kind === 'notice' || event.kind === 'finding')
      completed.push(`dockerception: ${plainText(messageLine(event))}`);
    else if (event.kind === 'context') {
      const { bytes, entries } = event;
      context = { name: contextName(event), bytes, entries, since: context?.since ?? Date.now() };
      if (event.done) {
        completed.push(...contextRows());
        context = undefined;
      }
    } else steps.apply(event.status, Date.now()).forEach(apply);
    schedule();
  };

  const close = (error?: unknown): void => {
    clearTimeout(timer);
    completed.push(...builder.close());
    const failed = steps.all().filter(({ ended }) => ended === 'error');
    if (error !== undefined) completed.push(...failed.flatMap(failure));
    writer.write(region.redraw(staying(), []) + region.end());
  };
  return { report, close };
}

/** The downloads of a running step, and the end of its output. */
function details(step: Step): string[] {
  const statuses = [...step.statuses.values()].filter(({ completed }) => completed === undefined);
  const transfers = statuses.slice(-TAIL).map(({ id, current, total = 0 }) => {
    const size = total > 0 ? ` / ${formatBytes(total)}` : '';
    return `${plainText(id)} ${formatBytes(current)}${size}`;
  });
  return [...transfers, ...step.lines.slice(-TAIL).map((line) => `# ${line}`)];
}

/** The output of a failed step; lines may be wider than the terminal. */
function failure({ name, lines }: Step): string[] {
  return ['------', ` > ${name}:`, ...lines, '------'];
}

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_BELOW = '\x1b[J';
const CLEAR_REST = '\x1b[K';

class Region {
  private drawn: number[] = [];
  private hidden = false;

  constructor(
    private readonly columns: () => number,
    private readonly rows: () => number,
  ) {}

  /** The text that writes the lines of `kept`, then draws `lines`, cut to the screen, below them. */
  redraw(kept: readonly string[], lines: readonly string[]): string {
    if (kept.length === 0 && lines.length === 0 && this.drawn.length === 0) return '';
    const shown = lines.slice(0, Math.max(this.rows() - 1, 1));
    const hide = this.hidden || shown.length === 0 ? '' : HIDE_CURSOR;
    this.hidden ||= hide !== '';
    const text = [...kept, ...shown].map((line) => `${line}${CLEAR_REST}\n`).join('');
    // Wide lines wrap, and then don't overwrite the drawing.
    const start = this.toTop() + (kept.length > 0 ? CLEAR_BELOW : '');
    this.drawn = shown.map((line) => textWidth(plainText(line)));
    return hide + start + text + CLEAR_BELOW;
  }

  end(): string {
    return this.hidden ? SHOW_CURSOR : '';
  }

  /** Moves to the first line drawn; lines wrap in a terminal that has become narrower. */
  private toTop(): string {
    const width = Math.max(this.columns(), 1);
    const height = this.drawn.reduce((sum, each) => sum + Math.max(Math.ceil(each / width), 1), 0);
    const up = Math.min(height, Math.max(this.rows() - 1, 1));
    return up > 0 ? `\x1b[${up}A\r` : '\r';
  }
}
