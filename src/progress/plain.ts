/** Progress as lines, in the format of buildx's `--progress plain`. */
import { formatBytes, formatContext, formatSeconds } from '../text/format.js';
import { plainText } from '../text/terminal.js';
import { contextName, type Display, messageLine, type Output, Writer } from './display.js';
import type { ProgressEvent, Vertex, VertexStatus, VertexWarning } from './events.js';
import { type Change, outcome, since, type Step, Steps } from './steps.js';

/** Milliseconds between two lines for a download. */
const STATUS_INTERVAL = 5000;

/** The standard error of a builder, shown as it arrives, between lines of the display. */
export class BuilderText {
  private open = false;

  /** The text to write for a piece of output. */
  piece(text: string): string {
    const parts = text.split('\n');
    const last = parts.pop() as string;
    if (text !== '') this.open = last !== '';
    return parts.map((part) => `${plainText(part)}\n`).join('') + plainText(last);
  }

  /** The text to write before a line of the display. */
  close(): string {
    const { open } = this;
    this.open = false;
    return open ? '\n' : '';
  }
}

/** Shows every step with its output. `now` in milliseconds. */
export function plainDisplay(out: Output, now: () => number = Date.now): Display {
  const writer = new Writer(out);
  const steps = new Steps();
  const shown = new Map<string, number>();
  const builder = new BuilderText();
  let contextSince: number | undefined;
  const write = (line: string): void => writer.write(`${builder.close()}${line}\n`);

  const statusLine = (step: Step, status: VertexStatus): string | undefined => {
    const key = `${step.index} ${status.id}`;
    const last = shown.get(key) ?? -Infinity;
    if (status.completed === undefined && now() - last < STATUS_INTERVAL) return undefined;
    shown.set(key, now());
    const total = (status.total ?? 0) > 0 ? ` / ${formatBytes(status.total ?? 0)}` : '';
    const size =
      total !== '' || status.current > 0 ? ` ${formatBytes(status.current)}${total}` : '';
    const time = since(status.started, status.completed ?? status.timestamp) ?? 0;
    const end = status.completed === undefined ? '' : ' done';
    return plainText(label(status)) + size + (time > 10 ? ` ${formatSeconds(time)}` : '') + end;
  };

  const lines = (change: Change): readonly (string | undefined)[] => {
    if (change.kind === 'started') return [change.step.name];
    if (change.kind === 'line')
      return [`${(change.at / 1000).toFixed(3).slice(0, 5)} ${change.text}`];
    if (change.kind === 'status') return [statusLine(change.step, change.status)];
    if (change.kind === 'warning') return warningLines(change.warning);
    return [completedLine(change.step.vertex)];
  };

  const report = (event: ProgressEvent): void => {
    if (event.kind === 'output') return writer.write(builder.piece(event.text));
    if (event.kind === 'notice' || event.kind === 'finding')
      write(`dockerception: ${plainText(messageLine(event))}`);
    else if (event.kind === 'context') {
      contextSince ??= now();
      if (!event.done) return;
      write(
        `${contextName(event)}: ${formatContext(event.bytes, event.entries, now() - contextSince)}`,
      );
      contextSince = undefined;
    } else {
      for (const change of steps.apply(event.status, now()))
        for (const line of lines(change))
          if (line !== undefined) write(`${change.step ? `#${change.step.index} ` : ''}${line}`);
    }
  };
  return { report, close: () => writer.write(builder.close()) };
}

/** Some names extend the ID, such as that of a mounted blob; others are a part of it. */
function label({ id, name }: { readonly id: string; readonly name?: string }): string {
  return name?.startsWith(id) === true ? name : id;
}

function completedLine(vertex: Vertex): string {
  const end = outcome(vertex);
  if (end === 'error') return `ERROR: ${plainText(vertex.error ?? '')}`;
  const time = end === 'done' ? since(vertex.started, vertex.completed) : undefined;
  return end.toUpperCase() + (time === undefined ? '' : ` ${formatSeconds(time)}`);
}

/** A warning of the engine on one line, followed by its details. */
export function warningLines({ short, detail = [], url }: VertexWarning): string[] {
  const more = [...detail, ...(url === undefined ? [] : [url])];
  return [`WARNING: ${plainText(short)}`, ...more.map((line) => `  ${plainText(line)}`)];
}
