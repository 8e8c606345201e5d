/** Edits that choose entries by the names they have after all other edits. */
import { UNUSED_IGNORE_FILE } from '../dockerfile/names.js';
import { compileIgnore } from '../dockerfile/patterns/ignore.js';
import { DockerceptionError } from '../errors.js';
import { cleanPath } from '../text/path.js';
import { printable } from '../text/printable.js';
import type { Edit } from './edit.js';

/** Patterns in the syntax of .dockerignore. */
export interface Selection {
  /** If not empty, only matching entries stay, with the directories above them. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Paths that stay in any case. */
  readonly always: readonly string[];
}

export function select({ include, exclude, always }: Selection): Edit {
  const included = include.length === 0 ? undefined : compileIgnore(include);
  const excluded = compileIgnore(exclude);
  const above = new Set([...include.map(literalStart), ...always].flatMap(parents));
  const kept = new Set(always);
  const stays = (path: string, directory: boolean): boolean => {
    if (path === '' || kept.has(path)) return true;
    if (excluded.matches(path)) return false;
    return included === undefined || included.matches(path) || (directory && above.has(path));
  };
  return keepOnly(stays, 'is excluded', {
    hint: 'keep both or neither: the link has no content of its own',
  });
}

/** Drops what doesn't stay. @param reason ends the error about a hard link to a file that is dropped */
function keepOnly(
  stays: (path: string, directory: boolean) => boolean,
  reason: string,
  advice?: { readonly hint: string },
): Edit {
  return (entry) => {
    if (!stays(cleanPath(entry.path) ?? '', entry.type === 'directory')) return 'drop';
    if (entry.type !== 'hard-link' || stays(cleanPath(entry.linkpath) ?? '', false))
      return undefined;
    const message = `the hard link points to ${printable(entry.linkpath)}, which ${reason}`;
    throw new DockerceptionError('context', 'TAR_LINK', message, advice);
  };
}

/** The components of a pattern before its first wildcard. */
function literalStart(pattern: string): string {
  const literal = pattern.replace(/^!?\/*/, '').split('/');
  const wild = literal.findIndex((part) => /[*?[\\]/.test(part));
  return (wild < 0 ? literal : [...literal.slice(0, wild), '*']).join('/');
}

/**
 * Drops what additions from the host replace: a file replaces everything at and below its path; directories merge.
 * @param additions the paths of each addition; those of directories end in `/`
 */
export function replaceBy(additions: readonly ReadonlySet<string>[]): Edit {
  const files = new Set<string>();
  const directories = new Set<string>();
  for (const path of additions.flatMap((paths) => [...paths])) {
    const clean = cleanPath(path) ?? '';
    if (path.endsWith('/')) directories.add(clean);
    else files.add(clean);
    for (const parent of parents(clean)) directories.add(parent);
  }
  const stays = (path: string, directory: boolean): boolean =>
    (directory || !directories.has(path)) &&
    ![path, ...parents(path)].some((one) => files.has(one));
  return keepOnly(stays, '`add` replaces');
}

/** The directories above a path, without the root. */
function parents(path: string): string[] {
  const above: string[] = [];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
    above.push(path.slice(0, at));
  return above;
}

/** Reports a .dockerignore, which is not applied. @param notice called with one line, at most once */
export function reportIgnoreFile(notice: (message: string) => void): Edit {
  let isReported = false;
  const edit: Edit = (entry) => {
    if (isReported || entry.type !== 'file') return;
    const { path } = entry;
    if (!path.endsWith('.dockerignore') || cleanPath(path) !== '.dockerignore') return;
    isReported = true;
    const { message, advice } = UNUSED_IGNORE_FILE;
    notice(`${message}: ${advice}`);
  };
  edit.plain = {};
  return edit;
}
