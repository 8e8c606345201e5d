/** Copies diverted contents from a layer back into the spool, when the layer does not become part of the image. */
import type { Readable } from 'node:stream';
import { decompress } from '../../../compression/decompress.js';
import type { Change } from '../../../filesystem/changes.js';
import type { ContentSink } from '../../../filesystem/content-sink.js';
import { isDirectory } from '../../../filesystem/node.js';
import { Tree } from '../../../filesystem/tree.js';
import { unpack } from '../../../filesystem/unpack.js';
import type { DivertingSpool } from './diverting-spool.js';

const NAME = 'a layer that was written ahead';

/**
 * Reads the layer to its end. Rejects if it cannot be read, or the spool cannot be written.
 *
 * @param entries those of the layer
 * @param diverted the offsets of the contents to restore
 */
export async function rollback(
  layer: Readable,
  entries: readonly Change[],
  diverted: ReadonlySet<number>,
  spool: DivertingSpool,
): Promise<void> {
  const offsets = new Map<string, number>();
  for (const { path, node } of entries)
    if (!isDirectory(node) && diverted.has(node.offset)) offsets.set(path, node.offset);
  const contents: ContentSink = {
    begin: (_size, path) => spool.restore(offsets.get(path) as number),
    append: (bytes) => spool.append(bytes),
    ready: () => spool.ready(),
  };
  const keeps = (path: string): boolean => offsets.has(path);
  await unpack(await decompress(layer, NAME), { tree: new Tree(), contents, name: NAME, keeps });
  await spool.settle();
}
