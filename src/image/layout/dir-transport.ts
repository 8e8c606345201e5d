/**
 * The folders that skopeo and podman write as `dir:PATH`: one image, its manifest in `manifest.json`, blobs by
 * the hexadecimal digits of their digests, other manifests of an index as `HEX.manifest.json` (containers/image,
 * containers-transports(5), "dir:path"). They are read as the layout that they would be.
 */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Descriptor, OCI_INDEX } from '../descriptor.js';
import { digestOf, digestOfBlobPath } from '../digest.js';
import { parseDocument } from '../document.js';
import { badImage, ofFile } from '../image-error.js';
import { FolderFiles, type LayoutFiles, MAX_DOCUMENT } from './layout-files.js';

const VERSION = 'Directory Transport Version: ';

/** Whether a folder is one: the content of its file `version` shows it. */
export async function isDirTransport(folder: string): Promise<boolean> {
  const file = await open(join(folder, 'version')).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(VERSION.length));
    return buffer.toString('latin1', 0, bytesRead) === VERSION;
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

/** Its files under the names that they have in a layout. Nothing is kept open. */
export class DirTransportFiles implements LayoutFiles {
  readonly #files: FolderFiles;
  readonly #index: Buffer;
  readonly #manifest: string;

  private constructor(files: FolderFiles, manifest: Descriptor) {
    this.#files = files;
    this.#manifest = manifest.digest;
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [manifest] };
    this.#index = Buffer.from(JSON.stringify(index));
  }

  /** @throws DockerceptionError of kind build, code IMAGE_INVALID. */
  static async open(folder: string): Promise<DirTransportFiles> {
    const files = new FolderFiles(folder);
    const size = await files.size('manifest.json');
    if (size === undefined) throw badImage(folder, 'there is no manifest.json in it');
    if (size > MAX_DOCUMENT)
      throw badImage(folder, `manifest.json has ${size} bytes, more than ${MAX_DOCUMENT}`);
    const bytes = await readFile(join(folder, 'manifest.json'));
    const { mediaType } = ofFile(() => parseDocument(bytes, '', folder));
    return new DirTransportFiles(files, { mediaType, digest: digestOf(bytes), size });
  }

  get name(): string {
    return this.#files.name;
  }

  async size(path: string): Promise<number | undefined> {
    if (path === 'index.json') return this.#index.length;
    const found = await this.#find(path);
    return found === undefined ? undefined : this.#files.size(found);
  }

  async open(path: string): Promise<Readable> {
    if (path === 'index.json') return Readable.from([this.#index], { objectMode: false });
    return this.#files.open((await this.#find(path)) ?? path);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Where the blob of a layout's path is stored: a layer has the ending `.tar` in version 1.0. */
  async #find(path: string): Promise<string | undefined> {
    const digest = digestOfBlobPath(path);
    if (digest === undefined) return undefined;
    if (digest === this.#manifest) return 'manifest.json';
    const hex = digest.slice('sha256:'.length);
    for (const name of [hex, `${hex}.manifest.json`, `${hex}.tar`])
      if ((await this.#files.size(name)) !== undefined) return name;
    return undefined;
  }
}
