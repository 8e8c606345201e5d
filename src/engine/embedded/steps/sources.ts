/**
 * Finds the sources of a COPY: paths from a root, with links followed inside it, and patterns of Go's filepath.Match.
 * A pattern does not match through a link to a directory.
 */
import { compileGlob, hasWildcards } from '../../../dockerfile/patterns/glob.js';
import { DockerceptionError } from '../../../errors.js';
import { type Directory, isDirectory, isSymlink, type Node } from '../../../filesystem/node.js';
import { type Components, display, type Tree } from '../../../filesystem/tree.js';
import { fromBinary, toBinary } from '../../../text/binary.js';
import { componentsInside } from '../../../text/path.js';
import { printable } from '../../../text/printable.js';
import { nearestNames } from '../../../text/suggest.js';

const ANY_DEPTH = '**';

/** One thing to copy. */
export interface Source {
  /** The last component of the path or of the match; empty for the root. */
  readonly name: string;
  readonly node: Node;
  /** The path where it was found, before links are followed. */
  readonly literal: Components;
}

/**
 * Finds the files and directories of a source. The result is empty for a pattern without a match. Throws COPY_NOT_FOUND
 * with similar names if a path, or the directory before a pattern, does not exist.
 *
 * @param where the name of the tree in messages: `the context`
 * @param anyDepth whether `**` matches any number of directories, as in COPY --parents
 */
export function findSources(tree: Tree, source: string, where: string, anyDepth = false): Source[] {
  const clean = componentsInside(source);
  const wild = clean.findIndex(hasWildcards);
  const literal = (wild < 0 ? clean : clean.slice(0, wild)).map(toBinary);
  const node = tree.find(literal.join('/'));
  if (node === undefined) throw notFound(tree, clean, where);
  if (wild < 0) return [{ name: literal.at(-1) ?? '', node, literal }];
  const patterns = clean.slice(wild);
  const oneLevel = patterns.map((pattern) => (pattern === ANY_DEPTH ? '*' : pattern));
  return isDirectory(node) ? match(tree, literal, node, anyDepth ? patterns : oneLevel) : [];
}

function match(
  tree: Tree,
  folder: Components,
  start: Directory,
  patterns: readonly string[],
): Source[] {
  const found: Source[] = [];
  const matchers = patterns.map(compileGlob);
  const last = patterns.length - 1;
  const isAnyDepth = (depth: number): boolean => patterns[depth] === ANY_DEPTH && depth < last;
  // Each directory is visited once, with all patterns that its entries may match, so that the number of `**` does
  // not matter.
  const rest: Visit[] = [{ directory: start, above: folder, depths: [0] }];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { directory, above } = next;
    const depths = new Set(next.depths);
    for (const depth of depths) if (isAnyDepth(depth)) depths.add(depth + 1);
    const below: Visit[] = [];
    for (const name of [...directory.children.keys()].sort()) {
      const child = directory.children.get(name);
      const text = fromBinary(name);
      const matched = [...depths].filter((depth) => isAnyDepth(depth) || matchers[depth]?.(text));
      if (matched.length === 0) continue;
      const literal = [...above, name];
      if (matched.includes(last)) {
        const node = tree.find(literal.join('/'));
        if (node === undefined)
          throw notFound(tree, literal.map(fromBinary), 'the links of a match');
        found.push({ name, node, literal });
      }
      const deeper = matched
        .filter((depth) => depth < last)
        .map((depth) => (isAnyDepth(depth) ? depth : depth + 1));
      if (deeper.length > 0 && isDirectory(child))
        below.push({ directory: child, above: literal, depths: deeper });
    }
    rest.push(...below.reverse());
  }
  return found;
}

interface Visit {
  readonly directory: Directory;
  readonly above: Components;
  readonly depths: readonly number[];
}

/** The error for a missing path, with similar names as a hint. */
export function notFound(tree: Tree, path: readonly string[], where: string): DockerceptionError {
  const shown = printable(path.join('/'));
  let folder: Components = [];
  let depth = 0;
  for (; depth < path.length; depth++) {
    const next = tree.resolve(toBinary(path.slice(0, depth + 1).join('/')));
    if (!isDirectory(tree.at(next))) break;
    folder = next;
  }
  const directory = tree.at(folder) as Directory;
  const missing = path[depth] ?? '';
  const link = directory.children.get(toBinary(missing));
  const message = `${shown} is not in ${where}`;
  if (isSymlink(link)) {
    const target = printable(fromBinary(link.extra?.target ?? ''));
    const broken = `${message}: ${printable(missing)} is a link to ${target}`;
    const hint = `links are followed inside ${where} alone`;
    return new DockerceptionError('build', 'COPY_NOT_FOUND', broken, { hint });
  }
  const names = nearestNames(missing, [...directory.children.keys()].map(fromBinary));
  const there = folder.length === 0 ? where : `${display(folder).slice(1)} of ${where}`;
  const hint =
    names.length === 0
      ? `there is nothing in ${there}`
      : `the nearest in ${there}: ${names.map((name) => printable(name)).join(', ')}`;
  return new DockerceptionError('build', 'COPY_NOT_FOUND', message, { hint });
}
