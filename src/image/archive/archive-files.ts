/**
 * The files of an image archive, read at their offsets. A compressed archive, and one that can't be read at any offset,
 * is first unpacked to a temporary file.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { DockerceptionError, readReason } from '../../errors.js';
import { readRange } from '../../files/file-range.js';
import { TemporaryFile } from '../../files/temporary-file.js';
import { printable } from '../../text/printable.js';
import { invalidImage } from '../document.js';
import type { LayoutFiles } from '../layout/layout-files.js';
import { followMember, indexTar, type TarMember } from './tar-index.js';

/** Bytes that contain the magic number of any compression. */
const HEAD = 16;
/** Bytes of one read. */
const READ = 256 << 10;

export class TarFiles implements LayoutFiles {
  private constructor(
    readonly name: string,
    private readonly file: FileHandle | TemporaryFile,
    private readonly members: ReadonlyMap<string, TarMember>,
  ) {}

  /**
   * Opens an archive and reads its headers.
   * @throws DockerceptionError: IMAGE_NOT_FOUND of kind usage; ARCHIVE_INVALID, ARCHIVE_TRUNCATED and
   *   those of decompression, of kind build; OUTPUT_FULL when it can't be unpacked.
   */
  static async open(path: string): Promise<TarFiles> {
    const file = await openTar(path);
    try {
      const { size } = file instanceof TemporaryFile ? file : await file.stat();
      return await TarFiles.of(path, file, size);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Reads the headers of an open archive, which is not compressed. Throws as {@link open}. */
  static async of(name: string, file: FileHandle | TemporaryFile, size: number): Promise<TarFiles> {
    return new TarFiles(name, file, await indexTar(file, size, name));
  }

  size(path: string): Promise<number | undefined> {
    return Promise.resolve(this.#find(path)?.size);
  }

  open(path: string): Promise<Readable> {
    const found = this.#find(path);
    if (found === undefined)
      return Promise.reject(invalidImage(this.name, `there is no ${printable(path)} in it`));
    return Promise.resolve(readRange(this.file, found.offset, found.size));
  }

  close(): Promise<void> {
    return this.file.close();
  }

  #find(path: string): Extract<TarMember, { kind: 'file' }> | undefined {
    const target = followMember(path, (at) => {
      const member = this.members.get(at);
      return member?.kind === 'link' ? member.target : undefined;
    });
    const member = this.members.get(target);
    return member?.kind === 'file' ? member : undefined;
  }
}

/** The file itself if it is an uncompressed regular file, else its unpacked content. */
async function openTar(path: string): Promise<FileHandle | TemporaryFile> {
  const file = await open(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  let plain = false;
  try {
    plain = await isPlain(file, path);
    return plain ? file : await unpack(file, path);
  } finally {
    if (!plain) await file.close();
  }
}

async function isPlain(file: FileHandle, path: string): Promise<boolean> {
  const found = await file.stat();
  if (found.isDirectory()) throw unreadable(path, new Error('it is a folder, not an archive'));
  if (!found.isFile()) return false;
  const head = Buffer.alloc(HEAD);
  const { bytesRead } = await file.read(head, 0, HEAD, 0);
  const { recognise } = await import('../../compression/decompress.js');
  return recognise(head.subarray(0, bytesRead)) === undefined;
}

async function unpack(file: FileHandle, path: string): Promise<TemporaryFile> {
  const { decompress } = await import('../../compression/decompress.js');
  const rest = file.createReadStream({ autoClose: false, highWaterMark: READ });
  const plain = await decompress(rest, printable(path));
  const target = new TemporaryFile();
  try {
    for await (const chunk of plain) await target.write(chunk as Buffer, target.size);
    return target;
  } catch (error) {
    plain.destroy();
    await target.close();
    if (!(error instanceof DockerceptionError) || error.kind === 'output') throw error;
    throw error.with({ kind: 'build' });
  }
}

function unreadable(path: string, cause: unknown): DockerceptionError {
  const message = `reading ${printable(path)}: ${readReason(cause)}`;
  return new DockerceptionError('usage', 'IMAGE_NOT_FOUND', message, { cause });
}
