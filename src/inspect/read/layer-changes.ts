/** What a layer changed: names that came, went, or stand for something else than before. */
import { type Directory, isDirectory, type Node, sameAttributes } from '../../filesystem/node.js';

export interface LayerChange {
  /** Binary, without a slash in front; empty for the root. */
  readonly path: string;
  /** What was there, and what is. */
  readonly old: Node | undefined;
  readonly node: Node | undefined;
  /** False for a directory that is the same, but for what is below it. */
  readonly touched: boolean;
}

/** Compares by reference: what wasn't touched is shared. Of a directory that is gone, all that was in it, too. */
export function* layerChanges(
  before: Directory | undefined,
  after: Directory,
): Generator<LayerChange> {
  const pending: { path: string; old: Node | undefined; node: Node | undefined }[] = [
    { path: '', old: before, node: after },
  ];
  for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
    const { path, old, node } = pair;
    if (old === node) continue;
    const [was, is] = [isDirectory(old) ? old : undefined, isDirectory(node) ? node : undefined];
    const touched = was === undefined || is === undefined || !sameAttributes(was, is);
    yield { path, old, node, touched };
    const prefix = path === '' ? '' : `${path}/`;
    for (const [name, child] of is?.children ?? []) {
      const oldChild = was?.children.get(name);
      if (oldChild !== child) pending.push({ path: prefix + name, old: oldChild, node: child });
    }
    for (const [name, child] of was?.children ?? [])
      if (is?.children.has(name) !== true)
        pending.push({ path: prefix + name, old: child, node: undefined });
  }
}
