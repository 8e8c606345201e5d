/** Checks an image against limits, and reports violations. */
import { DockerceptionError } from '../errors.js';
import { LIMITS, type Limits } from '../options/limits.js';
import { type Complete, normalise } from '../options/schema.js';
import type { Report } from '../progress/events.js';
import { formatBytes } from '../text/format.js';
import { printable } from '../text/printable.js';
import { printableQuote } from '../text/shell-quote.js';
import { compileDeny, denied } from './deny.js';
import { modeString, walk } from './entry.js';
import { type Finding, MAX_LISTED } from './facts.js';
import { cannotStart as keepsFromStarting } from './findings/catalogue.js';
import type { ContextKind } from './findings/subject.js';
import type { Inspection } from './inspection.js';

/** The part of an inspection that is checked. */
export interface CheckedImage extends Pick<
  Inspection,
  'kind' | 'target' | 'size' | 'root' | 'waste' | 'unmappable' | 'findings'
> {
  readonly layers: readonly unknown[];
}

export interface CheckOptions {
  readonly name: string;
  /** The source of the context, for advice. @default unknown */
  readonly context?: ContextKind | undefined;
  readonly limits?: Limits | undefined;
  readonly findings: boolean;
  readonly report: Report;
  readonly signal: AbortSignal;
}

const LIMIT_HINTS = {
  '--max-size': 'dockerception inspect shows what takes the space',
  '--max-layers': 'put instructions together, or copy the result into an image of its own',
  '--max-waste': 'delete files in the instruction that makes them',
  '--deny': 'leave them out: .dockerignore, `exclude`, or COPY what is needed alone',
  '--deny-setuid': 'chmod a-s takes the bits away, `mode: a-s` those of a context',
  '--deny-ids':
    'COPY --chown=0:0 sets an owner that every engine can map; so does a build without `owner: keep`',
  '--must-run': 'dockerception inspect shows what is missing',
};

export interface LimitViolation {
  /** The flag of the limit. */
  readonly limit: keyof typeof LIMIT_HINTS;
  /** The pattern of `--deny`. */
  readonly value?: string;
  /** One line; may contain control characters. */
  readonly message: string;
  /** The first 20 causes, which may contain control characters. */
  readonly offenders: readonly { readonly path?: string; readonly why?: string }[];
  readonly count: number;
}

/**
 * Checks the limits themselves, so that a build can fail before it starts.
 * @throws DockerceptionError of kind `usage`
 */
export function checkLimits(limits: Limits): Complete<typeof LIMITS> {
  const all = normalise(LIMITS, limits, 'the limits');
  compileDeny(all.deny);
  return all;
}

/**
 * The limits that an image exceeds, in the order of `LIMITS`.
 * @param cannotStart whether a finding with this id keeps the image from starting; @default by the catalogue
 * @throws DockerceptionError of kind `usage` for an invalid limit
 */
export function limitViolations(
  inspection: CheckedImage,
  given: Limits,
  cannotStart: (id: string) => boolean = keepsFromStarting,
): readonly LimitViolation[] {
  const limits = checkLimits(given);
  return [
    ...sizes(inspection, limits),
    ...denials(inspection, limits.deny),
    ...(limits.denySetuid ? setuid(inspection) : []),
    ...(limits.denyIds ? unmappable(inspection) : []),
    ...(limits.mustRun ? mustRun(inspection.findings, cannotStart) : []),
  ];
}

function* sizes(
  { size, layers, waste }: CheckedImage,
  limits: Complete<typeof LIMITS>,
): Generator<LimitViolation> {
  const { maxSize, maxLayers, maxWaste } = limits;
  const violation = (limit: LimitViolation['limit'], message: string): LimitViolation => ({
    limit,
    message: `${message} are allowed`,
    offenders: [],
    count: 0,
  });
  if (size > maxSize) yield violation('--max-size', `it has ${amounts(size, maxSize)}`);
  if (layers.length > maxLayers)
    yield violation('--max-layers', `it has ${layers.length} layers, ${maxLayers}`);
  const allowed = typeof maxWaste === 'number' ? maxWaste : (size * maxWaste.percent) / 100;
  if (waste.bytes > allowed) {
    const share =
      typeof maxWaste === 'number' ? '' : ` (${maxWaste.percent} % of ${formatBytes(size)})`;
    const message = `it wastes ${amounts(waste.bytes, Math.floor(allowed))}${share}`;
    yield violation('--max-waste', message);
  }
}

/** `12.4 MB, 10.0 MB`; in bytes if both are rounded to the same text. */
function amounts(has: number, allowed: number): string {
  const rounded = [formatBytes(has), formatBytes(allowed)];
  return rounded[0] === rounded[1] ? `${has} bytes, ${allowed}` : rounded.join(', ');
}

function denials({ root, waste }: CheckedImage, patterns: readonly string[]): LimitViolation[] {
  const all = [...denied(compileDeny(patterns), root, waste.hidden)];
  return [...new Set(patterns)].flatMap((value) => {
    const matches = all.filter(({ pattern }) => pattern === value);
    const offenders = matches.map(({ path, hidden }) => ({
      path,
      ...(hidden && {
        why: `${hidden.how} by layer ${hidden.by}, shipped in layer ${hidden.layer}`,
      }),
    }));
    const noun = matches.some(({ directory }) => directory) ? 'path' : 'file';
    return violations('--deny', offenders, noun).map((one) => ({ ...one, value }));
  });
}

/** Files only: on a directory, setgid makes new files inherit its group, and Linux ignores setuid. */
function setuid({ root }: CheckedImage): LimitViolation[] {
  const offenders = [];
  for (const { kind, mode, path, uid, gid } of walk(root))
    if (kind === 'file' && (mode & 0o6000) !== 0)
      offenders.push({ path, why: `${modeString(kind, mode)} ${uid}:${gid}` });
  return violations('--deny-setuid', offenders, 'file');
}

function unmappable({ unmappable: { first, count }, layers }: CheckedImage): LimitViolation[] {
  const [{ path, uid, gid } = { path: '', uid: 0, gid: 0 }] = first;
  if (count === 0) return [];
  const owner = `belongs to ${uid}:${gid}`;
  const message = count === 1 ? `${path} ${owner}` : `${count} entries, ${path} ${owner} …`;
  const offenders = first.map(({ path, uid, gid, layer }) => {
    const where = layers.length > 1 ? ` in layer ${layer}` : '';
    return { path, why: `${uid}:${gid}${where}` };
  });
  return [{ limit: '--deny-ids', message, offenders, count }];
}

function mustRun(
  findings: readonly Finding[],
  cannotStart: (id: string) => boolean,
): LimitViolation[] {
  const all = findings.filter(({ id, severity }) => severity === 'error' && cannotStart(id));
  const [first] = all;
  if (first === undefined) return [];
  const offenders = all
    .slice(0, MAX_LISTED)
    .map(({ path, message }) => (path === undefined ? { why: message } : { path, why: message }));
  return [{ limit: '--must-run', message: first.message, offenders, count: all.length }];
}

/** One violation; none without offenders. */
function violations(
  limit: LimitViolation['limit'],
  all: readonly { readonly path: string; readonly why?: string }[],
  noun: string,
): LimitViolation[] {
  const [first] = all;
  const count = all.length;
  if (first === undefined) return [];
  const message = count === 1 ? first.path : `${count} ${noun}s, ${first.path} …`;
  return [{ limit, message, offenders: all.slice(0, MAX_LISTED), count }];
}

/** One line for each cause, for standard error: `--deny '**\/*.c': /src/a.c`. */
export function* violationLines(all: readonly LimitViolation[]): Generator<string> {
  for (const { limit, value, offenders, count } of all) {
    for (const { path, why } of offenders) {
      const parts = [path, why].filter((part) => part !== undefined);
      yield `${option(limit, value)}: ${parts.map((part) => printable(part, Infinity)).join(': ')}`;
    }
    if (count > offenders.length) yield `${option(limit, value)}: ${count - offenders.length} more`;
  }
}

/** LIMIT_EXCEEDED of kind `limit`, which names every exceeded limit. */
export function limitError(target: string, all: readonly LimitViolation[]): DockerceptionError {
  const parts = all.map(({ limit, value, message }) => {
    const name = limit.slice(2).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const given = value === undefined ? name : `${name}: ${printableQuote(value)}`;
    return `\`${given}\`: ${printable(message)}`;
  });
  const hint = [...new Set(all.map(({ limit }) => LIMIT_HINTS[limit]))].join('; ');
  const message = `checking ${printable(target)}: ${parts.join('; ')}`;
  return new DockerceptionError('limit', 'LIMIT_EXCEEDED', message, { hint });
}

function option(limit: string, value: string | undefined): string {
  return value === undefined ? limit : `${limit} ${printableQuote(value)}`;
}
