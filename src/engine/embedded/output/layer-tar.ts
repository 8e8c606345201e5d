/**
 * Writes changes as a tar (OCI image-spec, layer.md) in large chunks of one reused buffer, into which bodies are read
 * directly. A second name of a file becomes a hard link. Names that start with `.wh.` would delete files, and are
 * refused.
 */
import type { Compression } from '../../../compression/compress.js';
import { DockerceptionError } from '../../../errors.js';
import { type Change, type Changes, isRun } from '../../../filesystem/changes.js';
import { isDirectory, type Leaf, NO_TIME } from '../../../filesystem/node.js';
import type { Blob } from '../../../image/store.js';
import { BLOCK, HARD_LINK, paddingOf, typeflagOf } from '../../../tar/block.js';
import { END_OF_ARCHIVE, writeHeader, type WrittenEntry } from '../../../tar/writer.js';
import { fromBinary } from '../../../text/binary.js';
import { printable } from '../../../text/printable.js';
import { segments } from '../spool/contents.js';
import type { Spool } from '../spool/spool.js';
import { RunWriter } from './run-writer.js';

const CHUNK = 512 << 10;

/** What the layers of a build have in common. */
export interface LayerSettings {
  /** Has the contents of the files. */
  readonly spool: Spool;
  /** Seconds since 1970, for entries without a time, such as a directory created by WORKDIR. */
  readonly time: number;
  readonly compression: Compression;
  readonly signal: AbortSignal;
}

export interface LayerTarOptions extends Pick<LayerSettings, 'spool' | 'time'> {
  /** Whether names that start with `.wh.` are allowed, as in a context. @default false */
  readonly whiteoutNames?: boolean;
  /** A promise while the bytes of the spool before `end` can't be read. @default all can */
  readonly whenReadable?: (end: number) => Promise<void> | undefined;
  /** Stops the tar, which throws the reason of the signal. */
  readonly signal?: AbortSignal;
}

/**
 * The tar of these changes with its end-of-archive. Hard links never lead from one batch to another. Throws
 * LAYER_WHITEOUT, of kind context. A chunk is valid until the next is requested.
 */
export async function* layerTar(
  batches: Iterable<Iterable<Changes>> | AsyncIterable<Iterable<Changes>>,
  { spool, time, whiteoutNames = false, whenReadable, signal }: LayerTarOptions,
): Blob {
  const chunk = Buffer.allocUnsafeSlow(CHUNK);
  const writer = new RunWriter(spool, chunk);
  /** Bytes of the chunk that are used. */
  let filled = 0;
  for await (const batch of batches) {
    const toEntry = entryWriter(time);
    for (const change of batch) {
      signal?.throwIfAborted();
      if (isRun(change)) {
        for (let next = 0; next < change.numbers.length;) {
          [next, filled] = writer.write(change, next, filled);
          if (next === change.numbers.length) break;
          yield chunk.subarray(0, filled);
          filled = 0;
          signal?.throwIfAborted();
        }
        continue;
      }
      if (!whiteoutNames) refuseWhiteout(change.path);
      const entry = toEntry(change);
      if (filled + BLOCK > CHUNK) {
        yield chunk.subarray(0, filled);
        filled = 0;
      }
      const front = writeHeader(chunk, filled, entry);
      if (front !== undefined) {
        const block = Buffer.from(chunk.subarray(filled, filled + BLOCK));
        yield Buffer.concat([chunk.subarray(0, filled), front]);
        block.copy(chunk, 0);
        filled = 0;
      }
      filled += BLOCK;
      if (entry.size === 0) continue;
      for (const [offset, length] of segments(change.node as Leaf)) {
        for (let done = 0; done < length;) {
          const step = Math.min(length - done, CHUNK - filled);
          if (offset < 0) chunk.fill(0, filled, filled + step);
          else {
            const waiting = whenReadable?.(offset + done + step);
            if (waiting !== undefined) await waiting;
            spool.read(chunk, filled, offset + done, step);
          }
          filled += step;
          done += step;
          if (filled < CHUNK) continue;
          yield chunk;
          filled = 0;
          signal?.throwIfAborted();
        }
      }
      // The chunk is a multiple of the block size, so that padding always fits.
      const padding = paddingOf(entry.size);
      chunk.fill(0, filled, filled + padding);
      filled += padding;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
  yield END_OF_ARCHIVE;
}

/**
 * Returns a function from the changes of one batch to what their headers say.
 * @param time of changes without a time
 */
export function entryWriter(time: number): (change: Change) => WrittenEntry {
  /** The first name of each file with several, by the object that its names share. */
  const firstNames = new Map<object, string>();
  return (change) => entryOf(change, firstNames, time);
}

/** Hot path: the object always has the same members in the same order. */
function entryOf(
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
  const shown = printable(fromBinary(path));
  const message = `writing a layer: ${shown} would delete a file of the layers below`;
  const hint = `names that start with '.wh.' can't be in an image: \`exclude: '**/.wh.*'\``;
  throw new DockerceptionError('context', 'LAYER_WHITEOUT', message, { hint });
}
