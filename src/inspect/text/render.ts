/** The whole view of an inspection, put together from its parts. */
import { checkArgument, normalise, optional } from '../../options/schema.js';
import { count, flag } from '../../options/values.js';
import * as checks from '../arguments.js';
import type { Difference } from '../difference/difference.js';
import type { Inspection } from '../inspection.js';
import { biggestLines } from './biggest.js';
import { differenceLines } from './difference.js';
import { findingLines } from './findings.js';
import { layerLines } from './layers.js';
import { type Look, Style } from './style.js';
import { summaryLines } from './summary.js';
import { treeLines } from './tree.js';
import { wasteLines } from './waste.js';

export interface TextOptions extends Look {
  /** Levels of the tree. @default 3, or all of them with `all` */
  readonly depth?: number;
  /** Whether what is small is shown, too. @default false */
  readonly all?: boolean;
  /** What `--diff` compared it with: then the difference is shown in place of the tree. */
  readonly other?: { readonly inspection: Inspection; readonly difference: Difference };
}

/** The lines, without their ends. What there is to do stands last, where a terminal stops. */
export function renderText(inspection: Inspection, options: TextOptions): Generator<string> {
  checkArgument('inspection', inspection, checks.inspection);
  normalise(TEXT_OPTIONS, options);
  return lines(inspection, options);
}

const TEXT_OPTIONS = {
  colour: optional(flag),
  bars: optional(flag),
  width: optional(count),
  depth: optional(count),
  all: optional(flag),
  other: optional(checks.other),
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

/** A blank line in front, where there is anything. */
function* section(lines: Iterable<string>): Generator<string> {
  let first = true;
  for (const line of lines) {
    if (first) yield '';
    first = false;
    yield line;
  }
}
