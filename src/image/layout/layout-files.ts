/** The files of a layout, wherever they are. Names are relative, as `blobs/sha256/…`. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Descriptor } from '../descriptor.js';
import { blobPath, compare, digestOf, verified } from '../digest.js';
import { badImage } from '../image-error.js';

/** Bytes that a document may have: the specification's advice for registries. */
export const MAX_DOCUMENT = 4 << 20;
/** Bytes of one read. */
const READ = 1 << 20;

export interface LayoutFiles {
  /** What messages call it. */
  readonly name: string;
  /** Bytes of a file, `undefined` when there is none. */
  size(path: string): Promise<number | undefined>;
  /** A stream of a file that is there. */
  open(path: string): Promise<Readable>;
  /** A file's digest, where it is known already; without it, the file is read. */
  digest?(path: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/** A folder's. Nothing is kept open. */
export class FolderFiles implements LayoutFiles {
  constructor(readonly name: string) {}

  async size(path: string): Promise<number | undefined> {
    const found = await stat(join(this.name, path)).catch(() => undefined);
    return found?.isFile() === true ? found.size : undefined;
  }

  open(path: string): Promise<Readable> {
    return Promise.resolve(createReadStream(join(this.name, path), { highWaterMark: READ }));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A small file's bytes. Throws IMAGE_INVALID when there is none, or it is no document. */
export async function readDocument(files: LayoutFiles, path: string): Promise<Buffer> {
  const size = await files.size(path);
  if (size === undefined) throw badImage(files.name, `there is no ${path} in it`);
  if (size > MAX_DOCUMENT)
    throw badImage(files.name, `${path} has ${size} bytes, more than ${MAX_DOCUMENT}`);
  return buffer(await files.open(path));
}

/** A manifest's or a configuration's bytes, checked. Throws IMAGE_INVALID, BLOB_DIGEST. */
export async function readBlob(files: LayoutFiles, descriptor: Descriptor): Promise<Buffer> {
  const bytes = await readDocument(files, blobPath(descriptor.digest));
  const error = compare(descriptor, files.name, bytes.length, digestOf(bytes));
  if (error) throw error;
  return bytes;
}

/** A blob as a stream that checks itself. Throws IMAGE_INVALID when it isn't there. */
export async function openBlob(
  files: LayoutFiles,
  descriptor: Descriptor,
  path = blobPath(descriptor.digest),
): Promise<Readable> {
  if ((await files.size(path)) === undefined)
    throw badImage(files.name, `blob ${descriptor.digest} is not in it`);
  return verified(await files.open(path), descriptor, files.name);
}
