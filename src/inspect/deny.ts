/**
 * The entries that `--deny PATTERN` matches, in .dockerignore's syntax. A matching directory is reported once, without its
 * contents. Hidden files count, since they are shipped.
 */
import { compileIgnore, type Ignore } from '../dockerfile/patterns/ignore.js';
import { DockerceptionError } from '../errors.js';
import { childrenOf, depthFirst, type Entry } from './entry.js';
import type { HiddenFile } from './facts.js';

export interface Denied {
  readonly path: string;
  /** The pattern that matches, as given. */
  readonly pattern: string;
  readonly directory: boolean;
  /** The file, if only a lower layer has it. */
  readonly hidden?: HiddenFile;
}

/** Compiled patterns, for paths without a leading slash. */
export interface Deny {
  readonly ignore: Ignore;
  readonly single: readonly { readonly pattern: string; readonly ignore: Ignore }[];
}

/** @throws DockerceptionError `IGNORE_PATTERN` of kind `usage` */
export function compileDeny(patterns: readonly string[]): Deny {
  const relative = patterns.map((pattern) => pattern.trim().replace(/^(!?)\s*\/+(?=.)/, '$1'));
  if (relative.includes('')) {
    const message = "reading the option 'deny': it names no pattern";
    const hint = "`deny: '**/*.c'` denies every file that ends in .c";
    throw new DockerceptionError('usage', 'IGNORE_PATTERN', message, { hint });
  }
  return {
    ignore: compileIgnore(relative),
    single: relative.flatMap((one, index) =>
      one.startsWith('!')
        ? []
        : [{ pattern: patterns[index] as string, ignore: compileIgnore([one]) }],
    ),
  };
}

/** In the order of the tree; then hidden files. */
export function* denied(deny: Deny, root: Entry, hidden: readonly HiddenFile[]): Generator<Denied> {
  const found = new Set<string>();
  const below = (entry: Entry): Entry[] => (found.has(entry.path) ? [] : childrenOf(entry));
  for (const here of depthFirst(root, below)) {
    const directory = here.kind === 'directory';
    // If an exception may match below, the entries are reported one by one.
    const mayKeepBelow = directory && (here.children?.size ?? 0) > 0;
    if (here.parent === undefined || !isDenied(deny, here.path, mayKeepBelow)) continue;
    found.add(here.path);
    yield { path: here.path, pattern: patternOf(deny, here.path), directory };
  }
  for (const file of hidden) {
    const path = ancestors(file.path).find((each) => isDenied(deny, each, each !== file.path));
    if (path === undefined || found.has(path)) continue;
    found.add(path);
    const directory = path !== file.path;
    yield { path, pattern: patternOf(deny, path), directory, hidden: file };
  }
}

function isDenied({ ignore }: Deny, path: string, mayKeepBelow: boolean): boolean {
  const relative = path.slice(1);
  return ignore.matches(relative) && !(mayKeepBelow && ignore.couldKeepBelow(relative));
}

/** The last matching pattern, which decides. */
function patternOf({ single }: Deny, path: string): string {
  return single.findLast(({ ignore }) => ignore.matches(path.slice(1)))?.pattern ?? '';
}

/** `/a`, `/a/b`, `/a/b/c`. */
function ancestors(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 2).join('/'));
}
