/** The text view of an inspection. */
import { checkArgument, normalise, optional } from '../../options/schema.js';
import { count, flag } from '../../options/values.js';
import { wrap } from '../../text/terminal.js';
import { type Compared, comparedCheck } from '../difference.js';
import type { Finding, Severity } from '../facts.js';
import { type Inspection, inspectionCheck, titleOf } from '../inspection.js';
import { differenceLines } from './difference.js';
import { escaped } from './fit.js';
import { type Colour, Style, type StyleOptions } from './style.js';
import { layerLines, plural, summaryLines } from './summary.js';
import { treeLines } from './tree.js';
import { biggestLines, wasteLines } from './waste.js';

export interface TextOptions extends StyleOptions {
  /** Levels of the tree. @default 3, or all with `all` */
  readonly depth?: number;
  /** Whether small entries are shown. @default false */
  readonly all?: boolean;
  /** The inspection of `--diff`, and the difference, which is shown in place of the tree. */
  readonly other?: Compared;
}

/** Lines without line ends. Findings are last, where a terminal stops. */
export function renderText(inspection: Inspection, options: TextOptions): Generator<string> {
  checkArgument('inspection', inspection, inspectionCheck);
  normalise(TEXT_OPTIONS, options);
  return lines(inspection, options);
}

const TEXT_OPTIONS = {
  colour: optional(flag),
  bars: optional(flag),
  width: optional(count),
  depth: optional(count),
  all: optional(flag),
  other: optional(comparedCheck),
};

function* lines(inspection: Inspection, options: TextOptions): Generator<string> {
  const style = new Style(options);
  yield* summaryLines(inspection, style);
  if (options.other !== undefined) {
    const { inspection: after, difference } = options.other;
    yield '';
    yield* summaryLines(after, style);
    yield* section(differenceLines(difference, style, options.all));
  } else {
    yield* section(layerLines(inspection, style));
    yield* section(treeLines(inspection.root, style, options));
    yield* section(biggestLines(inspection, style));
    yield* section(wasteLines(inspection, style));
  }
  yield* section(findingLines(inspection, style, options));
}

/** Adds a blank line before a section, unless it is empty. */
function* section(lines: Iterable<string>): Generator<string> {
  let first = true;
  for (const line of lines) {
    if (first) yield '';
    first = false;
    yield line;
  }
}

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
function* findingLines(
  inspection: Inspection,
  style: Style,
  { all = false, other }: TextOptions,
): Generator<string> {
  const { findings } = inspection;
  if (findings.length === 0) return;
  const counts = (Object.keys(COLOURS) as Severity[])
    .map((one) => [one, findings.filter(({ severity }) => severity === one).length] as const)
    .filter(([, count]) => count > 0)
    .map(([one, count]) => (one === 'info' ? `${count} info` : plural(count, one)))
    .join(', ');
  // With a comparison there are two images.
  const used = 'findings of   '.length + counts.length;
  const whose = other === undefined ? '' : ` of ${style.rest(titleOf(inspection), used)}`;
  yield `${style.heading(`findings${whose}`)}  ${style.paint('dim', counts)}`;
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
  const text = linesOf(`${about}${escaped(message)} [${id}]`, style);
  const [first = '', ...more] = text.map((line) => dimId(line, id, style));
  yield `  ${label}  ${first}`;
  for (const line of more) yield INDENT + line;
}

function* adviceLines({ advice }: Finding, style: Style): Generator<string> {
  for (const line of linesOf(escaped(advice), style)) yield INDENT + style.paint('dim', line);
}

function dimId(line: string, id: string, style: Style): string {
  const mark = `[${id}]`;
  return line.endsWith(mark) ? line.slice(0, -mark.length) + style.paint('dim', mark) : line;
}

function linesOf(text: string, { bars, width }: Style): string[] {
  return bars ? wrap(text, width - INDENT.length) : [text];
}
