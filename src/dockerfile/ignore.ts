/**
 * .dockerignore: the file as the docker CLI reads it (moby/patternmatcher/ignorefile), and which
 * paths a list of patterns excludes as `docker build DIR` does (MatchesUsingParentResults there).
 */
import { posix } from 'node:path';
import { DockerceptionError, messageOf } from '../errors.js';
import { compilePattern, type Matches, PatternError } from './ignore-pattern.js';

/** Compiled patterns. Paths are relative, cleaned, with `/`. */
export interface Ignore {
  /** Whether the path is excluded: by the last pattern that matches it or a directory above it. */
  readonly matches: (path: string) => boolean;
  /** Whether a pattern with `!` may bring back something below an excluded directory. */
  readonly couldKeepBelow: (directory: string) => boolean;
}

/** Results per pattern are kept for so many directories, then forgotten. */
const MAX_CACHED = 4096;

/**
 * Returns the patterns of a .dockerignore, cleaned.
 * @param name what an error message calls the file
 * @throws DockerceptionError `IGNORE_PATTERN` of kind `context`, naming the line
 */
export function parseIgnore(text: string, name = '.dockerignore'): string[] {
  const patterns: string[] = [];
  text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .forEach((line, index) => {
      if (line.startsWith('#') || line.trim() === '') return;
      const negated = line.trim().startsWith('!');
      const bare = negated ? line.trim().slice(1).trim() : line.trim();
      const pattern = bare && clean(bare);
      patterns.push(
        (negated ? '!' : '') + (pattern.length > 1 ? pattern.replace(/^\//, '') : pattern),
      );
      try {
        compileIgnore(patterns.slice(-1));
      } catch (error) {
        const message = `reading ${name}: line ${index + 1}: ${messageOf(error)}`;
        throw new DockerceptionError('context', 'IGNORE_PATTERN', message, { cause: error });
      }
    });
  return patterns;
}

/** @throws DockerceptionError `IGNORE_PATTERN` of kind `usage` */
export function compileIgnore(patterns: readonly string[]): Ignore {
  const rules = patterns
    .map((pattern) => pattern.trim())
    .filter(Boolean)
    .map(rule);
  const cache = new Map<string, Uint8Array>();

  // Whether `path` is excluded; `found` gets, for each pattern, whether it matched here or above.
  const verdict = (path: string, found?: Uint8Array): boolean => {
    const slash = path.lastIndexOf('/');
    const above = slash > 0 ? directory(path.slice(0, slash)) : undefined;
    let excluded = false;
    for (let index = 0; index < rules.length; index++) {
      const { negated, matches } = rules[index] as Rule;
      // A pattern that can't change the verdict is not asked, and counts as no match below.
      if (above?.[index] !== 1 && (negated !== excluded || !matches(path))) continue;
      if (found) found[index] = 1;
      excluded = !negated;
    }
    return excluded;
  };
  const directory = (path: string): Uint8Array => {
    const known = cache.get(path);
    if (known) return known;
    const found = new Uint8Array(rules.length);
    verdict(path, found);
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(path, found);
    return found;
  };

  const exceptions = rules.filter((each) => each.negated).map((each) => fixedPart(each.pattern));
  return {
    matches: (path) => verdict(path),
    couldKeepBelow: (path) =>
      exceptions.some(
        (start) =>
          start === '' || `${start}/`.startsWith(`${path}/`) || `${path}/`.startsWith(start),
      ),
  };
}

/**
 * Adds exceptions for the build's own files, where they would be excluded, as the docker CLI does
 * (TrimBuildFilesFromExcludes): the engine has to get them.
 */
export function keepBuildFiles(patterns: readonly string[], dockerfile: string): string[] {
  const kept = [...patterns];
  for (const file of ['.dockerignore', dockerfile])
    if (compileIgnore(kept).matches(file)) kept.push(`!${file.replace(/[\\*?[\]]/g, '\\$&')}`);
  return kept;
}

interface Rule {
  readonly pattern: string;
  readonly negated: boolean;
  readonly matches: Matches;
}

function rule(text: string): Rule {
  const cleaned = clean(text);
  const negated = cleaned.startsWith('!');
  const pattern = negated ? cleaned.slice(1) : cleaned;
  try {
    if (pattern === '') throw new PatternError('there is nothing behind its "!"');
    return { pattern, negated, matches: compilePattern(pattern) };
  } catch (error) {
    const message = `reading the pattern ${JSON.stringify(text)}: ${messageOf(error)}`;
    throw new DockerceptionError('usage', 'IGNORE_PATTERN', message, { cause: error });
  }
}

/** The start of a pattern, up to its first special character. */
function fixedPart(pattern: string): string {
  const special = pattern.search(/[*?[\]\\^]/);
  return special < 0 ? pattern : pattern.slice(0, special);
}

/** Go's filepath.Clean. */
function clean(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 ? normal.replace(/\/$/, '') : normal;
}
