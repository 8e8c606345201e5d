/**
 * A layout folder: OCI image-spec, image-layout.md. An existing layout keeps its other images. Everything is written
 * to a temporary folder inside it first, and `index.json` is replaced last.
 */
import fs, { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { DockerceptionError, messageOf, systemCode } from '../../errors.js';
import { type LockOptions, withLock } from '../../files/lock-file.js';
import { keepFolder, makeFolder } from '../../files/make-folder.js';
import { OutputFile, writeOutput } from '../../files/output-file.js';
import { isTemporaryName, removeAbandoned, TemporaryPath } from '../../files/temporary-path.js';
import { outputFailure } from '../../files/write-error.js';
import { printable } from '../../text/printable.js';
import { type Descriptor, OCI_INDEX } from '../descriptor.js';
import { blobPath } from '../digest.js';
import type { Hasher } from '../hasher.js';
import type { AssembledImage, Index } from '../manifest.js';
import { type Blob, type Describe, FileStore } from '../store.js';
import { LAYOUT_VERSION, mergeIndex, namedDescriptors } from './layout-index.js';

/** Serialises the processes that write to one layout. */
const LOCK = 'index.json.lock';

export class LayoutStore extends FileStore {
  readonly #staged = new Set<string>();

  /**
   * @param made the folders that were created for the layout
   * @param staging contains the blobs until the image is finished
   */
  private constructor(
    private readonly folder: string,
    private readonly lock: LockOptions,
    private readonly made: readonly TemporaryPath[],
    private readonly staging: TemporaryPath,
  ) {
    super();
  }

  /**
   * Begins a layout in a folder, which is created if necessary.
   * @throws DockerceptionError of kind output, OUTPUT_FAILED: the folder contains something else.
   */
  static async create(folder: string, lock: LockOptions = {}): Promise<LayoutStore> {
    let made: readonly TemporaryPath[] = [];
    try {
      await checkFolder(folder);
      made = makeFolder(folder);
      await removeAbandoned(folder);
      return new LayoutStore(folder, lock, made, TemporaryPath.folder(folder));
    } catch (error) {
      for (const place of made.toReversed()) place.remove();
      throw outputFailure(folder, error);
    }
  }

  open(descriptor: Descriptor): Promise<Readable> {
    const { digest } = descriptor;
    const path = this.#staged.has(digest) ? this.#stagedPath(digest) : this.#pathOf(descriptor);
    return Promise.resolve(createReadStream(path, { highWaterMark: 1 << 20 }));
  }

  /**
   * Moves the blobs to their places and adds the image to `index.json`, in place of one with the same name.
   * @param image all of its blobs are in this store
   * @param names references, if any
   * @throws DockerceptionError of kind output.
   */
  async finish(image: AssembledImage, names: readonly string[]): Promise<void> {
    const enter = async (): Promise<void> => {
      const index = mergeIndex(await readIndex(this.folder), namedDescriptors(image, names));
      // Files that need disk space are written first.
      await writeOutput(this.#inStaging('oci-layout'), LAYOUT_VERSION, this.folder);
      await writeOutput(this.#inStaging('index.json'), JSON.stringify(index), this.folder);
      keepFolder(join(this.folder, 'blobs', 'sha256'));
      for (const digest of this.#staged) {
        const path = join(this.folder, blobPath(digest));
        keepFolder(dirname(path));
        fs.renameSync(this.#stagedPath(digest), path);
      }
      this.#staged.clear();
      for (const name of ['oci-layout', 'index.json'])
        fs.renameSync(this.#inStaging(name), join(this.folder, name));
      for (const place of this.made) place.keep();
    };
    await withLock(join(this.folder, LOCK), enter, this.lock).catch((error: unknown) => {
      throw outputFailure(this.folder, error);
    });
  }

  /** Removes what was added, unless the layout was finished. Idempotent. */
  close(): Promise<void> {
    for (const place of [this.staging, ...this.made.toReversed()]) place.remove();
    return Promise.resolve();
  }

  protected async has(descriptor: Descriptor): Promise<boolean> {
    if (this.#staged.has(descriptor.digest)) return true;
    const found = await stat(this.#pathOf(descriptor)).catch(() => undefined);
    return found?.size === descriptor.size;
  }

  protected async write(blob: Blob, describe: Describe, hasher: Hasher): Promise<Descriptor> {
    const incoming = this.#inStaging('incoming');
    const file = await OutputFile.create(incoming, this.folder);
    try {
      const descriptor = await this.writeTo(file, 0, blob, describe, hasher);
      await file.publish();
      fs.renameSync(incoming, this.#stagedPath(descriptor.digest));
      this.#staged.add(descriptor.digest);
      return descriptor;
    } finally {
      await file.close();
    }
  }

  #inStaging(name: string): string {
    return join(this.staging.path, name);
  }

  #stagedPath(digest: string): string {
    return this.#inStaging(basename(blobPath(digest)));
  }

  #pathOf({ digest }: Descriptor): string {
    return join(this.folder, blobPath(digest));
  }
}

/** Accepts a missing or empty folder, and a layout, which another process may just be creating. */
async function checkFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (systemCode(error) === 'ENOENT') return [];
    if (systemCode(error) === 'ENOTDIR') throw new Error('it is not a folder', { cause: error });
    throw error;
  });
  const others = names.filter((name) => !isTemporaryName(name) && name !== LOCK);
  if (others.every((name) => name === 'blobs') || names.includes('oci-layout')) return;
  throw new DockerceptionError(
    'output',
    'OUTPUT_FAILED',
    `writing ${printable(folder)}: the folder is neither empty nor a layout`,
    { hint: 'name another folder' },
  );
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
