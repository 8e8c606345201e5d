/**
 * An image archive, written in one pass: an OCI layout in a tar, with the `manifest.json` that
 * `docker load` reads beside it. OCI image-spec, image-layout.md; moby, image/tarexport.
 */
import type { Readable, Writable } from 'node:stream';
import { OutputFile, writeToStream } from '../../files/output-file.js';
import { BLOCK, paddingOf } from '../../tar/block.js';
import { END_OF_ARCHIVE, headerBlock, paddingAfter } from '../../tar/writer.js';
import type { Descriptor } from '../descriptor.js';
import { blobPath, compare } from '../digest.js';
import { dockerManifest, LAYOUT_VERSION, layoutIndex } from '../layout/layout-index.js';
import type { AssembledImage } from '../manifest.js';
import type { Blob, BlobSource, RevocableStore } from '../store.js';
import { writeBlob, type Written } from '../write-blob.js';

/** How an archive is written. */
export interface ArchiveOptions {
  /** Seconds since 1970, of every entry. @default 0 */
  readonly mtime?: number;
}

interface Place {
  readonly offset: number;
  readonly size: number;
}

export class ArchiveStore implements RevocableStore {
  readonly #file: OutputFile;
  readonly #mtime: number;
  /** By digest: where the bytes are. */
  readonly #blobs = new Map<string, Place>();
  /** Where the next entry begins. */
  #end = 0;

  private constructor(file: OutputFile, options: ArchiveOptions) {
    this.#file = file;
    this.#mtime = options.mtime ?? 0;
  }

  /**
   * Begins an archive at `path`: a file there is replaced when {@link finish} is done, and not
   * touched otherwise.
   * @throws DockerceptionError of kind output.
   */
  static async create(path: string, options: ArchiveOptions = {}): Promise<ArchiveStore> {
    return ArchiveStore.#begin(await OutputFile.create(path), options);
  }

  /** Begins an archive without a name: for {@link streamTo}, or to push from. */
  static temporary(options: ArchiveOptions = {}): Promise<ArchiveStore> {
    return ArchiveStore.#begin(OutputFile.temporary('a temporary file'), options);
  }

  static async #begin(file: OutputFile, options: ArchiveOptions): Promise<ArchiveStore> {
    const store = new ArchiveStore(file, options);
    try {
      for (const folder of ['blobs/', 'blobs/sha256/'])
        await store.#append(store.#header(folder, 0));
    } catch (error) {
      await file.close();
      throw error;
    }
    return store;
  }

  put(blob: Blob, mediaType: string, expected?: number): Promise<Descriptor> {
    return this.#write(blob, ({ size, digest }) => ({ mediaType, digest, size }), expected);
  }

  async copy(descriptor: Descriptor, from: BlobSource): Promise<void> {
    if (this.#blobs.has(descriptor.digest)) return;
    blobPath(descriptor.digest);
    const blob = (await from.open(descriptor)) as Readable & Blob;
    await this.#write(blob, ({ size, digest }) => {
      const error = compare(descriptor, 'the image to copy', size, digest);
      if (error) throw error;
      return descriptor;
    });
  }

  open(descriptor: Descriptor): Promise<Readable> {
    const place = this.#blobs.get(descriptor.digest);
    if (place === undefined)
      return Promise.reject(new Error(`the archive has no blob ${descriptor.digest}`));
    return Promise.resolve(this.#file.read(place.offset, place.size));
  }

  async discard({ digest }: Descriptor): Promise<void> {
    const place = this.#blobs.get(digest);
    const end = place && place.offset + place.size + paddingOf(place.size);
    if (place === undefined || end !== this.#end)
      throw new Error(`${digest} is not the last blob of the archive`);
    this.#blobs.delete(digest);
    this.#end = place.offset - BLOCK;
    await this.#file.truncate(this.#end);
  }

  /**
   * Completes the archive and puts it in its place.
   * @param image its blobs are all in this store
   * @param names references; none makes an image without a name
   * @throws DockerceptionError of kind output.
   */
  async finish(image: AssembledImage, names: readonly string[]): Promise<void> {
    await this.#appendFile('oci-layout', LAYOUT_VERSION);
    await this.#appendFile('index.json', JSON.stringify(layoutIndex(image, names)));
    await this.#appendFile('manifest.json', JSON.stringify(dockerManifest(image, names)));
    await this.#append(END_OF_ARCHIVE);
    await this.#file.publish();
  }

  /** The finished archive as a stream. */
  read(): Readable {
    return this.#file.read(0, this.#end);
  }

  /** Writes the finished archive to a stream, and leaves that open. Throws as {@link writeToStream}. */
  async streamTo(output: Writable, signal?: AbortSignal): Promise<void> {
    await writeToStream(this.read(), output, signal);
  }

  /** Closes it; unless it was finished, nothing is left of it. May be called twice. */
  close(): Promise<void> {
    return this.#file.close();
  }

  /** One entry; `done` judges it and may throw, and then it wasn't there. */
  async #write(
    blob: Blob,
    done: (written: Written) => Descriptor,
    expected?: number,
  ): Promise<Descriptor> {
    const start = this.#end;
    const offset = start + BLOCK;
    try {
      const written = await writeBlob(this.#file, blob, offset, expected);
      const descriptor = done(written);
      const { size, digest } = written;
      if (this.#blobs.has(digest)) {
        await this.#file.truncate(start);
        return descriptor;
      }
      await this.#file.write(this.#header(blobPath(digest), size), start);
      const padding = paddingAfter(size);
      if (padding.length > 0) await this.#file.write(padding, offset + size);
      this.#end = offset + size + padding.length;
      this.#blobs.set(digest, { offset, size });
      return descriptor;
    } catch (error) {
      // The first error counts.
      await this.#file.truncate(start).catch(() => undefined);
      throw error;
    }
  }

  async #appendFile(name: string, text: string): Promise<void> {
    const bytes = Buffer.from(text);
    const header = this.#header(name, bytes.length);
    await this.#append(Buffer.concat([header, bytes, paddingAfter(bytes.length)]));
  }

  /** The header of a folder, whose name ends in a slash, or of a file. The same blobs make the same bytes. */
  #header(path: string, size: number): Buffer {
    const type = path.endsWith('/')
      ? { typeflag: '5', mode: 0o755 }
      : { typeflag: '0', mode: 0o644 };
    return headerBlock({ path, ...type, uid: 0, gid: 0, size, mtime: Math.floor(this.#mtime) });
  }

  async #append(bytes: Buffer): Promise<void> {
    await this.#file.write(bytes, this.#end);
    this.#end += bytes.length;
  }
}
