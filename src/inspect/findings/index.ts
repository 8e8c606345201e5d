/** What there is to say about an image or a context: every group of rules, in one list. */
import type { Finding, Severity } from '../finding.js';
import { missing } from './missing.js';
import { type Rule, visitAll } from './rule.js';
import { healthFindings } from './start/health.js';
import { startFindings } from './start/start.js';
import { runOf, type Subject } from './subject.js';
import { caches } from './unwanted/caches.js';
import { devices } from './unwanted/devices.js';
import { ignoreFile } from './unwanted/ignore-file.js';
import { leftovers } from './unwanted/leftovers.js';
import { unmappableOwners } from './unwanted/owners.js';
import { permissions } from './unwanted/permissions.js';
import { secrets } from './unwanted/secrets.js';
import { sources } from './unwanted/sources.js';
import { toolchain } from './unwanted/toolchain.js';
import { versionControl } from './unwanted/version-control.js';

export type { ContextKind, Subject } from './subject.js';

/** Findings of one id; more are counted. */
const MOST = 20;
const ORDER: readonly Severity[] = ['error', 'warning', 'info'];

/** Errors first, then warnings; by id, then by path. */
export async function findingsOf(subject: Subject): Promise<Finding[]> {
  const { root, image } = subject;
  const found: Finding[] = [];
  const rules: Rule[] = [
    versionControl(subject),
    secrets(subject),
    caches(subject),
    leftovers(subject),
    permissions(),
    ignoreFile(subject),
    devices(),
  ];
  // Before it is built, it has everything that building takes, and nothing of what a base brings.
  if (subject.kind === 'image') rules.push(toolchain(), sources());
  if (image?.config.os === 'linux') {
    const run = runOf(root, image);
    const start = await startFindings(run, image.config.architecture);
    found.push(...start.findings, ...healthFindings(run, image));
    rules.push(missing(run, new Set(start.running)));
  }
  visitAll(root, rules);
  found.push(...unmappableOwners(subject));
  for (const rule of rules) found.push(...rule.findings());
  return bounded(found.sort(compare));
}

function compare(one: Finding, other: Finding): number {
  return (
    ORDER.indexOf(one.severity) - ORDER.indexOf(other.severity) ||
    ascending(one.id, other.id) ||
    ascending(one.path ?? '', other.path ?? '')
  );
}

/** Not as a language would have it: the same everywhere. */
function ascending(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** @param sorted those of one id stand together */
function bounded(sorted: readonly Finding[]): Finding[] {
  const groups = new Map<string, Finding[]>();
  for (const one of sorted) {
    const group = groups.get(one.id);
    if (group === undefined) groups.set(one.id, [one]);
    else group.push(one);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group as [Finding];
    const left = group.length - MOST;
    if (left <= 0) return group;
    const { id, severity, advice } = first;
    return [...group.slice(0, MOST), { id, severity, message: `and ${left} more`, advice }];
  });
}
