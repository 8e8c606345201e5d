/**
 * Reads an image as `docker save` writes it: `manifest.json` names a configuration and tars of
 * layers (moby, image/tarexport). Up to Docker 24, and from Podman and skopeo, those aren't named by
 * their digest; crane names and compresses them.
 */
import type { Readable } from 'node:stream';
import { DockerceptionError, messageOf } from '../../errors.js';
import { printable } from '../../text/printable.js';
import { type Descriptor, DOCKER_MANIFEST, OCI_CONFIG, OCI_LAYER } from '../descriptor.js';
import { compare, digestOf, digestOfBlobPath, digestOfStream, EMPTY_DIGEST } from '../digest.js';
import { parseConfig } from '../document.js';
import { badImage, ofFile } from '../image-error.js';
import type { ImageReader } from '../image-reader.js';
import { type LayoutFiles, openBlob, readDocument } from '../layout/layout-files.js';
import type { DockerManifestEntry } from '../layout/layout-index.js';
import type { ImageChoice } from '../layout/layout-reader.js';
import type { Image, Manifest } from '../manifest.js';
import { ambiguous, chooseNamed } from '../named.js';
import { cleanMember } from './tar-link.js';

/** The same of the files of an archive, which are closed with the reader. */
export async function openDockerArchive(
  files: LayoutFiles,
  { name, digest }: ImageChoice,
): Promise<ImageReader> {
  if (digest !== undefined)
    throw new DockerceptionError(
      'usage',
      'IMAGE_NOT_FOUND',
      `reading ${printable(files.name)}: what docker save writes has no digests`,
      { hint: 'name the image behind a colon' },
    );
  const entries = parseManifest(await readDocument(files, 'manifest.json'), files.name);
  const all = entries.map((value) => ({ value, names: value.RepoTags ?? [] }));
  const found = chooseNamed(all, name, files.name);
  const [chosen] = found;
  if (chosen === undefined) throw badImage(files.name, 'there is no image in it');
  if (found.length > 1) throw ambiguous(found, files.name);
  let image: Promise<Image> | undefined;
  return {
    // It knows no platforms: there is one image.
    image: () => (image ??= readImage(files, chosen.value)),
    close: () => files.close(),
  };
}

async function readImage(files: LayoutFiles, entry: DockerManifestEntry): Promise<Image> {
  const path = cleanMember(entry.Config);
  const bytes = await readDocument(files, path);
  const described = { mediaType: OCI_CONFIG, digest: digestOf(bytes), size: bytes.length };
  const digest = digestOfConfig(path);
  if (digest !== undefined) {
    const error = compare({ ...described, digest }, files.name, bytes.length, described.digest);
    if (error) throw error;
  }
  const layerPaths = (entry.Layers ?? []).map(cleanMember);
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: DOCKER_MANIFEST,
    config: described,
    layers: layerPaths.map(() => described),
  };
  const config = ofFile(() => parseConfig(bytes, manifest, files.name));
  const paths = new Map<string, string>();
  const layers: Descriptor[] = [];
  for (const [at, path] of layerPaths.entries()) {
    const layer = await describe(files, path, config.rootfs.diff_ids[at] as string);
    paths.set(layer.digest, path);
    layers.push(layer);
  }
  const open = (descriptor: Descriptor): Promise<Readable> =>
    openBlob(files, descriptor, paths.get(descriptor.digest));
  return {
    name: files.name,
    names: entry.RepoTags ?? [],
    id: described.digest,
    config,
    layers,
    blobs: { open },
  };
}

async function describe(files: LayoutFiles, path: string, diffId: string): Promise<Descriptor> {
  const size = await files.size(path);
  if (size === undefined) throw badImage(files.name, `its layer ${printable(path)} is not in it`);
  if (size === 0 && diffId !== EMPTY_DIGEST) throw withoutContent(files, path, diffId);
  const mediaType = OCI_LAYER + (await compressionOf(files, path));
  // An uncompressed layer is what the configuration names.
  const digest =
    digestOfBlobPath(path) ??
    (mediaType === OCI_LAYER ? diffId : undefined) ??
    (await files.digest?.(path)) ??
    (await digestOfStream(await files.open(path)));
  return { mediaType, digest, size };
}

/** The digest that writers name a configuration by: `HEX.json`, `sha256:HEX`, `blobs/sha256/HEX`. Any other name is valid. */
function digestOfConfig(path: string): string | undefined {
  const hex = /(?:^|\/)(?:sha256:)?([0-9a-f]{64})(?:\.json)?$/.exec(path)?.[1];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

/** Buildpacks write an empty file for a layer that the engine has already. */
function withoutContent(files: LayoutFiles, path: string, diffId: string): DockerceptionError {
  const { code, message } = badImage(
    files.name,
    `its layer ${printable(path)} is empty, but its diff ID is ${diffId}`,
  );
  return new DockerceptionError('build', code, message, {
    hint: 'load it into the engine that has this layer, and name the image there',
  });
}

/** What a media type says of it. */
async function compressionOf(files: LayoutFiles, path: string): Promise<string> {
  const { recognise } = await import('../../compression/decompress.js');
  const format = recognise(await head(await files.open(path)));
  return format === undefined ? '' : `+${format}`;
}

async function head(stream: Readable): Promise<Buffer> {
  for await (const chunk of stream) return chunk as Buffer;
  return Buffer.alloc(0);
}

function parseManifest(bytes: Buffer, name: string): DockerManifestEntry[] {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw badImage(name, `manifest.json is not JSON: ${printable(messageOf(error))}`, error);
  }
  if (!Array.isArray(json) || !json.every(isEntry))
    throw badImage(name, 'manifest.json is not a list of images');
  return json;
}

function isEntry(value: unknown): value is DockerManifestEntry {
  const { Config, RepoTags, Layers } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return (
    typeof Config === 'string' &&
    (RepoTags === null || RepoTags === undefined || areStrings(RepoTags)) &&
    (Layers === null || Layers === undefined || areStrings(Layers))
  );
}

function areStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
