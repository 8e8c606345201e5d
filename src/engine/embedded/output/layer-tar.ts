/**
 * Changes as a tar, in large chunks of one reused buffer: bodies are read from the spool right
 * into it. A name of a file that was written before becomes a hard link.
 * OCI image-spec, layer.md; a name that starts with `.wh.` would delete, so it is refused.
 */
import { DockerceptionError } from '../../../errors.js';
import type { Blob } from '../../../image/store.js';
import { BLOCK, paddingOf } from '../../../tar/block.js';
import { printable } from '../../../tar/printable.js';
import { HARD_LINK, typeflagOf } from '../../../tar/typeflag.js';
import { END_OF_ARCHIVE, writeHeader, type WrittenEntry } from '../../../tar/writer.js';
import type { Change } from '../../../filesystem/changes.js';
import { isDirectory, NO_TIME, type Leaf } from '../../../filesystem/node.js';
import { fromBinary } from '../../../text/binary.js';
import { segments } from '../spool/contents.js';
import type { Spool } from '../spool/spool.js';

const CHUNK = 512 << 10;

/** Where contents come from, and the time of entries without one. */
export interface LayerTarOptions {
  readonly spool: Pick<Spool, 'read'>;
  /** Seconds since 1970, for entries without a time. */
  readonly time: number;
  /** Names that start with `.wh.` are plain names: in a context, not in a layer. @default false */
  readonly whiteoutNames?: boolean;
  /** A promise while the bytes of the spool before `end` can't be read. @default all can */
  readonly whenReadable?: (end: number) => Promise<void> | undefined;
  /** Stops it: its reason is thrown. @default never */
  readonly signal?: AbortSignal;
}

/**
 * The tar of these changes, its end-of-archive included. Throws LAYER_WHITEOUT, of kind context.
 * A chunk is valid until the next one is asked for.
 */
export function layerTar(entries: Iterable<Change>, options: LayerTarOptions): Blob {
  return batchedLayerTar([entries], options);
}

/** The same of changes that become known a batch at a time. */
export async function* batchedLayerTar(
  batches: Iterable<Iterable<Change>> | AsyncIterable<Iterable<Change>>,
  options: LayerTarOptions,
): Blob {
  const open = { chunk: Buffer.allocUnsafeSlow(CHUNK), filled: 0, firstNames: new Map() };
  for await (const batch of batches) yield* entriesOf(batch, open, options);
  if (open.filled > 0) yield open.chunk.subarray(0, open.filled);
  yield END_OF_ARCHIVE;
}

/** A tar whose end isn't known. */
interface OpenTar {
  readonly chunk: Buffer;
  /** Bytes of the chunk that wait for more. */
  filled: number;
  /** By what the names of one file share. */
  readonly firstNames: Map<object, string>;
}

async function* entriesOf(
  entries: Iterable<Change>,
  open: OpenTar,
  options: LayerTarOptions,
): Blob {
  const { chunk, firstNames } = open;
  for (const change of entries) {
    const { path, node } = change;
    options.signal?.throwIfAborted();
    if (options.whiteoutNames !== true) refuseWhiteout(path);
    const entry = headerOf(change, firstNames, options.time);
    if (open.filled + BLOCK > CHUNK) {
      yield chunk.subarray(0, open.filled);
      open.filled = 0;
    }
    const front = writeHeader(chunk, open.filled, entry);
    if (front !== undefined) {
      const block = Buffer.from(chunk.subarray(open.filled, open.filled + BLOCK));
      yield Buffer.concat([chunk.subarray(0, open.filled), front]);
      block.copy(chunk, 0);
      open.filled = 0;
    }
    open.filled += BLOCK;
    if (entry.size === 0) continue;
    for (const [offset, length] of segments(node as Leaf)) {
      for (let done = 0; done < length;) {
        const step = Math.min(length - done, CHUNK - open.filled);
        if (offset < 0) chunk.fill(0, open.filled, open.filled + step);
        else {
          const waiting = options.whenReadable?.(offset + done + step);
          if (waiting !== undefined) await waiting;
          options.spool.read(chunk, open.filled, offset + done, step);
        }
        open.filled += step;
        done += step;
        if (open.filled < CHUNK) continue;
        yield chunk;
        open.filled = 0;
        options.signal?.throwIfAborted();
      }
    }
    // Bodies and headers are padded to blocks, and the chunk is a multiple of them.
    const padding = paddingOf(entry.size);
    chunk.fill(0, open.filled, open.filled + padding);
    open.filled += padding;
  }
}

/** All members each time, in one order: this runs once for every file. */
function headerOf(
  { path, node, mtime }: Change,
  firstNames: Map<object, string>,
  time: number,
): WrittenEntry {
  const { mode, uid, gid, extra } = node;
  const isFolder = isDirectory(node);
  const first = extra?.links === undefined ? undefined : firstNames.get(extra.links);
  if (extra?.links !== undefined && first === undefined) firstNames.set(extra.links, path);
  return {
    path: isFolder ? `${path}/` : path,
    typeflag: first === undefined ? (typeflagOf(mode) as string) : HARD_LINK,
    mode: mode & 0o7777,
    uid,
    gid,
    size: isFolder || first !== undefined ? 0 : node.size,
    mtime: mtime === NO_TIME ? time : mtime,
    linkpath: first ?? extra?.target,
    device: extra?.device,
    xattrs: extra?.xattrs,
  };
}

function refuseWhiteout(path: string): void {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!name.startsWith('.wh.')) return;
  throw new DockerceptionError(
    'context',
    'LAYER_WHITEOUT',
    `writing a layer: ${printable(fromBinary(path))} would delete a file of the layers below`,
    { hint: `names that start with '.wh.' can't be in an image: --exclude '**/.wh.*'` },
  );
}
