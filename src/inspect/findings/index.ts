/** The findings of an image or a context, by all rules. */
import { type Finding, MAX_LISTED, type Severity } from '../facts.js';
import { missing } from './missing.js';
import { type Rule, visitAll } from './rule.js';
import { healthFindings, startFindings } from './start/start.js';
import { runOf, type Subject } from './subject.js';
import { caches } from './unwanted/caches.js';
import { leftovers } from './unwanted/leftovers.js';
import { permissions, unmappableOwners } from './unwanted/permissions.js';
import { secrets } from './unwanted/secrets.js';
import { ignoreFile, sources, versionControl } from './unwanted/sources.js';
import { toolchain } from './unwanted/toolchain.js';

export type { ContextKind, Subject } from './subject.js';

const ORDER: readonly Severity[] = ['error', 'warning', 'info'];

/** Errors first, then warnings; by id, then by path. */
export async function findingsOf(subject: Subject): Promise<Finding[]> {
  const { root, image } = subject;
  const found: Finding[] = [];
  const rules: Rule[] = [
    versionControl(subject),
    caches(subject),
    ignoreFile(subject),
    ...secrets(subject),
    ...leftovers(subject),
    ...permissions(),
  ];
  // A context contains what the build needs.
  if (subject.kind === 'image') rules.push(...toolchain(), sources());
  if (image?.config.os === 'linux') {
    const run = runOf(root, image);
    const start = await startFindings(run);
    found.push(...start.findings, ...healthFindings(run, image));
    rules.push(missing(run, new Set(start.running)));
  }
  visitAll(root, rules);
  found.push(...unmappableOwners(subject));
  for (const rule of rules) found.push(...rule.findings());
  return bounded(found.sort(compare));
}

function compare(one: Finding, other: Finding): number {
  const [before, after] = [keyOf(one), keyOf(other)];
  return before < after ? -1 : before > after ? 1 : 0;
}

function keyOf({ severity, id, path = '' }: Finding): string {
  return `${ORDER.indexOf(severity)} ${id}\0${path}`;
}

/** Lists `MAX_LISTED` findings of each id, and counts the others. */
function bounded(sorted: readonly Finding[]): Finding[] {
  const ids = new Set(sorted.map(({ id }) => id));
  return [...ids].flatMap((id) => {
    const group = sorted.filter((one) => one.id === id);
    const left = group.length - MAX_LISTED;
    if (left <= 0) return group;
    const { severity, advice } = group[0] as Finding;
    return [...group.slice(0, MAX_LISTED), { id, severity, message: `and ${left} more`, advice }];
  });
}
