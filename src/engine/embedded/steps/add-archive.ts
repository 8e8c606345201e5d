/**
 * ADD of a local file, or of any with --unpack: an archive is unpacked into the destination, which is
 * always a directory then, anything else is copied. What it is tells its content, whatever its name:
 * a tar, or one that is compressed (docs.docker.com/reference/dockerfile, "ADD local tar archives").
 */
import type { Readable } from 'node:stream';
import { decompress } from '../../../compression/decompress.js';
import { DockerceptionError } from '../../../errors.js';
import { BLOCK } from '../../../tar/block.js';
import { verifiedSum } from '../../../tar/checksum.js';
import { printable } from '../../../tar/printable.js';
import type { OwnerIds } from './accounts.js';
import { contentChunks } from '../spool/contents.js';
import type { Copier } from './copy.js';
import type { Leaf } from '../../../filesystem/node.js';
import { fromBinary } from '../../../text/binary.js';
import { readableOf } from '../spool/contents.js';
import type { Source } from './sources.js';
import type { Spool } from '../spool/spool.js';
import { MADE_BY_ROOT, type Tree } from '../../../filesystem/tree.js';
import { unpack } from '../../../filesystem/unpack.js';

const ARCHIVE_NAME = /\.(?:tar\.\w+|tgz|tbz2?|txz|tzst)$/i;

/** Where a file goes. */
export interface AddTarget {
  readonly tree: Tree;
  readonly spool: Spool;
  /** Binary and absolute. */
  readonly dest: string;
  readonly copier: Copier;
  readonly owner: OwnerIds | undefined;
}

/** Unpacks or copies one file. Rejects with what is wrong with an archive. */
export async function addFile(source: Source, target: AddTarget): Promise<void> {
  const { tree, spool, dest, copier, owner } = target;
  const file = source.node as Leaf;
  const name = printable(fromBinary(source.name));
  if (!(await isArchive(file, spool, name))) {
    copier.copy(source, dest);
    return;
  }
  const into = tree.resolve(dest);
  tree.directory(into, { ...MADE_BY_ROOT, ...owner });
  const tar = await open(file, spool, name);
  const strict = true;
  await unpack(tar, { tree, contents: spool, name, into, strict, ...(owner && { owner }) });
}

/** Whether it starts with a tar's header, once decompressed. */
async function isArchive(file: Leaf, spool: Spool, name: string): Promise<boolean> {
  const header = Buffer.alloc(BLOCK);
  let filled = 0;
  try {
    const stream = (await open(file, spool, name)) as AsyncIterable<Buffer>;
    for await (const chunk of stream) {
      filled += chunk.copy(header, filled);
      if (filled === BLOCK) break;
    }
  } catch (error) {
    // Not what its first bytes promised: no archive, unless a header came out of it.
    if (filled < BLOCK && isDamaged(error, name)) throw error;
  }
  return filled === BLOCK && verifiedSum(header, 0) >= 0 && header.some((byte) => byte !== 0);
}

/** Of what can't be read, its name alone tells what it was to be. */
function isDamaged(error: unknown, name: string): boolean {
  if (!(error instanceof DockerceptionError)) return false;
  return error.code === 'COMPRESSED_UNSUPPORTED' || ARCHIVE_NAME.test(name);
}

function open(file: Leaf, spool: Spool, name: string): Promise<Readable> {
  return decompress(readableOf(contentChunks(file, spool)), name);
}
