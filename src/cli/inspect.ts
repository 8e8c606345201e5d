/** `dockerception inspect`: prints the inspection on standard output, and exceeded limits on standard error. */
import { DockerceptionError } from '../errors.js';
import { parsePlatform } from '../image/platform.js';
import type { Difference } from '../inspect/difference/difference.js';
import type { LimitViolation } from '../inspect/limits.js';
import type { Inspection } from '../inspect/inspection.js';
import { INSPECT, type InspectOptions } from '../options/inspect.js';
import type { Limits } from '../options/limits.js';
import { DescriptorSink } from '../sink/descriptor.js';
import type { InputPlace } from '../source/own-output.js';
import { limitOptions } from './build-options.js';
import { type Arguments, usage } from './parse.js';
import type { Process } from './process.js';

/** Columns of a terminal that doesn't tell. */
const COLUMNS = 80;

/** What `--diff` compared it with. */
interface Other {
  readonly inspection: Inspection;
  readonly difference: Difference;
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
  const broken = await check(inspection, limits);
  if (page !== undefined) await writePage(page, inspection, other);
  if (!args.flag('quiet') && page !== '-')
    await toStandardOutput((sink) => show(sink, inspection, other, broken, args, process));
  await refuse(inspection, broken, process);
}

function inspectOptions(args: Arguments, { env, signal }: Process): InspectOptions {
  if (args.operands.length > 1)
    throw usage(`one target is taken, not ${args.operands.length}: ${args.operands.join(' ')}`);
  const target = args.operands[0] ?? '-';
  if (target === '') throw usage('the target is empty');
  const platform = args.value('platform');
  if (platform !== undefined) parsePlatform(platform);
  return args.options(INSPECT, { target, env, signal });
}

/** Views that exclude each other. */
function checkViews(args: Arguments): void {
  const views = ['list', 'json', 'cat', 'quiet'].filter(
    (name) => args.flag(name) || args.value(name) !== undefined,
  );
  if (views.length > 1) throw usage(`--${views[0]} and --${views[1]} exclude each other`);
  if (args.value('cat') !== undefined && (args.value('diff') ?? args.value('html')) !== undefined)
    throw usage('--cat writes one file and nothing else');
  if (args.flag('list') && args.value('diff') !== undefined)
    throw usage('--list and --diff exclude each other', '--diff --all lists every name');
  if (args.value('html') === '-' && args.flag('json'))
    throw usage('only one of --json and --html - can go to standard output');
  if (args.value('diff') === '-' && (args.operands[0] ?? '-') === '-')
    throw usage('standard input can be one of the targets, not both');
}

async function compare(
  before: Inspection,
  args: Arguments,
  options: InspectOptions,
): Promise<Other | undefined> {
  const target = args.value('diff');
  if (target === undefined) return undefined;
  const { inspect } = await import('../inspect/inspect.js');
  const { differenceOf } = await import('../inspect/difference/difference.js');
  const inspection = await inspect({ ...options, target });
  return { inspection, difference: differenceOf(before.root, inspection.root) };
}

async function check(
  inspection: Inspection,
  limits: Limits | undefined,
): Promise<readonly LimitViolation[] | undefined> {
  if (limits === undefined) return undefined;
  if (limits.mustRun === true && inspection.kind === 'context')
    throw usage('--must-run takes an image: a context does not run', 'build takes --must-run, too');
  const { limitViolations } = await import('../inspect/limits.js');
  return limitViolations(inspection, limits);
}

async function refuse(
  { target }: Inspection,
  broken: readonly LimitViolation[] | undefined,
  { stderr }: Process,
): Promise<void> {
  if (broken === undefined || broken.length === 0) return;
  const { violationLines, limitError } = await import('../inspect/limits.js');
  for (const line of violationLines(broken)) stderr.write(`${line}\n`);
  throw limitError(target, broken);
}

async function show(
  sink: DescriptorSink,
  inspection: Inspection,
  other: Other | undefined,
  exceeded: readonly LimitViolation[] | undefined,
  args: Arguments,
  process: Process,
): Promise<void> {
  for (const line of await linesOf(inspection, other, exceeded, args, process)) {
    sink.write(Buffer.from(`${line}\n`));
    const room = sink.ready();
    if (room !== undefined) await room;
  }
}

async function linesOf(
  inspection: Inspection,
  other: Other | undefined,
  exceeded: readonly LimitViolation[] | undefined,
  args: Arguments,
  { stdout, env }: Process,
): Promise<Iterable<string>> {
  if (args.flag('json')) {
    const { inspectionJson } = await import('../inspect/json.js');
    return inspectionJson(inspection, {
      ...(other !== undefined && { other }),
      ...(exceeded !== undefined && { exceeded }),
    });
  }
  const terminal = stdout.isTTY && env['TERM'] !== 'dumb';
  const look = {
    colour: terminal && (env['NO_COLOR'] ?? '') === '',
    bars: terminal,
    width: stdout.columns || COLUMNS,
  };
  if (args.flag('list')) {
    const { listLines } = await import('../inspect/text/list.js');
    return listLines(inspection.root, look);
  }
  const { renderText } = await import('../inspect/text/render.js');
  const depth = args.value('depth');
  const { parseCount } = await import('../inspect/parse-size.js');
  return renderText(inspection, {
    ...look,
    all: args.flag('all'),
    ...(depth !== undefined && { depth: parseCount(depth, '--depth') }),
    ...(other !== undefined && { other }),
  });
}

/** `| head` has seen enough: that is no failure of what is shown. */
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

/** Before anything is read: the page can be written, and replaces nothing that is inspected. */
async function checkPage(path: string, args: Arguments): Promise<void> {
  const { contextPlaces } = await import('../build-places.js');
  const { checkOwnOutputs } = await import('../source/own-output.js');
  const isEarlier = (_path: string, head: Buffer): boolean =>
    /^<!doctype html/i.test(head.toString());
  const targets = [args.operands[0] ?? '-', args.value('diff')].filter((one) => one !== undefined);
  const inputs = targets.flatMap((target): InputPlace[] => {
    if (target === '-') return [{ path: 0, name: 'standard input' }];
    return contextPlaces(target).map((place) => ({ ...place, file: 'Dockerfile' }));
  });
  await checkOwnOutputs([{ path, name: path, form: 'file', isEarlier }], inputs);
  const { checkOutput } = await import('../files/output-file.js');
  await checkOutput(path);
}

/** A file appears under its name when it is whole. */
async function writePage(
  dest: string,
  inspection: Inspection,
  other: Other | undefined,
): Promise<void> {
  const { renderPage } = await import('../page/page.js');
  const page = renderPage({ inspection, ...(other !== undefined && { other }) });
  if (dest === '-') {
    await toStandardOutput(async (sink) => {
      for await (const part of page) {
        sink.write(Buffer.from(part));
        await sink.ready();
      }
    });
    return;
  }
  const { saveOutput } = await import('../files/output-file.js');
  await saveOutput(bytesOf(page), dest, process.stdout);
}

async function* bytesOf(parts: AsyncIterable<string>): AsyncGenerator<Buffer> {
  for await (const part of parts) yield Buffer.from(part);
}
