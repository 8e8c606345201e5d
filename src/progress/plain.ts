/** Progress as lines that stay, in the shape of buildx's `--progress plain`. */
import { formatBytes, formatContext, formatSeconds } from '../text/format.js';
import { plainText } from '../text/terminal.js';
import { BuilderText } from './builder-text.js';
import { type Display, type Output, Writer } from './display.js';
import type { ProgressEvent } from './events.js';
import { findingLine, noticeLine } from './message.js';
import { type Change, outcome, since, Steps } from './steps.js';

/** A line about a download at most so often. Milliseconds. */
const STATUS_EVERY = 5000;

/** Shows every step with its output. `now` in milliseconds. */
export function plainDisplay(out: Output, now: () => number = Date.now): Display {
  const writer = new Writer(out);
  const steps = new Steps();
  const shown = new Map<string, number>();
  const builder = new BuilderText();
  let contextSince: number | undefined;
  const write = (line: string): void => writer.write(`${builder.close()}${line}\n`);

  const statusLine = ({
    step,
    status,
  }: Extract<Change, { kind: 'status' }>): string | undefined => {
    const key = `${step.index} ${status.id}`;
    const last = shown.get(key) ?? -Infinity;
    if (status.completed === undefined && now() - last < STATUS_EVERY) return undefined;
    shown.set(key, now());
    const size =
      (status.total ?? 0) > 0
        ? ` ${formatBytes(status.current)} / ${formatBytes(status.total ?? 0)}`
        : status.current > 0
          ? ` ${formatBytes(status.current)}`
          : '';
    const time = since(status.started, status.completed ?? status.timestamp) ?? 0;
    const end = status.completed === undefined ? '' : ' done';
    return plainText(label(status)) + size + (time > 10 ? ` ${formatSeconds(time)}` : '') + end;
  };

  const lines = (change: Change): readonly (string | undefined)[] => {
    switch (change.kind) {
      case 'started':
        return [change.step.name];
      case 'line':
        return [`${(change.at / 1000).toFixed(3).slice(0, 5)} ${change.text}`];
      case 'status':
        return [statusLine(change)];
      case 'warning':
        return warningLines(change.warning);
      case 'completed':
        return [completedLine(change.step.vertex)];
    }
  };

  const report = (event: ProgressEvent): void => {
    if (event.kind === 'output') return writer.write(builder.piece(event.text));
    if (event.kind === 'notice') write(`dockerception: ${plainText(noticeLine(event))}`);
    else if (event.kind === 'finding') write(`dockerception: ${plainText(findingLine(event))}`);
    else if (event.kind === 'context') {
      contextSince ??= now();
      if (!event.done) return;
      const text = formatContext(event.bytes, event.entries, now() - contextSince);
      write(`context: ${text}`);
      contextSince = undefined;
    } else {
      for (const change of steps.apply(event.status, now()))
        for (const line of lines(change))
          if (line !== undefined) write(`${change.step ? `#${change.step.index} ` : ''}${line}`);
    }
  };
  return { report, close: () => writer.write(builder.close()) };
}

/** The name of some says more than their id: that a blob was mounted. Others have only a part of it. */
function label({ id, name }: { readonly id: string; readonly name?: string }): string {
  return name?.startsWith(id) === true ? name : id;
}

function completedLine(vertex: Parameters<typeof outcome>[0]): string {
  switch (outcome(vertex)) {
    case 'canceled':
      return 'CANCELED';
    case 'error':
      return `ERROR: ${plainText(vertex.error ?? '')}`;
    case 'cached':
      return 'CACHED';
    case 'done': {
      const time = since(vertex.started, vertex.completed);
      return time === undefined ? 'DONE' : `DONE ${formatSeconds(time)}`;
    }
  }
}

/** A builder's remark: in one line, its details below. */
export function warningLines({
  short,
  detail = [],
  url,
}: {
  readonly short: string;
  readonly detail?: readonly string[];
  readonly url?: string;
}): string[] {
  const more = [...detail, ...(url === undefined ? [] : [url])];
  return [`WARNING: ${plainText(short)}`, ...more.map((line) => `  ${plainText(line)}`)];
}
