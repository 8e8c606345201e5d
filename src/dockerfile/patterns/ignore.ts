/**
 * .dockerignore: parsed as by the docker CLI (moby/patternmatcher/ignorefile), matched as by `docker build DIR`
 * (MatchesUsingParentResults).
 */
import { posix } from 'node:path';
import { DockerceptionError, messageOf } from '../../errors.js';
import { hasWildcards } from './glob.js';
import { compilePattern, type Pattern, PatternError } from './ignore-pattern.js';

/** Compiled patterns, for clean relative paths. */
export interface Ignore {
  /** Whether the last pattern that matches the path, or a directory above it, excludes it. */
  readonly matches: (path: string) => boolean;
  /** Whether a pattern with `!` may include entries below an excluded directory; the root is empty. */
  readonly couldKeepBelow: (directory: string) => boolean;
}

const MAX_CACHED = 4096;
/** Directories of one path that are cached. */
const MAX_LEVELS = 64;

/**
 * Returns the clean patterns of a .dockerignore.
 * @param name the name of the file in messages
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
  const cache = new Map<string, Matched>();

  // Whether an entry is excluded; sets `found` for each rule that matches here or above.
  const verdict = (
    above: Matched,
    matches: (rule: number) => boolean,
    found?: Matched,
  ): boolean => {
    let excluded = false;
    for (let index = 0; index < rules.length; index++) {
      const { negated } = rules[index] as Rule;
      // A rule that can't change the verdict is skipped, and counts as no match below.
      if (above[index] !== 1 && (negated !== excluded || !matches(index))) continue;
      if (found) found[index] = 1;
      excluded = !negated;
    }
    return excluded;
  };
  const matchedBy = (path: string) => (index: number) =>
    (rules[index] as Rule).pattern.matches(path);
  const none = new Uint8Array(rules.length);

  const directory = (path: string): Matched => {
    const known = cache.get(path);
    if (known !== undefined) return known;
    if (path.split('/', MAX_LEVELS + 1).length > MAX_LEVELS) return deepDirectory(path);
    const slash = path.lastIndexOf('/');
    const above = slash > 0 ? directory(path.slice(0, slash)) : none;
    const found = new Uint8Array(rules.length);
    verdict(above, matchedBy(path), found);
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(path, found);
    return found;
  };
  // The same in one pass over the path, for any depth.
  const deepDirectory = (path: string): Matched => {
    const prefixes = rules.map(({ pattern }) => pattern.prefixes(path));
    let found: Matched = none;
    for (let at = path.indexOf('/', 1); ; at = path.indexOf('/', at + 1)) {
      const length = at < 0 ? path.length : at;
      const own = new Uint8Array(rules.length);
      verdict(found, (index) => prefixes[index]?.(length) === true, own);
      found = own;
      if (at < 0) return found;
    }
  };

  const exceptions = rules.filter((each) => each.negated).map((each) => fixedPart(each.text));
  return {
    matches: (path) => {
      const slash = path.lastIndexOf('/');
      const above = slash > 0 ? directory(path.slice(0, slash)) : none;
      return verdict(above, matchedBy(path));
    },
    couldKeepBelow: (path) =>
      exceptions.some(
        (start) =>
          start === '' ||
          path === '' ||
          `${start}/`.startsWith(`${path}/`) ||
          `${path}/`.startsWith(start),
      ),
  };
}

/** Whether a source of COPY, the root if it is empty, is excluded with everything below it and all that it may match. */
export function excludesAll({ matches, couldKeepBelow }: Ignore, source: string): boolean {
  const parts = source.split('/');
  const wild = parts.findIndex(hasWildcards);
  return matches(source) && !couldKeepBelow(wild < 0 ? source : parts.slice(0, wild).join('/'));
}

/** The pattern that keeps one path, and everything below it. */
export function exceptionFor(path: string): string {
  return `!${path.replace(/[\\*?[\]]/g, '\\$&')}`;
}

/**
 * Adds exceptions for the .dockerignore and the Dockerfile, which the engine needs, as the docker CLI does
 * (TrimBuildFilesFromExcludes).
 */
export function keepBuildFiles(patterns: readonly string[], dockerfile: string): string[] {
  const kept = [...patterns];
  for (const file of ['.dockerignore', dockerfile])
    if (compileIgnore(kept).matches(file)) kept.push(exceptionFor(file));
  return kept;
}

/**
 * Returns the paths that are packed for the engine although these patterns exclude them: the Dockerfile and
 * .dockerignore, or the topmost directory that is packed only for them.
 */
export function excludedBuildFiles(ignore: Ignore, file: string): string[] {
  return ['.dockerignore', file].filter(ignore.matches).map((path) => {
    let top = path;
    for (let above = posix.dirname(top); above !== '.'; above = posix.dirname(above)) {
      if (!ignore.matches(above) || ignore.couldKeepBelow(above)) break;
      top = above;
    }
    return top;
  });
}

/** For each rule, 1 if it matches. */
type Matched = Uint8Array;

interface Rule {
  readonly text: string;
  readonly negated: boolean;
  readonly pattern: Pattern;
}

function rule(text: string): Rule {
  const cleaned = clean(text);
  const negated = cleaned.startsWith('!');
  const bare = negated ? cleaned.slice(1) : cleaned;
  try {
    if (bare === '') throw new PatternError('nothing follows its "!"');
    return { text: bare, negated, pattern: compilePattern(bare) };
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
