/**
 * The folders that skopeo and podman write as `dir:PATH`, read as layouts: the manifest is `manifest.json`, blobs are
 * named by the hexadecimal digits of their digests, other manifests of an index `HEX.manifest.json` (containers/image,
 * containers-transports(5), "dir:path").
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { OCI_INDEX } from '../descriptor.js';
import { digestOf, digestOfBlobPath } from '../digest.js';
import { parseDocument } from '../manifest.js';
import { FolderFiles, type LayoutFiles, readDocument } from './layout-files.js';

const VERSION = 'Directory Transport Version: ';

/** Whether a folder has this format, by its file `version`. */
export async function isDirTransport(folder: string): Promise<boolean> {
  const start = createReadStream(join(folder, 'version'), { end: VERSION.length - 1 });
  return (await text(start).catch(() => undefined)) === VERSION;
}

/**
 * The files of such a folder under the paths of a layout.
 * @throws DockerceptionError of kind build, code IMAGE_INVALID
 */
export async function openDirTransport(folder: string): Promise<LayoutFiles> {
  const files = new FolderFiles(folder);
  const bytes = await readDocument(files, 'manifest.json');
  const { mediaType } = parseDocument(bytes, '', folder);
  const manifest = { mediaType, digest: digestOf(bytes), size: bytes.length };
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [manifest] };
  const indexBytes = Buffer.from(JSON.stringify(index));
  /** The file of a blob by its path in a layout. Version 1.0 names layers `HEX.tar`. */
  const find = async (path: string): Promise<string | undefined> => {
    const digest = digestOfBlobPath(path);
    if (digest === undefined) return undefined;
    if (digest === manifest.digest) return 'manifest.json';
    const hex = digest.slice('sha256:'.length);
    for (const name of [hex, `${hex}.manifest.json`, `${hex}.tar`])
      if ((await files.size(name)) !== undefined) return name;
    return undefined;
  };
  return {
    name: folder,
    async size(path) {
      if (path === 'index.json') return indexBytes.length;
      const found = await find(path);
      return found === undefined ? undefined : files.size(found);
    },
    async open(path) {
      if (path === 'index.json') return Readable.from([indexBytes], { objectMode: false });
      return files.open((await find(path)) ?? path);
    },
  };
}
