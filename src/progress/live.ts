/**
 * Progress on a terminal: what is over stays as a line; below it, what is under way is drawn
 * again and again, in place.
 */
import { formatBytes, formatContext, formatSeconds } from '../text/format.js';
import { plainText, textWidth, truncate } from '../text/terminal.js';
import { BuilderLines } from './builder-text.js';
import { type Display, type Output, Writer } from './display.js';
import type { ProgressEvent } from './events.js';
import { findingLine, noticeLine } from './message.js';
import { warningLines } from './plain.js';
import { type Change, outcome, since, type Step, Steps } from './steps.js';

/** How it looks. */
export interface LiveOptions {
  /** @default as wide as the terminal */
  readonly columns?: () => number;
  /** @default as high as the terminal */
  readonly rows?: () => number;
  /** @default true */
  readonly colors?: boolean;
  /** Milliseconds. @default Date.now */
  readonly now?: () => number;
}

const INTERVAL = 100;
/** So many lines of a running step's output. */
const TAIL = 4;
const RED = 31;
const YELLOW = 33;
const BLUE = 34;

/** Draws at most ten times a second. */
export function liveDisplay(out: Output, options: LiveOptions = {}): Display {
  const now = options.now ?? Date.now;
  const columns = options.columns ?? (() => out.columns || 80);
  const rows = options.rows ?? (() => out.rows || 24);
  const writer = new Writer(out);
  const region = new Region(columns, rows);
  const steps = new Steps();
  const builder = new BuilderLines();
  const started = now();
  let context: { bytes: number; entries: number; since: number } | undefined;
  // Lines, and steps that have ended: how is asked late, as a step may end twice within a moment.
  let over: (string | Step)[] = [];
  let timer: NodeJS.Timeout | undefined;

  const paint = (color: number, text: string): string =>
    options.colors === false ? text : `\x1b[${color}m${text}\x1b[0m`;

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
    const lines = over.map((each) => (typeof each === 'string' ? each : ended(each)));
    over = [];
    return lines;
  };

  const drawing = (): string[] => {
    const lines: string[] = [];
    if (context) {
      const { bytes, entries, since: from } = context;
      lines.push(row(`context: ${formatContext(bytes, entries, now() - from)}`));
    }
    const running = steps.running();
    const finished = steps.finished();
    if (running.length > 0 || finished > 0)
      lines.push(
        row(
          `[+] Building ${formatSeconds(now() - started)} (${finished}/${finished + running.length})`,
        ),
      );
    for (const step of running) {
      lines.push(row(` => ${step.name}`, formatSeconds(now() - step.since)));
      for (const line of details(step)) lines.push(row(` => => ${line}`));
    }
    return lines;
  };

  const draw = (): void => {
    timer = undefined;
    // What stays is written in any case; a picture only when there is somebody to see it.
    if (over.length === 0 && writer.busy) return schedule();
    writer.write(region.redraw(staying(), drawing()));
    // Times go on even when nothing happens.
    if (steps.running().length > 0 || context) schedule();
  };
  const schedule = (): void => {
    timer ??= setTimeout(draw, INTERVAL).unref();
  };

  const take = (change: Change): void => {
    if (change.kind === 'warning')
      over.push(...warningLines(change.warning).map((line) => row(` ${line}`, '', YELLOW)));
    if (change.kind === 'completed' && !over.includes(change.step)) over.push(change.step);
  };

  const report = (event: ProgressEvent): void => {
    if (event.kind === 'output') over.push(...builder.piece(event.text));
    else if (event.kind === 'notice') over.push(`dockerception: ${plainText(noticeLine(event))}`);
    else if (event.kind === 'finding') over.push(`dockerception: ${plainText(findingLine(event))}`);
    else if (event.kind === 'context') {
      const from = context?.since ?? now();
      context = { bytes: event.bytes, entries: event.entries, since: from };
      if (event.done) {
        over.push(row(`context: ${formatContext(event.bytes, event.entries, now() - from)}`));
        context = undefined;
      }
    } else steps.apply(event.status, now()).forEach(take);
    schedule();
  };

  const close = (error?: unknown): void => {
    clearTimeout(timer);
    over.push(...builder.close());
    if (error !== undefined) over.push(...steps.failed().flatMap(failure));
    writer.write(region.redraw(staying(), []) + region.end());
  };
  return { report, close };
}

/** What a running step is at: its downloads, and the end of its output. */
function details(step: Step): string[] {
  const statuses = [...step.statuses.values()].filter(({ completed }) => completed === undefined);
  const transfers = statuses.slice(-TAIL).map(({ id, current, total = 0 }) => {
    const size = total > 0 ? ` / ${formatBytes(total)}` : '';
    return `${plainText(id)} ${formatBytes(current)}${size}`;
  });
  return [...transfers, ...step.lines.slice(-TAIL).map((line) => `# ${line}`)];
}

/** The output of a failed step, in full width. */
function failure({ name, lines }: Step): string[] {
  return ['------', ` > ${name}:`, ...lines, '------'];
}

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_BELOW = '\x1b[J';
const CLEAR_REST = '\x1b[K';

export class Region {
  /** The widths of the lines as they were drawn. */
  private drawn: number[] = [];
  private hidden = false;

  constructor(
    private readonly columns: () => number,
    private readonly rows: () => number,
  ) {}

  /** What to write so that `over` stays above and `lines`, cut to the screen, are below it. */
  redraw(over: readonly string[], lines: readonly string[]): string {
    if (over.length === 0 && lines.length === 0 && this.drawn.length === 0) return '';
    const shown = lines.slice(0, Math.max(this.rows() - 1, 1));
    const hide = this.hidden || shown.length === 0 ? '' : HIDE_CURSOR;
    this.hidden ||= hide !== '';
    const text = [...over, ...shown].map((line) => `${line}${CLEAR_REST}\n`).join('');
    // Lines that stay may be wider than the terminal, and then don't cover what was below.
    const start = this.toTop() + (over.length > 0 ? CLEAR_BELOW : '');
    this.drawn = shown.map((line) => textWidth(plainText(line)));
    return hide + start + text + CLEAR_BELOW;
  }

  /** What to write at the end. */
  end(): string {
    return this.hidden ? SHOW_CURSOR : '';
  }

  /** Back to the first line drawn. A terminal that got narrower has broken lines up. */
  private toTop(): string {
    const width = Math.max(this.columns(), 1);
    const height = this.drawn.reduce((sum, each) => sum + Math.max(Math.ceil(each / width), 1), 0);
    const up = Math.min(height, Math.max(this.rows() - 1, 1));
    return up > 0 ? `\x1b[${up}A\r` : '\r';
  }
}
