/** Entries whose owners a rootless engine can't map. */
import { printable } from '../../../text/printable.js';
import type { Finding } from '../../finding.js';
import { finding } from '../catalogue.js';
import type { Subject } from '../subject.js';

export function unmappableOwners({ kind, context, unmappable }: Subject): Finding[] {
  const [first] = unmappable?.first ?? [];
  if (unmappable === undefined || first === undefined) return [];
  // What packs a directory sets its owners.
  if (kind === 'context' && context === 'directory') return [];
  const { path, uid, gid } = first;
  const more = unmappable.count - 1;
  const others = more === 0 ? '' : ` and ${more.toLocaleString('en')} more`;
  return [
    finding(
      'unmappable-owner',
      path,
      `${printable(path)}${others}: the owner ${uid}:${gid} is beyond the 65,536 ids of a rootless engine, which can’t unpack it`,
      kind === 'context'
        ? 'filter and build set 0:0; --keep-owner does not'
        : 'COPY --chown=0:0, or build without --keep-owner',
    ),
  ];
}
