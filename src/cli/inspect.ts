/**
 * `dockerception inspect`: prints the inspection on standard output, or writes a page; exceeded limits go to standard error.
 */
import { Readable } from 'node:stream';
import type { InputPlace } from '../context/own-outputs.js';
import { DockerceptionError } from '../errors.js';
import { parsePlatform } from '../image/platform.js';
import type { Compared } from '../inspect/difference.js';
import type { Inspection } from '../inspect/inspection.js';
import type { LimitViolation } from '../inspect/limits.js';
import { INSPECT, type InspectOptions } from '../options/inspect.js';
import type { Limits } from '../options/limits.js';
import { DescriptorSink } from '../sink/descriptor.js';
import { printable } from '../text/printable.js';
import { limitOptions } from './arguments/build-options.js';
import { usage } from './arguments/flags.js';
import type { Arguments } from './arguments/parse.js';
import type { Process } from './process.js';

/** Columns of a terminal that doesn't report its width. */
const COLUMNS = 80;

/** An inspection, what `--diff` compared it with, and the limits that it exceeds; undefined if no limit was given. */
interface Found {
  readonly inspection: Inspection;
  readonly other?: Compared;
  readonly exceeded?: readonly LimitViolation[];
}

export async function runInspect(args: Arguments, process: Process): Promise<void> {
  checkViews(args);
  if (args.value('html') === '-' && process.stdout.isTTY)
    throw usage('standard output is a terminal', 'name a file: --html report.html');
  const options = inspectOptions(args, process);
  const limits = await limitOptions(args);
  const path = args.value('cat');
  if (path !== undefined) {
    const { cat } = await import('../inspect/cat.js');
    await toStandardOutput((sink) => cat(path, options, sink));
    return;
  }
  const page = args.value('html');
  if (page !== undefined && page !== '-') await checkPage(page, args);
  const { inspect } = await import('../inspect/inspect.js');
  const inspection = await inspect({ ...options, maxSize: limits?.maxSize });
  const other = await compare(inspection, args, options);
  const exceeded = await check(inspection, limits);
  const found = { inspection, other, exceeded };
  if (page !== undefined) {
    const line = await writePage(page, found);
    if (page !== '-' && !args.has('quiet')) process.stderr.write(line);
  }
  const prints = page === undefined || (page !== '-' && args.has('list', 'json'));
  if (prints && !args.has('quiet')) await printAll(await linesOf(found, args, process), '\n');
  if (exceeded === undefined || exceeded.length === 0) return;
  const { violationLines, limitError } = await import('../inspect/limits.js');
  for (const line of violationLines(exceeded)) process.stderr.write(`${line}\n`);
  throw limitError(inspection.target, exceeded);
}

function inspectOptions(args: Arguments, { env, signal }: Process): InspectOptions {
  if (args.operands.length > 1)
    throw usage(`one target is taken, not ${args.operands.length}: ${args.operands.join(' ')}`);
  if (args.operand === '') throw usage('the target is empty');
  args.parsed('platform', parsePlatform);
  return args.options(INSPECT, { target: args.operand, env, signal });
}

/** Throws USAGE for views that exclude each other. */
function checkViews(args: Arguments): void {
  const views = ['list', 'json', 'cat', 'quiet'].filter((name) => args.has(name));
  if (views.length > 1) throw usage(`--${views[0]} and --${views[1]} exclude each other`);
  if (args.has('cat') && args.has('diff', 'html'))
    throw usage('--cat writes one file and nothing else');
  if (args.has('list') && args.has('diff'))
    throw usage('--list and --diff exclude each other', '--diff --all lists every name');
  if (args.value('html') === '-' && args.has('json'))
    throw usage('only one of --json and --html - can go to standard output');
  if (args.value('diff') === '-' && args.operand === '-')
    throw usage('standard input can be one of the targets, not both');
}

async function compare(
  before: Inspection,
  args: Arguments,
  options: InspectOptions,
): Promise<Compared | undefined> {
  const target = args.value('diff');
  if (target === undefined) return undefined;
  const { inspect } = await import('../inspect/inspect.js');
  const { differenceOf } = await import('../inspect/difference.js');
  const inspection = await inspect({ ...options, target });
  return { inspection, difference: differenceOf(before.root, inspection.root) };
}

async function check(
  inspection: Inspection,
  limits: Limits | undefined,
): Promise<Found['exceeded']> {
  if (limits === undefined) return undefined;
  if (limits.mustRun === true && inspection.kind === 'context')
    throw usage('--must-run takes an image: a context does not run', 'build takes --must-run, too');
  const { limitViolations } = await import('../inspect/limits.js');
  return limitViolations(inspection, limits);
}

async function linesOf(
  { inspection, ...more }: Found,
  args: Arguments,
  { stdout, env }: Process,
): Promise<Iterable<string>> {
  if (args.has('json')) {
    const { inspectionJson } = await import('../inspect/json.js');
    return inspectionJson(inspection, more);
  }
  const terminal = stdout.isTTY && env['TERM'] !== 'dumb';
  const look = {
    colour: terminal && (env['NO_COLOR'] ?? '') === '',
    bars: terminal,
    width: stdout.columns || COLUMNS,
  };
  if (args.has('list')) {
    const { listLines } = await import('../inspect/text/list.js');
    return listLines(inspection.root, look);
  }
  const { renderText } = await import('../inspect/text/render.js');
  const { parseCount } = await import('../inspect/parse-size.js');
  const depth = args.parsed('depth', parseCount);
  return renderText(inspection, {
    ...look,
    all: args.has('all'),
    depth,
    other: more.other,
  });
}

/** Prints texts, each with `end` after it. */
async function printAll(texts: Iterable<string> | AsyncIterable<string>, end = ''): Promise<void> {
  await toStandardOutput(async (sink) => {
    for await (const text of texts) {
      sink.write(Buffer.from(text + end));
      const ready = sink.ready();
      if (ready !== undefined) await ready;
    }
  });
}

/** A reader that ends early, such as `| head`, is no failure. */
async function toStandardOutput(write: (sink: DescriptorSink) => Promise<void>): Promise<void> {
  const sink = new DescriptorSink(1, 'standard output');
  try {
    await write(sink);
    await sink.end();
  } catch (error) {
    sink.destroy(error as Error);
    if (!(error instanceof DockerceptionError && error.code === 'OUTPUT_CLOSED')) throw error;
  }
}

/** Before anything is read: throws if the page can't be written, or would replace what is inspected. */
async function checkPage(path: string, args: Arguments): Promise<void> {
  const { checkOwnOutputs, contextPlaces } = await import('../context/own-outputs.js');
  const isEarlier = (_path: string, head: Buffer): boolean =>
    /^<!doctype html/i.test(head.toString());
  const targets = [args.operand, args.value('diff')].filter((one) => one !== undefined);
  const inputs = targets.flatMap((target): InputPlace[] => {
    if (target === '-') return [{ path: 0, name: 'standard input' }];
    return contextPlaces(target).map((place) => ({ ...place, file: 'Dockerfile' }));
  });
  await checkOwnOutputs([{ path, name: path, form: 'file', isEarlier }], inputs);
  const { checkOutput } = await import('../files/output-file.js');
  await checkOutput(path);
}

/** Returns a line that says where the page is. A file appears under its name when it is complete. */
async function writePage(dest: string, { inspection, other }: Found): Promise<string> {
  const { renderPage } = await import('../page/page.js');
  const { titleOf } = await import('../inspect/inspection.js');
  const page = renderPage({ inspection, other });
  if (dest === '-') await printAll(page);
  else {
    const { saveOutput } = await import('../files/output-file.js');
    const bytes = Readable.from(page).map((part: string) => Buffer.from(part));
    await saveOutput(bytes as AsyncIterable<Buffer>, dest, process.stdout);
  }
  const title = printable(titleOf(inspection));
  const work =
    other === undefined
      ? `inspected ${title}`
      : `compared ${title} with ${printable(titleOf(other.inspection))}`;
  return `${work}: page in ${printable(dest)}\n`;
}
