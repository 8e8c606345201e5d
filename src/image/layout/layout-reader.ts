/**
 * Reads an image from a layout folder, or from anything that has the files of one: OCI image-spec,
 * image-layout.md. Documents are checked when they are read, layers while they are.
 */
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { DockerceptionError } from '../../errors.js';
import { printable } from '../../text/printable.js';
import {
  type Descriptor,
  OCI_INDEX,
  OCI_MANIFEST,
  ociMediaType,
  type Platform,
} from '../descriptor.js';
import { blobPath, isDigest } from '../digest.js';
import { checkImage, parseConfig, parseDocument } from '../document.js';
import { badImage, listed, ofFile } from '../image-error.js';
import type { ImageReader } from '../image-reader.js';
import type { Image, Manifest } from '../manifest.js';
import { ambiguous, chooseNamed, type Named } from '../named.js';
import { choosePlatform, formatPlatform, isAttestation, unknownPlatform } from '../platform.js';
import { DirTransportFiles, isDirTransport } from './dir-transport.js';
import { FolderFiles, type LayoutFiles, openBlob, readBlob, readDocument } from './layout-files.js';
import { CONTAINERD_NAME, REF_NAME } from './layout-index.js';

/** Which image of a layout or an archive is meant; without either, the only one there is. */
export interface ImageChoice {
  /** A tag, or a whole name. */
  readonly name?: string | undefined;
  /** `sha256:…`, of a manifest or an index. */
  readonly digest?: string | undefined;
}

/**
 * Opens a layout folder, or one that skopeo or podman wrote as `dir:`.
 * @throws DockerceptionError: IMAGE_NOT_FOUND and IMAGE_AMBIGUOUS of kind usage, IMAGE_INVALID.
 */
export async function openLayout(folder: string, choice: ImageChoice = {}): Promise<ImageReader> {
  if (await isDirTransport(folder)) return readLayout(await DirTransportFiles.open(folder), choice);
  const files = new FolderFiles(folder);
  if ((await files.size('index.json')) === undefined) throw await noLayout(folder);
  return readLayout(files, choice);
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
  return new DockerceptionError('usage', 'IMAGE_NOT_FOUND', message, {
    hint,
  });
}

/** The same of a layout's files, which are closed with the reader, or at once when this fails. */
export async function readLayout(files: LayoutFiles, choice: ImageChoice): Promise<ImageReader> {
  try {
    const manifests = await readIndex(files);
    return new LayoutReader(files, await choose(files, manifests, choice));
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** A manifest, and how it is known. */
interface Found {
  readonly manifest: Manifest;
  readonly digest: string;
  readonly names: readonly string[];
}

/** An index may lead to another one, though hardly any does. */
const MAX_DEPTH = 3;

class LayoutReader implements ImageReader {
  readonly #files: LayoutFiles;
  /** The image, or the same for several platforms. */
  readonly #candidates: readonly Descriptor[];

  constructor(files: LayoutFiles, candidates: readonly Descriptor[]) {
    this.#files = files;
    this.#candidates = candidates;
  }

  async image(platform: Platform): Promise<Image> {
    const files = this.#files;
    const { manifest, digest, names } = await this.#manifest(this.#candidates, platform, 0);
    ofFile(() => checkImage(manifest, files.name));
    const bytes = await readBlob(files, manifest.config);
    const config = ofFile(() => parseConfig(bytes, manifest, files.name));
    const layers = manifest.layers.map((layer) => ({
      ...layer,
      mediaType: ociMediaType(layer.mediaType),
    }));
    const open = (descriptor: Descriptor): Promise<Readable> => openBlob(files, descriptor);
    const id = manifest.config.digest;
    return { name: files.name, names, digest, id, config, layers, blobs: { open } };
  }

  close(): Promise<void> {
    return this.#files.close();
  }

  async #manifest(
    candidates: readonly Descriptor[],
    platform: Platform,
    depth: number,
  ): Promise<Found> {
    const { name } = this.#files;
    const [only] = candidates;
    const isOnly = depth === 0 && candidates.length === 1;
    const chosen = isOnly ? only : choosePlatform(candidates, platform);
    if (chosen === undefined)
      throw unknownPlatform(candidates, platform, `reading ${printable(name)}`);
    const bytes = await readBlob(this.#files, chosen);
    const document = ofFile(() => parseDocument(bytes, chosen.mediaType, name));
    if (document.kind === 'manifest')
      return { manifest: document.manifest, digest: chosen.digest, names: namesOf(chosen) };
    if (depth === MAX_DEPTH) throw badImage(name, 'its indexes lead from one to the next');
    const found = await this.#manifest(document.index.manifests, platform, depth + 1);
    return { ...found, names: namesOf(chosen) };
  }
}

async function readIndex(files: LayoutFiles): Promise<readonly Descriptor[]> {
  const bytes = await readDocument(files, 'index.json');
  const document = ofFile(() => parseDocument(bytes, OCI_INDEX, files.name));
  if (document.kind !== 'index') throw badImage(files.name, 'index.json is not an index');
  return document.index.manifests.filter((descriptor) => !isAttestation(descriptor));
}

async function choose(
  files: LayoutFiles,
  manifests: readonly Descriptor[],
  { name, digest }: ImageChoice,
): Promise<readonly Descriptor[]> {
  if (digest !== undefined) return [await byDigest(files, manifests, digest)];
  const all = manifests.map((value) => ({ value, names: namesOf(value) }));
  let found = distinct(chooseNamed(all, name, files.name));
  if (found.length === 0) throw badImage(files.name, 'there is no image in it');
  if (found.length > 1 && !isOneImage(found)) {
    // As buildx has it.
    const latest = all.filter(({ names }) => names.some((name) => /^latest$|:latest$/.test(name)));
    if (name !== undefined || distinct(latest).length !== 1) {
      const digests = found.map(({ value }) => value.digest);
      throw ambiguous(found, files.name, digests);
    }
    found = latest;
  }
  return found.map(({ value }) => value);
}

/** A digest may also be that of a manifest in an index of the layout. */
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

/** An image with two names stands in an index twice. */
function distinct(all: readonly Named<Descriptor>[]): Named<Descriptor>[] {
  const digests = all.map(({ value }) => value.digest);
  return all.filter(({ value }, at) => digests.indexOf(value.digest) === at);
}

/** Whether the index is itself the image's: the same name, or none, and a platform for each. */
function isOneImage(all: readonly Named<Descriptor>[]): boolean {
  const names = new Set(all.map(({ names }) => names.join(' ')));
  const platforms = all.map(({ value }) => value.platform && formatPlatform(value.platform));
  return (
    names.size === 1 && !platforms.includes(undefined) && new Set(platforms).size === all.length
  );
}
