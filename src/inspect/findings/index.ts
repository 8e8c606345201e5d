/** What there is to say about an image or a context: every group of rules, in one list. */
import type { Finding, Severity } from '../finding.js';
import { startFindings } from './start.js';
import { runOf, type Subject } from './subject.js';

export type { Subject } from './subject.js';

/** Findings of one id; more are counted. */
const MOST = 20;
const ORDER: readonly Severity[] = ['error', 'warning', 'info'];

/** Errors first, then warnings; by id, then by path. */
export async function findingsOf(subject: Subject): Promise<Finding[]> {
  const { root, image } = subject;
  const all: Finding[] = [];
  if (image?.config.os === 'linux')
    all.push(...(await startFindings(runOf(root, image), image.config.architecture)).findings);
  return bounded(all.sort(compare));
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
