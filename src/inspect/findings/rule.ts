/**
 * Rules that look at every entry: all of them in one walk, which tells each what kind of place an
 * entry is in.
 */
import type { Entry } from '../entry.js';
import type { Finding } from '../finding.js';
import { isOfPackage, isSystem } from '../probe/package-paths.js';

/** What is known of a folder from its path; the same for everything in it. */
export interface Place {
  /** The distribution's folders, by their names: /usr/bin, /lib. */
  readonly isSystem: boolean;
  /** Packages of a language: node_modules, site-packages. */
  readonly isPackage: boolean;
  /** Tests, documentation, examples: what is in them is seldom meant. */
  readonly isSample: boolean;
  /** Inside a folder of version control, or of a cache, which is a finding as a whole. */
  readonly isInside: boolean;
}

/** Looks for one kind of thing. Made for one walk. */
export interface Rule {
  /** Directories come before what they hold. */
  visit(entry: Entry, place: Place): void;
  /** Called once, at the end. */
  findings(): Iterable<Finding>;
}

const SAMPLES =
  /^(?:tests?|testing|test[-_]?data|fixtures?|examples?|samples?|docs?|specs?|demos?|mocks?|__(?:tests|mocks|fixtures)__|dummyserver)$/i;
const VERSION_CONTROL = new Set(['.git', '.svn', '.hg', '.bzr', '.jj', '_darcs', 'CVS']);
const CACHES = new Set(['_cacache', '.cache']);

const ROOT: Place = { isSystem: false, isPackage: false, isSample: false, isInside: false };

/** Whether a folder is one of a version control's own. */
export function isVersionControl({ name, kind }: Entry): boolean {
  return kind === 'directory' && VERSION_CONTROL.has(name);
}

/** Walks through everything below a directory. */
export function visitAll(root: Entry, rules: readonly Rule[]): void {
  const stack: [entry: Entry, place: Place][] = [[root, ROOT]];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [entry, place] = next;
    for (const rule of rules) rule.visit(entry, place);
    if (entry.children === undefined) continue;
    const below = entry === root ? ROOT : placeIn(entry, place);
    for (const child of [...entry.children.values()].reverse()) stack.push([child, below]);
  }
}

function placeIn(folder: Entry, { isPackage, isSample, isInside }: Place): Place {
  const path = `${folder.path}/`;
  return {
    isSystem: isSystem(path),
    isPackage: isPackage || isOfPackage(path),
    isSample: isSample || SAMPLES.test(folder.name),
    isInside: isInside || isVersionControl(folder) || CACHES.has(folder.name),
  };
}
