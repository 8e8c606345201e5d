/** What is different about the same name in two file systems. */
import type { Entry } from '../entry.js';

export type Change = 'kind' | 'content' | 'mode' | 'owner' | 'target' | 'device' | 'xattrs';

/** In this order; with another kind, content, target and device aren't compared. */
export function changesOf(before: Entry, after: Entry): readonly Change[] {
  const changes: Change[] = [];
  if (before.kind !== after.kind) changes.push('kind');
  else {
    if (!sameContent(before, after)) changes.push('content');
    if (before.target !== after.target) changes.push('target');
    if (!sameDevice(before, after)) changes.push('device');
  }
  // A link's own bits mean nothing, and every tool writes others.
  const isLink = before.kind === 'symlink' || after.kind === 'symlink';
  if (!isLink && before.mode !== after.mode) changes.push('mode');
  if (before.uid !== after.uid || before.gid !== after.gid) changes.push('owner');
  if (!sameXattrs(before.xattrs, after.xattrs)) changes.push('xattrs');
  return changes;
}

/** By size and hash; where nobody hashed, by size and time, as rsync does. */
function sameContent(before: Entry, after: Entry): boolean {
  if (before.kind !== 'file') return true;
  if (before.size !== after.size) return false;
  const [one, other] = [before.content?.hash, after.content?.hash];
  if (before.size === 0) return true;
  if (one === undefined || other === undefined) return before.mtime === after.mtime;
  return one === other;
}

function sameDevice({ device: one }: Entry, { device: other }: Entry): boolean {
  return one?.major === other?.major && one?.minor === other?.minor;
}

function sameXattrs(one: Entry['xattrs'], other: Entry['xattrs']): boolean {
  if ((one?.size ?? 0) !== (other?.size ?? 0)) return false;
  for (const [name, value] of one ?? []) {
    const found = other?.get(name);
    if (found === undefined || !value.equals(found)) return false;
  }
  return true;
}
