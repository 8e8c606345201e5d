/** The files of a layout in a folder, an archive or a stream. Paths are relative, such as `blobs/sha256/…`. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Descriptor } from '../descriptor.js';
import { blobPath, compare, digestOf, verified } from '../digest.js';
import { invalidImage, MAX_DOCUMENT } from '../document.js';

/** Bytes per read. */
const READ = 1 << 20;

export interface LayoutFiles {
  /** The folder or the file, for messages. */
  readonly name: string;
  /** The bytes of a file; undefined if it is missing. */
  size(path: string): Promise<number | undefined>;
  open(path: string): Promise<Readable>;
  /** The digest of a file, if it is known without reading it. */
  digest?(path: string): Promise<string | undefined>;
}

/** The files of a layout folder. */
export class FolderFiles implements LayoutFiles {
  constructor(readonly name: string) {}

  async size(path: string): Promise<number | undefined> {
    const found = await stat(join(this.name, path)).catch(() => undefined);
    return found?.isFile() === true ? found.size : undefined;
  }

  open(path: string): Promise<Readable> {
    return Promise.resolve(createReadStream(join(this.name, path), { highWaterMark: READ }));
  }
}

/** The bytes of a document. Throws IMAGE_INVALID if it is missing or too large. */
export async function readDocument(files: LayoutFiles, path: string): Promise<Buffer> {
  const size = await files.size(path);
  if (size === undefined) throw invalidImage(files.name, `there is no ${path} in it`);
  if (size > MAX_DOCUMENT)
    throw invalidImage(files.name, `${path} has ${size} bytes, more than ${MAX_DOCUMENT}`);
  return buffer(await files.open(path));
}

/** The verified bytes of a manifest or a configuration. Throws IMAGE_INVALID, BLOB_DIGEST. */
export async function readBlob(files: LayoutFiles, descriptor: Descriptor): Promise<Buffer> {
  const bytes = await readDocument(files, blobPath(descriptor.digest));
  const error = compare(descriptor, files.name, bytes.length, digestOf(bytes));
  if (error) throw error;
  return bytes;
}

/** A verified stream of a blob. Throws IMAGE_INVALID if it is missing. */
export async function openBlob(
  files: LayoutFiles,
  descriptor: Descriptor,
  path = blobPath(descriptor.digest),
): Promise<Readable> {
  if ((await files.size(path)) === undefined)
    throw invalidImage(files.name, `blob ${descriptor.digest} is not in it`);
  return verified(await files.open(path), descriptor, files.name);
}
