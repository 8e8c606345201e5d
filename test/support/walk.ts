/** The walk alone, without a pipeline around it. */
import type { EntryHeader } from '../../src/tar/entry-header.js';
import type { GlobalHeader } from '../../src/tar/global-header.js';
import { TarWalk } from '../../src/tar/walk.js';
import type { Ending } from '../../src/tar/walk-handler.js';

export interface Walked {
  readonly output: Buffer;
  readonly ending: Ending;
  readonly walk: TarWalk;
}

/** Walks over the bytes and edits each entry. Throws what the walk throws. */
export function walk(
  bytes: Buffer,
  edit: (entry: EntryHeader, lead: number) => void | 'drop' = () => undefined,
  { chunk = 64 * 1024, owned = true, global = (_: GlobalHeader): void => undefined } = {},
): Walked {
  const parts: Buffer[] = [];
  const walker = new TarWalk(
    { entry: edit, global, bytes: (part) => void parts.push(Buffer.from(part)) },
    'the stream',
  );
  for (let at = 0; at < bytes.length; at += chunk) {
    const piece = bytes.subarray(at, at + chunk);
    walker.push(owned ? Buffer.from(piece) : piece, owned);
  }
  return { ending: walker.end(), output: Buffer.concat(parts), walk: walker };
}
