/**
 * ADD of a local file, or of any file with --unpack. A tar, plain or compressed, is recognised by its content and
 * unpacked into the destination, which then is a directory (docs.docker.com/reference/dockerfile, "ADD local tar
 * archives"). Any other file is copied.
 */
import type { Readable } from 'node:stream';
import { decompress } from '../../../compression/decompress.js';
import { DockerceptionError } from '../../../errors.js';
import type { Leaf } from '../../../filesystem/node.js';
import { MADE_BY_ROOT, type Tree } from '../../../filesystem/tree.js';
import { unpack } from '../../../filesystem/unpack.js';
import { BLOCK } from '../../../tar/block.js';
import { verifiedSum } from '../../../tar/header-fields.js';
import { fromBinary } from '../../../text/binary.js';
import { printable } from '../../../text/printable.js';
import { contentChunks, readableOf } from '../spool/contents.js';
import type { Spool } from '../spool/spool.js';
import type { OwnerIds } from './accounts.js';
import type { Copier } from './copy.js';
import type { Source } from './sources.js';

const ARCHIVE_NAME = /\.(?:tar\.\w+|tgz|tbz2?|txz|tzst)$/i;

/** The destination of a file. */
export interface AddTarget {
  readonly tree: Tree;
  readonly spool: Spool;
  /** Binary and absolute. */
  readonly dest: string;
  readonly copier: Copier;
  readonly owner: OwnerIds | undefined;
}

/** Unpacks or copies one file. Rejects if an archive is damaged. */
export async function addFile(source: Source, target: AddTarget): Promise<void> {
  const { tree, spool, dest, copier, owner } = target;
  const file = source.node as Leaf;
  const name = printable(fromBinary(source.name));
  if (!(await isArchive(file, spool, name))) return copier.copy(source, dest);
  const into = tree.resolve(dest);
  tree.directory(into, { ...MADE_BY_ROOT, ...owner });
  const options = { tree, contents: spool, name, into, strict: true };
  await unpack(await open(file, spool, name), { ...options, ...(owner && { owner }) });
}

/** Whether the decompressed content starts with a tar header. */
async function isArchive(file: Leaf, spool: Spool, name: string): Promise<boolean> {
  const header = Buffer.alloc(BLOCK);
  let filled = 0;
  try {
    for await (const chunk of await open(file, spool, name)) {
      filled += (chunk as Buffer).copy(header, filled);
      if (filled === BLOCK) break;
    }
  } catch (error) {
    // The content is not in the format of its first bytes. It is an archive only if a header was read.
    if (filled < BLOCK && error instanceof DockerceptionError)
      if (error.code === 'COMPRESSED_UNSUPPORTED' || ARCHIVE_NAME.test(name)) throw error;
  }
  return filled === BLOCK && verifiedSum(header, 0) >= 0 && header.some((byte) => byte !== 0);
}

function open(file: Leaf, spool: Spool, name: string): Promise<Readable> {
  return decompress(readableOf(contentChunks(file, spool)), name);
}
