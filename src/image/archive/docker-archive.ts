/**
 * Reads an image in the format of `docker save`: `manifest.json` names a configuration and the tars of layers (moby,
 * image/tarexport). Docker 24 and earlier, Podman and skopeo don't name the tars by their digests.
 */
import { DockerceptionError, messageOf } from '../../errors.js';
import { printable } from '../../text/printable.js';
import { parseConfig } from '../config.js';
import { type Descriptor, OCI_CONFIG, OCI_LAYER } from '../descriptor.js';
import { compare, digestOf, digestOfBlobPath, digestOfStream, EMPTY_DIGEST } from '../digest.js';
import { invalidImage } from '../document.js';
import { ambiguous, chooseNamed, type ImageChoice } from '../image-choice.js';
import { type LayoutFiles, openBlob, readDocument } from '../layout/layout-files.js';
import type { Image } from '../manifest.js';
import type { BlobSource } from '../store.js';
import { cleanMember } from './tar-index.js';

/** One image of `manifest.json`. */
export interface DockerManifestEntry {
  readonly Config: string;
  /** Full names, such as `docker.io/library/app:1`: podman resolves `app:1` to localhost. */
  readonly RepoTags: readonly string[] | null;
  /** `null` for an image without layers. */
  readonly Layers: readonly string[] | null;
}

/** Finds the image in the files of an archive, which blobs are read from. */
export async function readDockerArchive(
  files: LayoutFiles,
  { name, digest }: ImageChoice,
): Promise<Image> {
  if (digest !== undefined)
    throw new DockerceptionError(
      'usage',
      'IMAGE_NOT_FOUND',
      `reading ${printable(files.name)}: what docker save writes has no digests`,
      { hint: 'name the image after a colon' },
    );
  const entries = parseManifest(await readDocument(files, 'manifest.json'), files.name);
  const namesOf = ({ RepoTags }: DockerManifestEntry): readonly string[] => RepoTags ?? [];
  const found = chooseNamed(entries, namesOf, name, files.name);
  const [chosen] = found;
  if (chosen === undefined) throw invalidImage(files.name, 'there is no image in it');
  if (found.length > 1) throw ambiguous(found.map(namesOf), files.name);
  return imageOf(files, chosen);
}

async function imageOf(files: LayoutFiles, entry: DockerManifestEntry): Promise<Image> {
  const path = cleanMember(entry.Config);
  const bytes = await readDocument(files, path);
  const size = bytes.length;
  const id = digestOf(bytes);
  const named = digestOfConfig(path) ?? id;
  const error = compare({ mediaType: OCI_CONFIG, digest: named, size }, files.name, size, id);
  if (error) throw error;
  const layerPaths = (entry.Layers ?? []).map(cleanMember);
  const config = parseConfig(bytes, layerPaths.length, files.name);
  const paths = new Map<string, string>();
  const layers: Descriptor[] = [];
  for (const [at, path] of layerPaths.entries()) {
    const layer = await describe(files, path, config.rootfs.diff_ids[at] as string);
    paths.set(layer.digest, path);
    layers.push(layer);
  }
  const blobs: BlobSource = {
    isVerified: true,
    open: (descriptor) => openBlob(files, descriptor, paths.get(descriptor.digest)),
  };
  return { name: files.name, names: entry.RepoTags ?? [], id, config, layers, blobs };
}

async function describe(files: LayoutFiles, path: string, diffId: string): Promise<Descriptor> {
  const size = await files.size(path);
  if (size === undefined)
    throw invalidImage(files.name, `its layer ${printable(path)} is not in it`);
  // Buildpacks write an empty file for a layer that the engine has already.
  if (size === 0 && diffId !== EMPTY_DIGEST) {
    const why = `its layer ${printable(path)} is empty, but its diff ID is ${diffId}`;
    const hint = 'load it into the engine that has this layer, and name the image there';
    throw invalidImage(files.name, why).with({ hint });
  }
  const mediaType = OCI_LAYER + (await compressionOf(files, path));
  const digest =
    digestOfBlobPath(path) ??
    (mediaType === OCI_LAYER ? diffId : undefined) ??
    (await files.digest?.(path)) ??
    (await digestOfStream(await files.open(path)));
  return { mediaType, digest, size };
}

/** The digest in the path of a configuration, if any: `HEX.json`, `sha256:HEX`, `blobs/sha256/HEX`. */
function digestOfConfig(path: string): string | undefined {
  const hex = /(?:^|\/)(?:sha256:)?([0-9a-f]{64})(?:\.json)?$/.exec(path)?.[1];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

/** The suffix of the media type. */
async function compressionOf(files: LayoutFiles, path: string): Promise<string> {
  const { recognise } = await import('../../compression/decompress.js');
  for await (const chunk of await files.open(path)) {
    const format = recognise(chunk as Buffer);
    return format === undefined ? '' : `+${format}`;
  }
  return '';
}

function parseManifest(bytes: Buffer, name: string): DockerManifestEntry[] {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw invalidImage(name, `manifest.json is not JSON: ${printable(messageOf(error))}`, error);
  }
  if (!Array.isArray(json) || !json.every(isEntry))
    throw invalidImage(name, 'manifest.json is not a list of images');
  return json;
}

function isEntry(value: unknown): value is DockerManifestEntry {
  const { Config, RepoTags, Layers } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return typeof Config === 'string' && areStrings(RepoTags ?? []) && areStrings(Layers ?? []);
}

function areStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
