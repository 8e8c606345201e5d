/** Contents that went into a layer past the spool come back into it: the layer is none of the image's. */
import type { Readable } from 'node:stream';
import { decompress } from '../../../compression/decompress.js';
import type { Change } from '../../../filesystem/changes.js';
import type { ContentSink } from '../../../filesystem/content-sink.js';
import { isDirectory } from '../../../filesystem/node.js';
import { Tree } from '../../../filesystem/tree.js';
import { unpack } from '../../../filesystem/unpack.js';
import type { Spool } from '../spool/spool.js';

const NAME = 'a layer that was written ahead';

/**
 * Reads the layer to its end. Rejects with why it can't be read, or the spool can't be written.
 *
 * @param entries the layer's @param passed the offsets of the contents to take
 */
export async function takeBack(
  layer: Readable,
  entries: readonly Change[],
  passed: ReadonlySet<number>,
  spool: Spool,
): Promise<void> {
  const offsets = new Map<string, number>();
  for (const { path, node } of entries)
    if (!isDirectory(node) && passed.has(node.offset)) offsets.set(path, node.offset);
  const contents: ContentSink = {
    begin(size, path) {
      const place = spool.begin(size);
      spool.elsewhere.moveTo(offsets.get(path) as number, place);
      return place;
    },
    append: (bytes) => spool.append(bytes),
    ready: () => spool.ready(),
  };
  const keeps = (path: string): boolean => offsets.has(path);
  await unpack(await decompress(layer, NAME), { tree: new Tree(), contents, name: NAME, keeps });
  await spool.settle();
}
