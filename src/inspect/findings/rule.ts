/** Rules that visit every entry, all in one walk. */
import type { Entry } from '../entry.js';
import type { Finding } from '../facts.js';
import { isPackagePath, isSystemPath } from '../probe/package-paths.js';

/** The kind of the folder that contains an entry, by its path. */
export interface Place {
  /** A folder of the distribution: /usr/bin, /lib. */
  readonly isSystem: boolean;
  /** Packages of a language: node_modules, site-packages. */
  readonly isPackage: boolean;
  /** Tests, documentation or examples. */
  readonly isSample: boolean;
  /** Inside a folder of version control or a cache, which is one finding. */
  readonly isInside: boolean;
}

/** Finds one kind of problem in one walk. */
export interface Rule {
  /** Directories are visited before their children. */
  visit(entry: Entry, place: Place): void;
  /** Called once, after the walk. */
  findings(): Iterable<Finding>;
}

/** A rule that judges entries one by one. */
export function entryRule(check: (entry: Entry, place: Place) => Finding | undefined): Rule {
  const found: Finding[] = [];
  return {
    visit: (entry, place) => {
      const finding = check(entry, place);
      if (finding !== undefined) found.push(finding);
    },
    findings: () => found,
  };
}

/** Several entries that are one finding. */
export interface Group {
  readonly first: Entry;
  count: number;
  bytes: number;
  /** The first few names. */
  readonly names: Set<string>;
}

const MAX_NAMES = 4;

/**
 * A rule that reports groups of entries.
 * @param keyOf the group of an entry, if any
 */
export function groupRule(
  keyOf: (entry: Entry, place: Place) => string | undefined,
  report: (key: string, group: Group) => Finding,
): Rule {
  const groups = new Map<string, Group>();
  return {
    visit: (entry, place) => {
      const key = keyOf(entry, place);
      if (key === undefined) return;
      let group = groups.get(key);
      if (group === undefined)
        groups.set(key, (group = { first: entry, count: 0, bytes: 0, names: new Set() }));
      group.count++;
      group.bytes += entry.size;
      if (group.names.size < MAX_NAMES) group.names.add(entry.name);
    },
    findings: () => [...groups].map(([key, group]) => report(key, group)),
  };
}

const SAMPLES =
  /^(?:tests?|testing|test[-_]?data|fixtures?|examples?|samples?|docs?|specs?|demos?|mocks?|__(?:tests|mocks|fixtures)__|dummyserver)$/i;
const VERSION_CONTROL = new Set(['.git', '.svn', '.hg', '.bzr', '.jj', '_darcs', 'CVS']);
const CACHES = new Set(['_cacache', '.cache']);

const ROOT: Place = { isSystem: false, isPackage: false, isSample: false, isInside: false };

export function isVersionControl({ name, kind }: Entry): boolean {
  return kind === 'directory' && VERSION_CONTROL.has(name);
}

/** Depth-first, parents first. Not recursive, since trees may be deep. */
export function visitAll(root: Entry, rules: readonly Rule[]): void {
  const entries = [root];
  const places = [ROOT];
  for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
    const place = places.pop() as Place;
    for (const rule of rules) rule.visit(entry, place);
    if (entry.children === undefined) continue;
    const inside = entry === root ? ROOT : placeIn(entry, place);
    for (const child of [...entry.children.values()].reverse()) {
      entries.push(child);
      places.push(inside);
    }
  }
}

function placeIn(folder: Entry, { isPackage, isSample, isInside }: Place): Place {
  const path = `${folder.path}/`;
  return {
    isSystem: isSystemPath(path),
    isPackage: isPackage || isPackagePath(path),
    isSample: isSample || SAMPLES.test(folder.name),
    isInside: isInside || isVersionControl(folder) || CACHES.has(folder.name),
  };
}
