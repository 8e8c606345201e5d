/** Packs files of the host into a tar. A file with several names is packed once; its other names are hard links. */
import fs, { type Stats } from 'node:fs';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import { HARD_LINK, typeflagOf } from '../tar/block.js';
import { END_OF_ARCHIVE, headerOf, paddingAfter } from '../tar/writer.js';
import { toBinary } from '../text/binary.js';
import { printable } from '../text/printable.js';

/** Which files to pack, and under which names. */
export interface PackOptions {
  /** Paths below the root, `.` for itself, in batches. Directories come without their contents. */
  readonly entries: AsyncIterable<readonly string[]> | Iterable<readonly string[]>;
  /** The name of a path in the tar, without a `/` at its end. @default the path */
  readonly rename?: (path: string) => string;
  /** The name of the root in error messages. */
  readonly name: string;
}

/** Bytes that are gathered into one chunk. */
const CHUNK = 64 * 1024;

/**
 * Packs entries below `root`, an absolute path without links, when the stream is read. It fails with
 * `CONTEXT_UNREADABLE` if a file is unreadable, vanishes or changes its size.
 */
export function packTree(root: string, options: PackOptions): Readable {
  return Readable.from(gathered(packed(root, options)), {
    objectMode: false,
    highWaterMark: CHUNK,
  });
}

async function* packed(
  root: string,
  { entries, rename = (path) => path, name: rootName }: PackOptions,
): AsyncGenerator<Buffer> {
  const links = new HardLinks();
  for await (const paths of entries) {
    for (const path of paths) {
      const at = posix.join(root, path);
      try {
        const stat = fs.lstatSync(at);
        const name = toBinary(rename(path));
        const first = links.firstName(at, stat, name);
        yield describe(at, stat, name, first);
        if (!stat.isFile() || first !== undefined) continue;
        // A small file is read at once: a thread for each step would cost many times the step.
        if (stat.size <= SMALL) yield readWhole(at, stat.size);
        else yield* readInPieces(at, stat.size);
        yield paddingAfter(stat.size);
      } catch (error) {
        throw unreadable(posix.join(rootName, path), error);
      }
    }
  }
  yield END_OF_ARCHIVE;
}

/** The blocks before the content. @param first the name under which the same file was packed before */
function describe(path: string, stat: Stats, name: string, first: string | undefined): Buffer {
  const typeflag = first === undefined ? typeflagOf(stat.mode) : HARD_LINK;
  if (typeflag === undefined) throw new Error('it is a socket');
  return headerOf({
    path: typeflag === '5' ? `${name}/` : name,
    typeflag,
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    size: typeflag === '0' ? stat.size : 0,
    mtime: Math.floor(stat.mtimeMs / 1000),
    linkpath: first ?? (typeflag === '2' ? fs.readlinkSync(path, 'latin1') : undefined),
    device: '34'.includes(typeflag) ? deviceOf(stat.rdev) : undefined,
  });
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

/** Files with several names, until all of them were packed. */
class HardLinks {
  readonly #files = new Map<string, { readonly name: string; left: number }>();

  /** The name under which the file was packed before, if any. */
  firstName(path: string, stat: Stats, name: string): string | undefined {
    if (stat.nlink < 2 || stat.isDirectory()) return undefined;
    // Inode numbers may exceed a number's precision.
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

const READ_SIZE = 256 * 1024;
const SMALL = 64 * 1024;
// A link that replaces the file must not be followed, and a pipe must not block.
const FLAGS = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;
const CHANGED = 'its size changed while it was read';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it was there, and is gone',
  ENOTDIR: 'it was there, and is gone',
  ELOOP: 'it was a file, and is a link now',
  EACCES: 'permission denied',
};

/** An entry of a directory can't be read; `path` as the user would write it. */
export function unreadable(path: string, cause: unknown): DockerceptionError {
  if (cause instanceof DockerceptionError) return cause;
  // A name that isn't UTF-8 comes from Node with replacement characters, and doesn't lead back.
  const undecoded = path.includes('\uFFFD') && systemCode(cause) === 'ENOENT';
  const why = undecoded
    ? 'its name is not UTF-8'
    : (REASONS[systemCode(cause) ?? ''] ?? messageOf(cause));
  const message = `reading ${printable(path)}: ${why}`;
  return new DockerceptionError('context', 'CONTEXT_UNREADABLE', message, {
    hint: 'make it readable, or name it in .dockerignore',
    cause,
  });
}

/** Reads a file of `size` bytes. Throws if it has another size. */
function readWhole(path: string, size: number): Buffer {
  const descriptor = fs.openSync(path, FLAGS);
  try {
    const buffer = Buffer.allocUnsafe(size + 1);
    const length = fs.readSync(descriptor, buffer, 0, buffer.length, null);
    if (length !== size) throw new Error(CHANGED);
    return buffer.subarray(0, size);
  } finally {
    fs.closeSync(descriptor);
  }
}

async function* readInPieces(path: string, size: number): AsyncGenerator<Buffer> {
  const file = await fs.promises.open(path, FLAGS);
  try {
    for (let left = size; ;) {
      // One byte more than is left: a short read shows the end of the file without another read.
      const buffer = Buffer.allocUnsafe(Math.min(READ_SIZE, left + 1));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead > left || (bytesRead === 0 && left > 0)) throw new Error(CHANGED);
      left -= bytesRead;
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      if (left === 0 && bytesRead < buffer.length) return;
    }
  } finally {
    await file.close();
  }
}
