/**
 * Symbolic links on the way of a path, followed inside a root as a process confined to it would:
 * path_resolution(7). All trees of the project are followed by this.
 */

/** As many links as Linux follows in one path. */
const MAX_LINKS = 40;

/** A tree, and how a path is followed in it. */
export interface FollowOptions<Node> {
  /** What is at the root, then at each of `from`. */
  readonly top: readonly (Node | undefined)[];
  /** The path of the root inside the tree, without links. @default the tree's own root */
  readonly from?: readonly string[];
  /** Where a link leads; undefined for what is no link. */
  readonly targetOf: (node: Node) => string | undefined;
  /** Whether a path leads on from it. @default a path leads on from anything, and through what is missing */
  readonly isDirectory?: (node: Node) => boolean;
  /** Whether a link at the end is followed, too. @default true */
  readonly followLast?: boolean;
}

/** Where a path leads. */
export interface Followed<Node> {
  /** From the tree's root. What is missing is taken as it is written. */
  readonly names: readonly string[];
  /** What is there; undefined when nothing is, when no directory is on the way, and after too many links. */
  readonly node: Node | undefined;
  /** The paths of the links that were followed, in their order. */
  readonly links: readonly string[];
  readonly hasTooManyLinks: boolean;
  /** Whether `..` led out of the root; there it has no effect. */
  readonly hasClimbed: boolean;
}

/** A name to look up: `above` are the names of its directory. */
export interface Step<Node> {
  readonly parent: Node | undefined;
  readonly above: readonly string[];
  readonly name: string;
}

/** Follows a path; what it yields is answered with what is there. */
export function* follow<Node>(
  path: string,
  { top, from = [], targetOf, isDirectory, followLast = true }: FollowOptions<Node>,
): Generator<Step<Node>, Followed<Node>, Node | undefined> {
  const names = [...from];
  const nodes = [...top];
  const links: string[] = [];
  let [isLost, hasClimbed] = [false, false];
  const rest = path.split('/').reverse();
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    if (name === '') continue;
    const parent = nodes.at(-1);
    if (isDirectory !== undefined) isLost ||= parent === undefined || !isDirectory(parent);
    if (name === '.') continue;
    if (name === '..') {
      if (names.length === from.length) hasClimbed = true;
      else {
        names.pop();
        nodes.pop();
      }
      continue;
    }
    const node = isLost ? undefined : yield { parent, above: names, name };
    const target = node === undefined ? undefined : targetOf(node);
    if (target === undefined || (!followLast && rest.every((part) => part === ''))) {
      names.push(name);
      nodes.push(node);
      continue;
    }
    const link = [...names, name];
    if (links.length === MAX_LINKS)
      return { names: link, node: undefined, links, hasTooManyLinks: true, hasClimbed };
    links.push(link.join('/'));
    if (target.startsWith('/')) {
      names.length = from.length;
      nodes.length = top.length;
    }
    rest.push(...target.split('/').reverse());
  }
  const node = isLost ? undefined : nodes.at(-1);
  return { names, node, links, hasTooManyLinks: false, hasClimbed };
}

/** Follows a path in a tree that is in memory. */
export function followIn<Node>(
  path: string,
  options: FollowOptions<Node> & {
    readonly child: (parent: Node | undefined, name: string) => Node | undefined;
  },
): Followed<Node> {
  const steps = follow(path, options);
  let step = steps.next();
  while (step.done !== true) step = steps.next(options.child(step.value.parent, step.value.name));
  return step.value;
}
