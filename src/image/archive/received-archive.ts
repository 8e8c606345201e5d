/** An image archive that BuildKit writes. It can be read before it appears under its name. */
import type { Readable } from 'node:stream';
import { readRange } from '../../files/file-range.js';
import { OutputFile } from '../../files/output-file.js';
import { readAssembled } from '../layout/layout-reader.js';
import type { AssembledImage } from '../manifest.js';
import { TarFiles } from './archive-files.js';

export class ReceivedArchive {
  private constructor(private readonly file: OutputFile) {}

  /**
   * Begins an archive.
   * @param path only {@link finish} creates or replaces the file. @default the archive is only read
   * @throws DockerceptionError of kind output.
   */
  static async create(path?: string): Promise<ReceivedArchive> {
    return new ReceivedArchive(
      path === undefined ? OutputFile.temporary() : await OutputFile.create(path),
    );
  }

  /** Bytes received. */
  get size(): number {
    return this.file.size;
  }

  /** Stores the archive. Rejects with the error of `content`, or of kind output. */
  async receive(content: AsyncIterable<Buffer>): Promise<void> {
    await this.file.writeFrom(content, 0);
  }

  /** The image in the archive, which has only one. Throws of kind build for an invalid archive. */
  async image(): Promise<AssembledImage> {
    return readAssembled(await TarFiles.of('the image of BuildKit', this.file, this.size));
  }

  /** The archive as a stream. */
  read(): Readable {
    return readRange(this.file, 0, this.size);
  }

  /** Publishes the archive at its path, if it has one. */
  finish(): Promise<void> {
    return this.file.publish();
  }

  /** Closes the archive, and removes it unless it was finished. Idempotent. */
  close(): Promise<void> {
    return this.file.close();
  }
}
