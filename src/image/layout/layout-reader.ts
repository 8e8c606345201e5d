/** Reads an image from the files of a layout: OCI image-spec, image-layout.md. */
import { stat } from 'node:fs/promises';
import { DockerceptionError } from '../../errors.js';
import { listed, printable } from '../../text/printable.js';
import { parseConfig } from '../config.js';
import { type Descriptor, OCI_INDEX, OCI_MANIFEST, type Platform } from '../descriptor.js';
import { blobPath, isDigest } from '../digest.js';
import { invalidImage } from '../document.js';
import { ambiguous, chooseNamed, type ImageChoice } from '../image-choice.js';
import {
  type AssembledImage,
  checkImage,
  type Document,
  type Image,
  ociLayers,
  parseDocument,
  type PlatformImage,
} from '../manifest.js';
import { formatPlatform, isAttestation, requirePlatform } from '../platform.js';
import { isDirTransport, openDirTransport } from './dir-transport.js';
import { FolderFiles, type LayoutFiles, openBlob, readBlob, readDocument } from './layout-files.js';
import { CONTAINERD_NAME, REF_NAME } from './layout-index.js';

/**
 * Reads a layout folder, or one that skopeo or podman wrote as `dir:`. Throws as {@link readLayout}; IMAGE_NOT_FOUND also
 * for other folders.
 */
export async function openLayout(
  folder: string,
  choice: ImageChoice,
  platform: Platform,
): Promise<Image> {
  const isTransport = await isDirTransport(folder);
  const files = isTransport ? await openDirTransport(folder) : new FolderFiles(folder);
  if ((await files.size('index.json')) === undefined) throw await noLayout(folder);
  return readLayout(files, choice, platform);
}

async function noLayout(folder: string): Promise<DockerceptionError> {
  const found = await stat(folder).catch(() => undefined);
  const [why, hint] =
    found === undefined
      ? ['it is not there']
      : found.isDirectory()
        ? ['it is not a layout: there is no index.json in it']
        : ['it is a file, not a layout', `oci-archive://${folder} is for a file`];
  const message = `reading ${printable(folder)}: ${why}`;
  return new DockerceptionError('usage', 'IMAGE_NOT_FOUND', message, { hint });
}

/** Indexes that may refer to another index. */
const MAX_DEPTH = 3;

/**
 * Finds the image in the files of a layout, which blobs are read from.
 * @throws DockerceptionError: IMAGE_NOT_FOUND and IMAGE_AMBIGUOUS of kind usage; PLATFORM_UNKNOWN, IMAGE_INVALID and
 *   BLOB_DIGEST of kind build
 */
export async function readLayout(
  files: LayoutFiles,
  choice: ImageChoice,
  platform: Platform,
): Promise<Image> {
  const { name } = files;
  const candidates = await choose(files, await readIndex(files), choice);
  const doing = `reading ${printable(name)}`;
  const read = async (from: Descriptor): Promise<Document> =>
    parseDocument(await readBlob(files, from), from.mediaType, name);
  const [only] = candidates;
  const chosen =
    only && candidates.length === 1 ? only : requirePlatform(candidates, platform, doing);
  let { digest } = chosen;
  let document = await read(chosen);
  for (let depth = 0; 'manifests' in document; depth++) {
    if (depth === MAX_DEPTH) throw invalidImage(name, 'its indexes lead from one to the next');
    const next = requirePlatform(document.manifests, platform, doing);
    document = await read(next);
    digest = next.digest;
  }
  checkImage(document, name);
  const bytes = await readBlob(files, document.config);
  return {
    name,
    names: namesOf(chosen),
    digest,
    id: document.config.digest,
    config: parseConfig(bytes, document.layers.length, name),
    layers: ociLayers(document),
    blobs: { isVerified: true, open: (descriptor) => openBlob(files, descriptor) },
  };
}

/**
 * Reads the only image of a layout with its manifests for all platforms and its attestations.
 * @throws DockerceptionError of kind build: IMAGE_INVALID, BLOB_DIGEST
 */
export async function readAssembled(files: LayoutFiles): Promise<AssembledImage> {
  const { name } = files;
  const [first] = await readIndex(files);
  if (first === undefined) throw invalidImage(name, 'there is no image in it');
  const others = Object.entries(first.annotations ?? {}).filter(
    ([key]) => key !== CONTAINERD_NAME && key !== REF_NAME,
  );
  const descriptor = { ...first, annotations: Object.fromEntries(others) };
  const read = async (from: Descriptor): Promise<Document> =>
    parseDocument(await readBlob(files, from), from.mediaType, name);
  const document = await read(descriptor);
  const images: PlatformImage[] = [];
  for (const one of 'manifests' in document ? document.manifests : [descriptor]) {
    const manifest = await read(one);
    if ('manifests' in manifest) throw invalidImage(name, 'its indexes lead from one to the next');
    images.push({ descriptor: one, manifest, origins: new Map() });
  }
  return { descriptor, images, blobs: { isVerified: true, open: (blob) => openBlob(files, blob) } };
}

async function readIndex(files: LayoutFiles): Promise<readonly Descriptor[]> {
  const bytes = await readDocument(files, 'index.json');
  const document = parseDocument(bytes, OCI_INDEX, files.name);
  if (!('manifests' in document)) throw invalidImage(files.name, 'index.json is not an index');
  return document.manifests.filter((descriptor) => !isAttestation(descriptor));
}

async function choose(
  files: LayoutFiles,
  manifests: readonly Descriptor[],
  { name, digest }: ImageChoice,
): Promise<readonly Descriptor[]> {
  if (digest !== undefined) return [await byDigest(files, manifests, digest)];
  let found = distinct(chooseNamed(manifests, namesOf, name, files.name));
  if (found.length === 0) throw invalidImage(files.name, 'there is no image in it');
  if (found.length > 1 && !isOneImage(found)) {
    // As in buildx, `latest` is the default.
    const isLatest = (name: string): boolean => /^latest$|:latest$/.test(name);
    const latest = manifests.filter((manifest) => namesOf(manifest).some(isLatest));
    if (name !== undefined || distinct(latest).length !== 1) {
      const digests = found.map(({ digest }) => digest);
      throw ambiguous(found.map(namesOf), files.name, digests);
    }
    found = latest;
  }
  return found;
}

/** Also finds a manifest in an index of the layout. */
async function byDigest(
  files: LayoutFiles,
  manifests: readonly Descriptor[],
  digest: string,
): Promise<Descriptor> {
  const known = manifests.find((descriptor) => descriptor.digest === digest);
  if (known) return known;
  const size = isDigest(digest, 'sha256') ? await files.size(blobPath(digest)) : undefined;
  if (size !== undefined) return { mediaType: OCI_MANIFEST, digest, size };
  throw new DockerceptionError(
    'usage',
    'IMAGE_NOT_FOUND',
    `reading ${printable(files.name)}: it has no image ${printable(digest)}`,
    { hint: `it has ${listed(manifests.map((descriptor) => descriptor.digest))}` },
  );
}

function namesOf({ annotations }: Descriptor): string[] {
  const names = [annotations?.[CONTAINERD_NAME], annotations?.[REF_NAME]];
  return names.filter((name) => typeof name === 'string');
}

/** Removes duplicates: an index lists an image once for each of its names. */
function distinct(all: readonly Descriptor[]): Descriptor[] {
  const digests = all.map(({ digest }) => digest);
  return all.filter(({ digest }, at) => digests.indexOf(digest) === at);
}

/** Whether the manifests are one image: the same name, or none, and different platforms. */
function isOneImage(all: readonly Descriptor[]): boolean {
  const names = new Set(all.map((manifest) => namesOf(manifest).join(' ')));
  const platforms = all.map(({ platform }) => platform && formatPlatform(platform));
  return (
    names.size === 1 && !platforms.includes(undefined) && new Set(platforms).size === all.length
  );
}
