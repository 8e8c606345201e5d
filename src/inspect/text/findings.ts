/** What was found, and what to do about it. */
import type { Finding, Severity } from '../finding.js';
import { shown, wrap } from './fit.js';
import type { Paint, Style } from './style.js';

const PAINTS: Readonly<Record<Severity, Paint>> = { error: 'red', warning: 'yellow', info: 'blue' };
const WIDTH = 'warning'.length;

export function* findingLines(findings: readonly Finding[], style: Style): Generator<string> {
  if (findings.length === 0) return;
  yield style.heading('findings');
  for (const { id, severity, path, message, advice } of findings) {
    const label = style.paint(PAINTS[severity], severity.padEnd(WIDTH));
    const about = path === undefined || message.includes(shown(path)) ? '' : `${shown(path)}: `;
    const text = lines(`${about}${shown(message)} [${id}]`, style);
    const [first = '', ...more] = text.map((line) => dimId(line, id, style));
    const indent = ' '.repeat(WIDTH + 4);
    yield `  ${label}  ${first}`;
    for (const line of more) yield `${indent}${line}`;
    for (const line of lines(shown(advice), style)) yield indent + style.paint('dim', line);
  }
}

/** For whoever looks it up, or filters by it. */
function dimId(line: string, id: string, style: Style): string {
  const mark = `[${id}]`;
  return line.endsWith(mark) ? line.slice(0, -mark.length) + style.paint('dim', mark) : line;
}

/** A program gets one line for each. */
function lines(text: string, { bars, width }: Style): string[] {
  return bars ? wrap(text, width - WIDTH - 4) : [text];
}
