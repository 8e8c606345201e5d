/**
 * An image archive, written in one pass: an OCI layout in a tar, and `manifest.json` for `docker load`. OCI
 * image-spec, image-layout.md; moby, image/tarexport.
 */
import type { Readable } from 'node:stream';
import { readRange } from '../../files/file-range.js';
import { OutputFile } from '../../files/output-file.js';
import { BLOCK, paddingOf } from '../../tar/block.js';
import { END_OF_ARCHIVE, headerBlock, paddingAfter } from '../../tar/writer.js';
import { type Descriptor, OCI_INDEX } from '../descriptor.js';
import { blobPath } from '../digest.js';
import type { Hasher } from '../hasher.js';
import { fullNames, LAYOUT_VERSION, namedDescriptors } from '../layout/layout-index.js';
import type { AssembledImage } from '../manifest.js';
import { choosePlatform, hostPlatform } from '../platform.js';
import { type Blob, type BlobSource, type Describe, FileStore } from '../store.js';
import type { DockerManifestEntry } from './docker-archive.js';

export class ArchiveStore extends FileStore {
  /** The places of the blobs in the file, by digest. */
  readonly #blobs = new Map<string, { readonly offset: number; readonly size: number }>();
  /** Where blobs that were not copied are read from, by digest. */
  readonly #others = new Map<string, BlobSource>();
  /** The offset of the next entry. */
  #end = 0;

  /** @param isPartial whether verified blobs of other stores are left there */
  private constructor(
    private readonly file: OutputFile,
    private readonly isPartial = false,
  ) {
    super();
  }

  /**
   * Begins an archive at `path`. Only {@link finish} creates or replaces the file.
   * @throws DockerceptionError of kind output.
   */
  static async create(path: string): Promise<ArchiveStore> {
    return ArchiveStore.#begin(await OutputFile.create(path));
  }

  /** Begins an archive without a path, which is only read. */
  static temporary(): Promise<ArchiveStore> {
    return ArchiveStore.#begin(OutputFile.temporary());
  }

  /**
   * Begins a store whose blobs are only read one by one: a blob of another store is read there, and thus not downloaded
   * unless it is needed.
   */
  static partial(): Promise<ArchiveStore> {
    return ArchiveStore.#begin(OutputFile.temporary(), true);
  }

  static async #begin(file: OutputFile, isPartial?: boolean): Promise<ArchiveStore> {
    const store = new ArchiveStore(file, isPartial);
    try {
      for (const folder of ['blobs/', 'blobs/sha256/'])
        await store.#append(store.#header(folder, 0));
    } catch (error) {
      await file.close();
      throw error;
    }
    return store;
  }

  open(descriptor: Descriptor): Promise<Readable> {
    const place = this.#blobs.get(descriptor.digest);
    const other = this.#others.get(descriptor.digest);
    if (place === undefined && other !== undefined) return other.open(descriptor);
    if (place === undefined)
      return Promise.reject(new Error(`the archive has no blob ${descriptor.digest}`));
    return Promise.resolve(readRange(this.file, place.offset, place.size));
  }

  override async copy(descriptor: Descriptor, from: BlobSource): Promise<void> {
    if (this.isPartial && from.isVerified) this.#others.set(descriptor.digest, from);
    else await super.copy(descriptor, from);
  }

  async discard({ digest }: Descriptor): Promise<void> {
    const place = this.#blobs.get(digest);
    const end = place && place.offset + place.size + paddingOf(place.size);
    if (place === undefined || end !== this.#end)
      throw new Error(`${digest} is not the last blob of the archive`);
    this.#blobs.delete(digest);
    this.#end = place.offset - BLOCK;
    await this.file.truncate(this.#end);
  }

  /**
   * Completes the archive and publishes it at its path.
   * @param image all of its blobs are in this store
   * @param names references, if any
   * @throws DockerceptionError of kind output.
   */
  async finish(image: AssembledImage, names: readonly string[]): Promise<void> {
    await this.#appendFile('oci-layout', LAYOUT_VERSION);
    const manifests = namedDescriptors(image, names);
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
    await this.#appendFile('index.json', JSON.stringify(index));
    await this.#appendFile('manifest.json', JSON.stringify(dockerManifest(image, names)));
    await this.#append(END_OF_ARCHIVE);
    await this.file.publish();
  }

  /** The finished archive as a stream. */
  read(): Readable {
    return readRange(this.file, 0, this.#end);
  }

  /** Closes the archive, and removes it unless it was finished. Idempotent. */
  close(): Promise<void> {
    return this.file.close();
  }

  protected has({ digest }: Descriptor): Promise<boolean> {
    return Promise.resolve(this.#blobs.has(digest));
  }

  protected async write(blob: Blob, describe: Describe, hasher: Hasher): Promise<Descriptor> {
    const start = this.#end;
    const offset = start + BLOCK;
    try {
      const descriptor = await this.writeTo(this.file, offset, blob, describe, hasher);
      const { size, digest } = descriptor;
      if (this.#blobs.has(digest)) {
        await this.file.truncate(start);
        return descriptor;
      }
      await this.file.write(this.#header(blobPath(digest), size), start);
      const padding = paddingAfter(size);
      if (padding.length > 0) await this.file.write(padding, offset + size);
      this.#end = offset + size + padding.length;
      this.#blobs.set(digest, { offset, size });
      return descriptor;
    } catch (error) {
      // The first error counts.
      await this.file.truncate(start).catch(() => undefined);
      throw error;
    }
  }

  async #appendFile(name: string, text: string): Promise<void> {
    const bytes = Buffer.from(text);
    const header = this.#header(name, bytes.length);
    await this.#append(Buffer.concat([header, bytes, paddingAfter(bytes.length)]));
  }

  /** The header of a file, or of a folder if the path ends in a slash. */
  #header(path: string, size: number): Buffer {
    const type = path.endsWith('/')
      ? { typeflag: '5', mode: 0o755 }
      : { typeflag: '0', mode: 0o644 };
    return headerBlock({ path, ...type, uid: 0, gid: 0, size, mtime: 0 });
  }

  async #append(bytes: Buffer): Promise<void> {
    await this.file.write(bytes, this.#end);
    this.#end += bytes.length;
  }
}

/** The content of `manifest.json`, which has no platforms: the host's image, or else the first. */
function dockerManifest(image: AssembledImage, names: readonly string[]): DockerManifestEntry[] {
  const descriptors = image.images.map(({ descriptor }) => descriptor);
  const own = choosePlatform(descriptors, hostPlatform());
  const chosen = image.images.find(({ descriptor }) => descriptor === own) ?? image.images[0];
  if (chosen === undefined) return [];
  const { config, layers } = chosen.manifest;
  const tags = fullNames(names);
  return [
    {
      Config: blobPath(config.digest),
      RepoTags: tags.length > 0 ? tags : null,
      Layers: layers.map(({ digest }) => blobPath(digest)),
    },
  ];
}
