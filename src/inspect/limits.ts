/** Limits for CI: what an image may not exceed, and what does. */
import { LIMITS, type Limits } from '../options/limits.js';
import { type Complete, normalise } from '../options/schema.js';
import { formatBytes } from '../text/format.js';
import { compileDeny, denied } from './deny.js';
import { walk } from './entry.js';
import { type Exceeded, MAX_OFFENDERS, Offenders } from './exceeded.js';
import type { Finding } from './finding.js';
import { cannotStart as keepsFromStarting } from './findings/catalogue.js';
import type { Inspection } from './inspection.js';
import { modeString } from './mode-string.js';

/** What limits look at. */
export interface Checked extends Pick<
  Inspection,
  'kind' | 'target' | 'size' | 'root' | 'waste' | 'unmappable' | 'findings'
> {
  readonly layers: readonly unknown[];
}

/**
 * Reads the limits, so that one that makes no sense is told before anything is built.
 * @throws DockerceptionError of kind `usage`
 */
export function checkLimits(limits: Limits): void {
  complete(limits);
}

function complete(limits: Limits): Complete<typeof LIMITS> {
  const all = normalise(LIMITS, limits, 'the limits');
  compileDeny(all.deny);
  return all;
}

/**
 * What is exceeded, in the order of the options above.
 * @param cannotStart whether a finding with this id keeps the image from starting; @default the catalogue's answer
 * @throws DockerceptionError of kind `usage` for a limit that makes no sense
 */
export function exceeded(
  inspection: Checked,
  given: Limits,
  cannotStart: (id: string) => boolean = keepsFromStarting,
): readonly Exceeded[] {
  const limits = complete(given);
  return [
    ...sizes(inspection, limits),
    ...denials(inspection, limits.deny),
    ...(limits.denySetuid ? setuid(inspection) : []),
    ...(limits.denyIds ? unmappable(inspection) : []),
    ...(limits.mustRun ? mustRun(inspection.findings, cannotStart) : []),
  ];
}

function* sizes(
  { size, layers, waste }: Checked,
  limits: Complete<typeof LIMITS>,
): Generator<Exceeded> {
  const { maxSize, maxLayers, maxWaste } = limits;
  const alone = { offenders: [], count: 0 };
  if (size > maxSize)
    yield {
      limit: '--max-size',
      message: `it has ${amounts(size, maxSize)} are allowed`,
      ...alone,
    };
  if (layers.length > maxLayers) {
    const message = `it has ${layers.length} layers, ${maxLayers} are allowed`;
    yield { limit: '--max-layers', message, ...alone };
  }
  const most = typeof maxWaste === 'number' ? maxWaste : (size * maxWaste.percent) / 100;
  if (waste.bytes > most) {
    const share =
      typeof maxWaste === 'number' ? '' : ` (${maxWaste.percent} % of ${formatBytes(size)})`;
    const message = `${amounts(waste.bytes, Math.floor(most))}${share} are allowed`;
    yield { limit: '--max-waste', message: `it wastes ${message}`, ...alone };
  }
}

/** `12.4 MB, 10.0 MB`; where rounding would make them the same, to the byte. */
function amounts(has: number, allowed: number): string {
  const rounded = [formatBytes(has), formatBytes(allowed)];
  return rounded[0] === rounded[1] ? `${has} bytes, ${allowed}` : rounded.join(', ');
}

function denials({ root, waste }: Checked, patterns: readonly string[]): Exceeded[] {
  const byPattern = new Map<string, Offenders>();
  for (const { path, pattern, directory, hidden } of denied(
    compileDeny(patterns),
    root,
    waste.hidden,
  )) {
    const list = byPattern.get(pattern) ?? new Offenders();
    byPattern.set(pattern, list);
    const why = hidden && `${hidden.how} by layer ${hidden.by}, shipped in layer ${hidden.layer}`;
    list.add(why === undefined ? { path } : { path, why }, directory);
  }
  return [...new Set(patterns)].flatMap(
    (pattern) => byPattern.get(pattern)?.exceeded('--deny', pattern) ?? [],
  );
}

/** A directory's setgid bit only hands its group down, and its setuid bit does nothing on Linux. */
function setuid({ root }: Checked): Exceeded[] {
  const list = new Offenders();
  for (const { kind, mode, path, uid, gid } of walk(root))
    if (kind === 'file' && (mode & 0o6000) !== 0)
      list.add({ path, why: `${modeString(kind, mode)} ${uid}:${gid}` });
  return list.exceeded('--deny-setuid');
}

function unmappable({ unmappable: { first, count }, layers }: Checked): Exceeded[] {
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

function mustRun(findings: readonly Finding[], cannotStart: (id: string) => boolean): Exceeded[] {
  const all = findings.filter(({ id, severity }) => severity === 'error' && cannotStart(id));
  const [first] = all;
  if (first === undefined) return [];
  const offenders = all
    .slice(0, MAX_OFFENDERS)
    .map(({ path, message }) => (path === undefined ? { why: message } : { path, why: message }));
  return [{ limit: '--must-run', message: first.message, offenders, count: all.length }];
}
