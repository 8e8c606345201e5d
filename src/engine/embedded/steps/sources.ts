/**
 * What the sources of a COPY mean: paths from a root, links followed inside it, and Go's
 * filepath.Match for names with `*`, `?` and `[`. A match doesn't lead through a link to a directory.
 */
import { compileGlob, hasWildcards } from '../../../dockerfile/match.js';
import { DockerceptionError } from '../../../errors.js';
import { componentsInside } from '../../../tar/path.js';
import { printable } from '../../../tar/printable.js';
import {
  isDirectory,
  isSymlink,
  type Directory,
  type Leaf,
  type Node,
} from '../../../filesystem/node.js';
import { fromBinary, toBinary } from '../../../text/binary.js';
import { nearest } from '../../../dockerfile/nearest.js';
import { display, type Components, type Tree } from '../../../filesystem/tree.js';

const ANY_DEPTH = '**';

/** One thing to copy. */
export interface Source {
  /** Its last component as the Dockerfile or the match names it; empty for the root. */
  readonly name: string;
  readonly node: Node;
  /** Where it was found, links not followed. */
  readonly literal: Components;
}

/**
 * Everything that a source means; nothing for a pattern that nothing matches. Throws
 * COPY_NOT_FOUND with the nearest names for a path, or a directory before a pattern, that isn't there.
 *
 * @param where what a message calls the tree: `the context`.
 * @param anyDepth whether `**` stands for any number of directories, as for COPY --parents.
 */
export function findSources(tree: Tree, source: string, where: string, anyDepth = false): Source[] {
  const clean = componentsInside(source);
  const wild = clean.findIndex(hasWildcards);
  if (wild >= 0) {
    const patterns = clean.slice(wild);
    const oneLevel = patterns.map((pattern) => (pattern === ANY_DEPTH ? '*' : pattern));
    const folder = clean.slice(0, wild);
    const start = tree.find(folder.map(toBinary).join('/'));
    if (start === undefined) throw notFound(tree, clean, where);
    if (!isDirectory(start)) return [];
    return match(tree, folder.map(toBinary), start, anyDepth ? patterns : oneLevel);
  }
  const literal = clean.map(toBinary);
  const node = tree.find(literal.join('/'));
  if (node === undefined) throw notFound(tree, clean, where);
  return [{ name: literal.at(-1) ?? '', node, literal }];
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
  // Each directory is visited once, with the patterns that its entries may match: any number of
  // `**` costs no more than one.
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
      if (matched.includes(last)) found.push({ name, node: existing(tree, literal), literal });
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

/** What a match leads to: a link to nothing is no source. */
function existing(tree: Tree, literal: Components): Node {
  const node = tree.find(literal.join('/'));
  if (node === undefined) throw notFound(tree, literal.map(fromBinary), 'the links of a match');
  return node;
}

/** The error for what isn't there; tells what is, nearby. */
export function notFound(tree: Tree, path: readonly string[], where: string): DockerceptionError {
  const shown = printable(path.join('/'));
  let folder: Components = [];
  let depth = 0;
  for (; depth < path.length; depth++) {
    const next = tree.resolve(
      path
        .slice(0, depth + 1)
        .map(toBinary)
        .join('/'),
    );
    if (!isDirectory(tree.at(next))) break;
    folder = next;
  }
  const directory = tree.at(folder) as Directory;
  const missing = path[depth] ?? '';
  const link = directory.children.get(toBinary(missing));
  if (isSymlink(link)) return leadsNowhere(shown, link, printable(missing), where);
  const names = nearest(missing, [...directory.children.keys()].map(fromBinary));
  const there = folder.length === 0 ? where : `${display(folder).slice(1)} of ${where}`;
  return new DockerceptionError('build', 'COPY_NOT_FOUND', `${shown} is not in ${where}`, {
    hint:
      names.length === 0
        ? `there is nothing in ${there}`
        : `the nearest in ${there}: ${names.map((name) => printable(name)).join(', ')}`,
  });
}

/** The name is there: that it isn't where its link leads is what somebody has to know. */
function leadsNowhere(path: string, link: Leaf, name: string, where: string): DockerceptionError {
  const target = printable(fromBinary(link.extra?.target ?? ''));
  return new DockerceptionError(
    'build',
    'COPY_NOT_FOUND',
    `${path} is not in ${where}: ${name} is a link to ${target}`,
    { hint: `links are followed inside ${where} alone` },
  );
}
