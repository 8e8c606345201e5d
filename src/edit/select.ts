/**
 * `--include`, `--exclude`, `--dockerignore`: which entries stay, by the name they leave with, in
 * .dockerignore's syntax. The Dockerfile and the .dockerignore stay, as with `docker build`.
 */
import { compileIgnore } from '../dockerfile/ignore.js';
import { DockerceptionError } from '../errors.js';
import { cleanPath } from '../text/path.js';
import { printable } from '../text/printable.js';
import type { Edit } from './edit.js';

/** Patterns, one each. */
export interface Selection {
  /** When there are any, only what one of them matches stays, with the directories above it. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Paths that stay whatever the patterns say. */
  readonly always: readonly string[];
}

export function select({ include, exclude, always }: Selection): Edit {
  const included = include.length === 0 ? undefined : compileIgnore(include);
  const excluded = compileIgnore(exclude);
  const above = new Set([...include.map(literalStart), ...always].flatMap(ancestors));
  const kept = new Set(always);
  const stays = (path: string, directory: boolean): boolean => {
    if (path === '' || kept.has(path)) return true;
    if (excluded.matches(path)) return false;
    return included === undefined || included.matches(path) || (directory && above.has(path));
  };
  return (entry) => {
    const path = cleanPath(entry.path) ?? '';
    if (!stays(path, entry.type === 'directory')) return 'drop';
    if (entry.type === 'hard-link' && !stays(cleanPath(entry.linkpath) ?? '', false)) {
      const message = `the hard link points to ${printable(entry.linkpath)}, which is excluded`;
      throw new DockerceptionError('context', 'TAR_LINK', message, {
        hint: 'keep both or neither: the link has no content of its own',
      });
    }
    return undefined;
  };
}

/** The part of a pattern in front of its first wildcard, whole components alone. */
function literalStart(pattern: string): string {
  const literal = pattern.replace(/^!?\/*/, '').split('/');
  const wild = literal.findIndex((part) => /[*?[\\]/.test(part));
  return (wild < 0 ? literal : [...literal.slice(0, wild), '*']).join('/');
}

/** The directories above a path. */
function ancestors(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}
