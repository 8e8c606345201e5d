/** Follows the symbolic links of a path inside a root, as for a process confined to it: path_resolution(7). */

/** The limit of Linux. */
const MAX_LINKS = 40;

/** How a path is followed in a tree. */
export interface FollowOptions<Node> {
  /** The nodes at the root and at each of `from`. */
  readonly top: readonly (Node | undefined)[];
  /** The path of the root inside the tree, without links. @default the tree's own root */
  readonly from?: readonly string[];
  /** The target of a link; undefined for other nodes. */
  readonly targetOf: (node: Node) => string | undefined;
  /** Whether a node is a directory. @default paths continue after any node, and after missing ones */
  readonly isDirectory?: (node: Node) => boolean;
  /** Whether a final link is followed. @default true */
  readonly followLast?: boolean;
}

/** Where a path leads. */
export interface Followed<Node> {
  /** From the root of the tree; missing names are kept. */
  readonly names: readonly string[];
  /** The node; undefined if it is missing, not in a directory, or after too many links. */
  readonly node: Node | undefined;
  /** The paths of the followed links in their order. */
  readonly links: readonly string[];
  readonly hasTooManyLinks: boolean;
  /** Whether `..` led out of the root; there it has no effect. */
  readonly hasClimbed: boolean;
}

/** Follows a path. The caller answers each name, which is yielded with its directory, with its node. */
export function* follow<Node>(
  path: string,
  { top, from = [], targetOf, isDirectory, followLast = true }: FollowOptions<Node>,
): Generator<
  { readonly parent: Node | undefined; readonly above: readonly string[]; readonly name: string },
  Followed<Node>,
  Node | undefined
> {
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
