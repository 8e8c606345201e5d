/** What a stage is built upon: a file system that is read when it is needed, and a configuration. */
import { finished } from 'node:stream/promises';
import { decompress } from '../../../compression/decompress.js';
import { DockerceptionError } from '../../../errors.js';
import type { Descriptor } from '../../../image/descriptor.js';
import type { Image } from '../../../image/manifest.js';
import { ACCOUNT_FILES } from '../steps/accounts.js';
import type { Spool } from '../spool/spool.js';
import type { Directory } from '../../../filesystem/node.js';
import { Tree } from '../../../filesystem/tree.js';
import { unpack } from '../../../filesystem/unpack.js';

/** An image's file system. */
export interface ImageSystem {
  readonly tree: Tree;
  /** As it was after each layer. Frozen: what they share, they share with the tree. */
  readonly layers: readonly Directory[];
}

/**
 * Reads an image's file system. Without `contents` it keeps what names of owners are looked up in:
 * enough to put files into it, not to take any out. Rejects with BASE_LAYER or BLOB_DIGEST, of kind
 * build, for a layer that isn't what it should be.
 */
export async function readImage(
  image: Image,
  spool: Spool,
  contents: boolean,
  signal: AbortSignal,
): Promise<ImageSystem> {
  const tree = new Tree();
  const layers: Directory[] = [];
  for (const layer of image.layers) {
    signal.throwIfAborted();
    const name = `layer ${layer.digest.slice(0, 19)} of ${image.name}`;
    const stream = await image.blobs.open(layer);
    const abort = (): void => void stream.destroy(signal.reason as Error);
    signal.addEventListener('abort', abort);
    try {
      const keeps = contents ? {} : { keeps: isAccountFile };
      await unpack(await decompress(stream, name), {
        tree,
        contents: spool,
        name,
        whiteouts: true,
        ...keeps,
      });
      layers.push(tree.freeze());
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw await asBuildError(error, image, layer);
    } finally {
      signal.removeEventListener('abort', abort);
      stream.destroy();
    }
  }
  return { tree, layers };
}

function isAccountFile(path: string): boolean {
  return ACCOUNT_FILES.includes(path);
}

/**
 * A base is no context: what is wrong with it is no fault of the stream. A blob that was damaged is told
 * by its digest, which is known at its end, while what unpacks it stumbles on the way.
 */
async function asBuildError(error: unknown, image: Image, layer: Descriptor): Promise<unknown> {
  if (!(error instanceof DockerceptionError) || error.kind !== 'context') return error;
  try {
    await finished((await image.blobs.open(layer)).resume());
  } catch (damage) {
    if (damage instanceof DockerceptionError) return damage;
  }
  return new DockerceptionError('build', 'BASE_LAYER', error.message, { cause: error });
}
