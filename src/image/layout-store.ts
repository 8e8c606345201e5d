/**
 * A layout folder: blobs by their digests, and `index.json`, which is written last. OCI image-spec,
 * image-layout.md. A layout that is there already keeps its other images, as with buildx.
 */
import { createReadStream } from 'node:fs';
import { readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import { printable } from '../tar/printable.js';
import { LAYOUT_VERSION, mergeIndex, namedDescriptors } from './archive-index.js';
import { blobPath, compare } from './digest.js';
import { OCI_INDEX, type Descriptor } from './descriptor.js';
import type { AssembledImage, Index } from './manifest.js';
import { makeFolder } from './make-folder.js';
import { withLock } from './lock-file.js';
import { outputFailure } from './output-error.js';
import { OutputFile } from './output-file.js';
import type { Blob, BlobSource, BlobStore } from './store.js';
import { writeBlob, type Written } from './write-blob.js';

export class LayoutStore implements BlobStore {
  readonly #folder: string;
  /** What {@link close} removes unless it was finished, in the order in which it was made. */
  #made: { readonly path: string; readonly isFolder: boolean }[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Begins a layout in a folder, which is made when it isn't there.
   * @throws DockerceptionError of kind output, OUTPUT_FAILED: the folder has something else in it.
   */
  static async create(folder: string): Promise<LayoutStore> {
    const store = new LayoutStore(folder);
    try {
      await checkFolder(folder);
      await makeFolder(join(folder, 'blobs', 'sha256'), (path) =>
        store.#made.push({ path, isFolder: true }),
      );
      return store;
    } catch (error) {
      await store.close();
      throw outputFailure(folder, error);
    }
  }

  put(blob: Blob, mediaType: string, expected?: number): Promise<Descriptor> {
    return this.#write(blob, ({ size, digest }) => ({ mediaType, digest, size }), expected);
  }

  async copy(descriptor: Descriptor, from: BlobSource): Promise<void> {
    const found = await stat(this.#pathOf(descriptor)).catch(() => undefined);
    if (found?.size === descriptor.size) return;
    const blob = (await from.open(descriptor)) as Readable & Blob;
    await this.#write(blob, ({ size, digest }) => {
      const error = compare(descriptor, 'the image to copy', size, digest);
      if (error) throw error;
      return descriptor;
    });
  }

  open(descriptor: Descriptor): Promise<Readable> {
    return Promise.resolve(createReadStream(this.#pathOf(descriptor), { highWaterMark: 1 << 20 }));
  }

  /**
   * Enters the image into `index.json`, in place of one with the same name.
   * @param image its blobs are all in this store
   * @param names references; none makes an image without a name
   * @throws DockerceptionError of kind output.
   */
  async finish(image: AssembledImage, names: readonly string[]): Promise<void> {
    await withLock(join(this.#folder, 'index.json.lock'), async () => {
      const index = mergeIndex(await readIndex(this.#folder), namedDescriptors(image, names));
      await this.#writeFile('oci-layout', LAYOUT_VERSION);
      await this.#writeFile('index.json', JSON.stringify(index));
    }).catch((error: unknown) => {
      throw outputFailure(this.#folder, error);
    });
    this.#made = [];
  }

  /** Unless it was finished, removes what it has added. May be called twice. */
  async close(): Promise<void> {
    const made = this.#made.reverse();
    this.#made = [];
    for (const { path, isFolder } of made)
      // A folder that somebody else has put something into stays.
      if (isFolder) await rmdir(path).catch(() => undefined);
      else await rm(path, { force: true });
  }

  /** One blob; `done` judges it and may throw, and then it wasn't there. */
  async #write(
    blob: Blob,
    done: (written: Written) => Descriptor,
    expected?: number,
  ): Promise<Descriptor> {
    const incoming = join(this.#folder, 'blobs', 'sha256', 'incoming');
    const file = await OutputFile.create(incoming, this.#folder);
    try {
      const descriptor = done(await writeBlob(file, blob, 0, expected));
      const path = this.#pathOf(descriptor);
      if (!(await isThere(path))) this.#made.push({ path, isFolder: false });
      await file.publish(path);
      return descriptor;
    } finally {
      await file.close();
    }
  }

  async #writeFile(name: string, text: string): Promise<void> {
    const path = join(this.#folder, name);
    if (!(await isThere(path))) this.#made.push({ path, isFolder: false });
    const file = await OutputFile.create(path);
    try {
      await file.write(Buffer.from(text), 0);
      await file.publish();
    } finally {
      await file.close();
    }
  }

  #pathOf({ digest }: Descriptor): string {
    return join(this.#folder, blobPath(digest));
  }
}

/** A folder that is empty, or a layout, or the beginning of one that somebody else writes, or not there. */
async function checkFolder(folder: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    if (systemCode(error) === 'ENOTDIR') throw new Error('it is not a folder', { cause: error });
    throw error;
  }
  if (names.every((name) => name === 'blobs') || names.includes('oci-layout')) return;
  throw new DockerceptionError(
    'output',
    'OUTPUT_FAILED',
    `writing ${printable(folder)}: the folder is neither empty nor a layout`,
    { hint: 'name a folder that is not there yet' },
  );
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function readIndex(folder: string): Promise<Index> {
  const file = join(folder, 'index.json');
  try {
    const index = JSON.parse(await readFile(file, 'utf8')) as Partial<Index> | null;
    if (index === null || !Array.isArray(index.manifests ?? []))
      throw new Error('it has no list of manifests');
    return { ...(index as Index), manifests: index.manifests ?? [] };
  } catch (error) {
    if (systemCode(error) === 'ENOENT')
      return { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };
    throw new DockerceptionError(
      'output',
      'OUTPUT_FAILED',
      `reading ${printable(file)}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}
