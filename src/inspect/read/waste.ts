/** Bytes that are shipped and serve nobody: hidden by a later layer, or the same as others. */
import { type Entry, walk } from '../entry.js';
import type { Duplicate, HiddenFile, Waste } from '../inspection.js';
import type { LayerStack } from './layer-stack.js';
import { readablePath } from './readable-name.js';

/** Finds both. */
export function wasteOf(stack: LayerStack, root: Entry, kept: ReadonlySet<number>): Waste {
  const hidden = hiddenFiles(stack, kept);
  const duplicates = duplicatesOf(root);
  const bytes =
    hidden.reduce((sum, { size }) => sum + size, 0) +
    duplicates.reduce((sum, { wasted }) => sum + wasted, 0);
  return { bytes, hidden, duplicates };
}

/** A content that some name still leads to is not hidden; one with several names is hidden once. */
function hiddenFiles(stack: LayerStack, kept: ReadonlySet<number>): HiddenFile[] {
  const told = new Set<number>();
  const files: HiddenFile[] = [];
  for (const { path, size, offset, by, how } of stack.hidden) {
    if (size === 0 || kept.has(offset) || told.has(offset)) continue;
    told.add(offset);
    const layer = stack.contentLayer(offset);
    files.push({ path: `/${readablePath(path)}`, size, layer, by, how });
  }
  return files.sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1));
}

function duplicatesOf(root: Entry): Duplicate[] {
  const same = new Map<string, Entry[]>();
  const counted = new Set<object>();
  for (const entry of walk(root)) {
    const hash = entry.content?.hash;
    if (entry.kind !== 'file' || entry.size === 0 || hash === undefined) continue;
    if (entry.links !== undefined) {
      if (counted.has(entry.links)) continue;
      counted.add(entry.links);
    }
    const key = `${hash}${entry.size}`;
    const others = same.get(key);
    if (others === undefined) same.set(key, [entry]);
    else others.push(entry);
  }
  const duplicates = [...same.values()]
    .filter((entries) => entries.length > 1)
    .map((entries) => {
      const { size } = entries[0] as Entry;
      const paths = entries.map(({ path }) => path);
      return { size, wasted: size * (entries.length - 1), paths };
    });
  return duplicates.sort((a, b) => b.wasted - a.wasted || (a.paths < b.paths ? -1 : 1));
}
