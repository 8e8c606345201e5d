/** What was found, and what to do about it. */
import type { Finding, Severity } from '../finding.js';
import { shown, wrap } from './fit.js';
import type { Paint, Style } from './style.js';

const PAINTS: Readonly<Record<Severity, Paint>> = { error: 'red', warning: 'yellow', info: 'blue' };
const LABEL = 'warning'.length;
const INDENT = ' '.repeat(LABEL + 4);
/** Of one kind, on a terminal. */
const MOST = 5;

/** Those of one kind follow each other; what to do about them is said once, behind them. */
export function* findingLines(
  findings: readonly Finding[],
  style: Style,
  all = false,
): Generator<string> {
  if (findings.length === 0) return;
  yield style.heading('findings');
  const most = style.bars && !all ? MOST : Infinity;
  let same = 0;
  for (const [index, finding] of findings.entries()) {
    same++;
    if (same <= most) yield* messageLines(finding, style);
    const next = findings[index + 1];
    const isLast = next?.id !== finding.id;
    if (isLast && same > most)
      yield INDENT + style.paint('dim', `${same - most} more: --all shows them`);
    if (isLast || (same < most && next.advice !== finding.advice))
      yield* adviceLines(finding, style);
    if (isLast) same = 0;
  }
}

function* messageLines({ id, severity, path, message }: Finding, style: Style): Generator<string> {
  const label = style.paint(PAINTS[severity], severity.padEnd(LABEL));
  const about = path === undefined || message.includes(shown(path)) ? '' : `${shown(path)}: `;
  const text = lines(`${about}${shown(message)} [${id}]`, style);
  const [first = '', ...more] = text.map((line) => dimId(line, id, style));
  yield `  ${label}  ${first}`;
  for (const line of more) yield INDENT + line;
}

function* adviceLines({ advice }: Finding, style: Style): Generator<string> {
  for (const line of lines(shown(advice), style)) yield INDENT + style.paint('dim', line);
}

/** For whoever looks it up, or filters by it. */
function dimId(line: string, id: string, style: Style): string {
  const mark = `[${id}]`;
  return line.endsWith(mark) ? line.slice(0, -mark.length) + style.paint('dim', mark) : line;
}

/** A program gets one line for each. */
function lines(text: string, { bars, width }: Style): string[] {
  return bars ? wrap(text, width - INDENT.length) : [text];
}
