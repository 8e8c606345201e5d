/** The findings, with advice. */
import type { Finding, Severity } from '../inspection.js';
import { escaped, wrap } from './fit.js';
import type { Colour, Style } from './style.js';

const COLOURS: Readonly<Record<Severity, Colour>> = {
  error: 'red',
  warning: 'yellow',
  info: 'blue',
};
const LABEL = 'warning'.length;
const INDENT = ' '.repeat(LABEL + 4);
/** Findings of one id that are listed on a terminal. */
const MAX_OF_ID = 5;

/** Equal advice is printed once, after the last of adjacent findings with the same id. */
export function* findingLines(
  findings: readonly Finding[],
  style: Style,
  all = false,
): Generator<string> {
  if (findings.length === 0) return;
  yield style.heading('findings');
  const max = style.bars && !all ? MAX_OF_ID : Infinity;
  let same = 0;
  for (const [index, finding] of findings.entries()) {
    same++;
    if (same <= max) yield* messageLines(finding, style);
    const next = findings[index + 1];
    const isLast = next?.id !== finding.id;
    if (isLast && same > max)
      yield INDENT + style.paint('dim', `${same - max} more: --all shows them`);
    if (isLast || (same < max && next.advice !== finding.advice))
      yield* adviceLines(finding, style);
    if (isLast) same = 0;
  }
}

function* messageLines({ id, severity, path, message }: Finding, style: Style): Generator<string> {
  const label = style.paint(COLOURS[severity], severity.padEnd(LABEL));
  const about = path === undefined || message.includes(escaped(path)) ? '' : `${escaped(path)}: `;
  const text = lines(`${about}${escaped(message)} [${id}]`, style);
  const [first = '', ...more] = text.map((line) => dimId(line, id, style));
  yield `  ${label}  ${first}`;
  for (const line of more) yield INDENT + line;
}

function* adviceLines({ advice }: Finding, style: Style): Generator<string> {
  for (const line of lines(escaped(advice), style)) yield INDENT + style.paint('dim', line);
}

function dimId(line: string, id: string, style: Style): string {
  const mark = `[${id}]`;
  return line.endsWith(mark) ? line.slice(0, -mark.length) + style.paint('dim', mark) : line;
}

function lines(text: string, { bars, width }: Style): string[] {
  return bars ? wrap(text, width - INDENT.length) : [text];
}
