/** The lines of a Dockerfile around a failed instruction, as `docker build` shows them. */
import { printable } from '../text/printable.js';
import { type PlacedStatement, readStatements } from './syntax/statements.js';

export interface FailedStep {
  /** The message, which may name a line. */
  readonly message: string;
  /** The line. @default that of the message */
  readonly line?: number;
  /** The name of the step, `[build 2/3] RUN false`; undefined if none had started. */
  readonly step?: string | undefined;
}

/** Lines shown before and after. */
const AROUND = 2;
/** Lines shown of the instruction. */
const MAX_LINES = 20;
const MAX_COLUMNS = 200;
const RULE = '-'.repeat(20);

/**
 * Finds the instruction and marks it.
 * @param name the name of the Dockerfile in the heading
 * @returns lines without a final line feed; undefined if the instruction is uncertain
 */
export function excerptOf(text: Buffer, name: string, failed: FailedStep): string | undefined {
  let statements: readonly PlacedStatement[] = [];
  try {
    statements = readStatements(text, name).list;
  } catch {
    // The message names a line of a malformed file.
  }
  const line = failed.line ?? lineIn(failed.message);
  const range =
    line === undefined
      ? find(statements, failed.step ?? '')
      : (statements.find((one) => one.line <= line && line <= one.endLine) ?? {
          line,
          endLine: line,
        });
  return range && show(text.toString().replace(/\n$/, '').split('\n'), name, range);
}

/** `dockerfile parse error on line 3: …`, `building Dockerfile:3: …`. */
function lineIn(message: string): number | undefined {
  const match = /parse error (?:on )?line (\d+):|^(?:building|reading) \S+?:(\d+): /.exec(message);
  return match === null ? undefined : Number(match[1] ?? match[2]);
}

/** Finds an instruction by its text, or by its number if the text is ambiguous or was expanded. */
function find(all: readonly PlacedStatement[], step: string): PlacedStatement | undefined {
  const [, stage, number, total, text = ''] =
    /^\[(?:(\S.*) )?(\d+)\/(\d+)\] (.*)$/s.exec(step) ?? [];
  const wanted = normal(text);
  const keyword = wanted.split(' ')[0] ?? '';
  const alike = all.filter(({ original }) => normal(original) === wanted);
  if (alike.length === 1 || wanted === '') return alike[0];
  const candidates = numbered(all, stage, Number(number), Number(total)).filter((one) =>
    normal(one.original).startsWith(`${keyword} `),
  );
  return (
    candidates.find((one) => alike.includes(one)) ?? (alike.length > 0 ? alike[0] : candidates[0])
  );
}

/** The candidates for a number: builders count all instructions, those of a stage, or those that create layers. */
function numbered(
  all: readonly PlacedStatement[],
  stage: string | undefined,
  number: number,
  total: number,
): PlacedStatement[] {
  const stages: PlacedStatement[][] = [];
  for (const one of all)
    if (/^from$/i.test(one.keyword)) stages.push([one]);
    else stages.at(-1)?.push(one);
  const wanted = stage?.split(' ').at(-1)?.toLowerCase();
  const fitting = stages.filter((list, index) => {
    const name = /\sas\s+(\S+)\s*$/i.exec(list[0]?.original ?? '')?.[1]?.toLowerCase();
    return wanted === undefined || name === wanted || `stage-${index}` === wanted;
  });
  const layers = (list: readonly PlacedStatement[]): PlacedStatement[] =>
    list.filter(({ keyword }) => /^(?:from|run|copy|add|workdir)$/i.test(keyword));
  return [...fitting.map(layers), ...fitting, all]
    .filter(({ length }) => length === total)
    .flatMap((list) => list[number - 1] ?? []);
}

/** The text as builders print it: on one line, the keyword in capitals. */
function normal(text: string): string {
  const words = text.trim().replace(/\s+/g, ' ');
  return words.replace(/^\S+/, (keyword) => keyword.toUpperCase());
}

function show(
  lines: readonly string[],
  name: string,
  { line, endLine }: { readonly line: number; readonly endLine: number },
): string {
  const last = Math.min(endLine, line + MAX_LINES - 1);
  const shown: string[] = [];
  for (let at = Math.max(1, line - AROUND); at <= Math.min(lines.length, last + AROUND); at++) {
    const mark = at >= line && at <= endLine ? '>>>' : '   ';
    const text = printable((lines[at - 1] ?? '').trimEnd().replaceAll('\t', '    '), MAX_COLUMNS);
    shown.push(`${String(at).padStart(4)} | ${mark} ${text}`.trimEnd());
  }
  return [`${printable(name)}:${line}`, RULE, ...shown, RULE].join('\n');
}
