/** The text view of an inspection. */
import { checkArgument, normalise, optional } from '../../options/schema.js';
import { count, flag } from '../../options/values.js';
import { type Compared, comparedCheck } from '../difference/difference.js';
import { type Inspection, inspectionCheck } from '../inspection.js';
import { differenceLines } from './difference.js';
import { findingLines } from './findings.js';
import { Style, type StyleOptions } from './style.js';
import { layerLines, summaryLines } from './summary.js';
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
  yield* section(findingLines(inspection.findings, style, options.all));
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
