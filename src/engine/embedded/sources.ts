/**
 * What the sources of a COPY mean: paths from a root, links followed inside it, and Go's
 * filepath.Match for names with `*`, `?` and `[`. A match doesn't lead through a link to a directory.
 */
import { compileGlob, hasWildcards } from '../../dockerfile/match.js';
import { DockerceptionError } from '../../errors.js';
import { printable } from '../../tar/printable.js';
import {
  fromBinary,
  isDirectory,
  isSymlink,
  toBinary,
  type Directory,
  type Leaf,
  type Node,
} from '../../filesystem/node.js';
import { nearest } from '../../dockerfile/nearest.js';
import { display, type Components, type Tree } from '../../filesystem/tree.js';

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
 * COPY_NOT_FOUND with the nearest names for a path that isn't there.
 *
 * @param where what a message calls the tree: `the context`.
 * @param anyDepth whether `**` stands for any number of directories, as for COPY --parents.
 */
export function findSources(tree: Tree, source: string, where: string, anyDepth = false): Source[] {
  const clean = cleanSource(source);
  const wild = clean.findIndex(hasWildcards);
  if (wild >= 0) {
    const patterns = clean.slice(wild);
    const oneLevel = patterns.map((pattern) => (pattern === ANY_DEPTH ? '*' : pattern));
    return match(tree, clean.slice(0, wild).map(toBinary), anyDepth ? patterns : oneLevel);
  }
  const literal = clean.map(toBinary);
  const node = tree.find(literal.join('/'));
  if (node === undefined) throw notFound(tree, clean, where);
  return [{ name: literal.at(-1) ?? '', node, literal }];
}

/** The components of a source: `..` stays at the root. */
export function cleanSource(source: string): string[] {
  const clean: string[] = [];
  for (const part of source.split('/')) {
    if (part === '..') clean.pop();
    else if (part !== '' && part !== '.') clean.push(part);
  }
  return clean;
}

function match(tree: Tree, folder: Components, patterns: readonly string[]): Source[] {
  const found: Source[] = [];
  const matchers = patterns.map(compileGlob);
  const visit = (directory: Directory, above: Components, depth: number): void => {
    const isLast = depth + 1 === patterns.length;
    const anyDepth = patterns[depth] === ANY_DEPTH && !isLast;
    if (anyDepth) visit(directory, above, depth + 1);
    for (const name of [...directory.children.keys()].sort()) {
      const literal = [...above, name];
      const child = directory.children.get(name);
      if (anyDepth) {
        if (isDirectory(child)) visit(child, literal, depth);
      } else if (matchers[depth]?.(fromBinary(name)) === true) {
        if (isLast) found.push({ name, node: existing(tree, literal), literal });
        else if (isDirectory(child)) visit(child, literal, depth + 1);
      }
    }
  };
  const start = tree.find(folder.join('/'));
  if (isDirectory(start)) visit(start, folder, 0);
  return found;
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
