/** Files of the host as a tar. A file with several names is packed once; its other names are hard links. */
import fs, { type Stats } from 'node:fs';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { HARD_LINK, typeflagOf } from '../tar/block.js';
import { END_OF_ARCHIVE, headerOf, paddingAfter } from '../tar/writer.js';
import { toBinary } from '../text/binary.js';
import { readBody, unreadable } from './host-file.js';

/** What to pack, and under which names. */
export interface PackOptions {
  /** Paths below the root, `.` for itself, in batches. Directories come without their contents. */
  readonly entries: () => AsyncIterable<readonly string[]>;
  /** The name that a path gets, without a `/` at its end. */
  readonly rename: (path: string) => string;
  /** What error messages call the root. */
  readonly name: string;
}

/** Bytes that are gathered before they are handed on. */
const CHUNK = 64 * 1024;

/**
 * Packs what is below `root`, an absolute path without links. Nothing is read before the stream
 * is. It fails with `CONTEXT_UNREADABLE` when a file is unreadable, vanishes or changes its size.
 */
export function packTree(root: string, options: PackOptions): Readable {
  return Readable.from(gathered(packed(root, options)), {
    objectMode: false,
    highWaterMark: CHUNK,
  });
}

async function* packed(root: string, options: PackOptions): AsyncGenerator<Buffer> {
  const links = new HardLinks();
  for await (const paths of options.entries()) {
    for (const path of paths) {
      const at = posix.join(root, path);
      const shown = posix.join(options.name, path);
      const stat = status(at, shown);
      const name = toBinary(options.rename(path));
      const first = links.firstName(at, stat, name);
      yield describe(at, shown, stat, name, first);
      if (!stat.isFile() || first !== undefined) continue;
      yield* readBody(at, stat.size, shown);
      yield paddingAfter(stat.size);
    }
  }
  yield END_OF_ARCHIVE;
}

function status(path: string, shown: string): Stats {
  try {
    return fs.lstatSync(path);
  } catch (error) {
    throw unreadable(shown, error);
  }
}

/** The blocks in front of the content. `first` is another name of the same file, which has it. */
function describe(
  path: string,
  shown: string,
  stat: Stats,
  name: string,
  first: string | undefined,
): Buffer {
  const typeflag = first === undefined ? typeflagOf(stat.mode) : HARD_LINK;
  if (typeflag === undefined) throw unreadable(shown, new Error('it is a socket'));
  return headerOf({
    path: typeflag === '5' ? `${name}/` : name,
    typeflag,
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    size: typeflag === '0' ? stat.size : 0,
    mtime: Math.floor(stat.mtimeMs / 1000),
    linkpath: first ?? (typeflag === '2' ? target(path, shown) : undefined),
    device: '34'.includes(typeflag) ? deviceOf(stat.rdev) : undefined,
  });
}

function target(path: string, shown: string): string {
  try {
    return fs.readlinkSync(path, 'latin1');
  } catch (error) {
    throw unreadable(shown, error);
  }
}

/** Linux's encoding of a device's numbers: makedev(3). */
function deviceOf(rdev: number): { major: number; minor: number } {
  const low = rdev % 2 ** 32;
  const high = Math.floor(rdev / 2 ** 32);
  return {
    major: ((low >>> 8) & 0xfff) + (high & 0xfffff000),
    minor: (low & 0xff) + ((low >>> 12) & 0xffffff00),
  };
}

/** Files with several names, until all of them were seen. */
class HardLinks {
  readonly #files = new Map<string, { readonly name: string; left: number }>();

  /** Another name of the file, when one was packed before; otherwise this one is the first. */
  firstName(path: string, stat: Stats, name: string): string | undefined {
    if (stat.nlink < 2 || stat.isDirectory()) return undefined;
    // Inodes may be larger than a number holds.
    const exact = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (exact === undefined) return undefined;
    const key = `${exact.dev}:${exact.ino}`;
    const known = this.#files.get(key);
    if (known === undefined) {
      this.#files.set(key, { name, left: stat.nlink - 1 });
      return undefined;
    }
    if (--known.left === 0) this.#files.delete(key);
    return known.name;
  }
}

/** The same bytes in larger pieces. */
async function* gathered(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const piece of pieces) {
    parts.push(piece);
    length += piece.length;
    if (length < CHUNK) continue;
    // Copied even when it is one: readers write into chunks.
    yield Buffer.concat(parts, length);
    parts = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(parts, length);
}
