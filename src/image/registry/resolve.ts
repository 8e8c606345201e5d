/**
 * From a name to an image's manifest and configuration (OCI distribution-spec, "Pulling manifests").
 * A tag is always asked for, a digest only when it isn't in the cache.
 */
import { readFile } from 'node:fs/promises';
import { DockerceptionError } from '../../errors.js';
import type { BlobCache } from '../blob-cache.js';
import type { ImageConfig } from '../config.js';
import type { Descriptor, Platform } from '../descriptor.js';
import { checkImage, parseConfig } from '../document.js';
import type { Manifest } from '../manifest.js';
import { normalisePlatform } from '../platform.js';
import { familiarReference, type Reference } from '../reference.js';
import { clientFor } from './client.js';
import { DocumentReader, MAX_DOCUMENT } from './document-reader.js';
import { download } from './download.js';
import { Transfers } from './progress.js';
import { type RegistrySettings, withDefaults } from './settings.js';

/** Where blobs are kept; whoever opened it closes it. */
export interface PullSettings extends RegistrySettings {
  readonly cache: BlobCache;
}

/** An image without its layers. */
export interface ResolvedImage {
  readonly reference: Reference;
  /** Of the manifest. Its `platform` is what the configuration says. */
  readonly descriptor: Descriptor;
  /** Of the index that the manifest was chosen from, or of the manifest when there is none. */
  readonly root: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
}

/**
 * Finds an image and reads its manifest and its configuration, but none of its layers.
 *
 * @throws DockerceptionError of kind build: REGISTRY_NOT_FOUND, PLATFORM_UNKNOWN, IMAGE_INVALID,
 *   IMAGE_SCHEMA_1; of kind engine: BLOB_DIGEST, and those of {@link RegistryClient.attempt}.
 */
export async function resolveImage(
  reference: Reference,
  platform: Platform,
  settings: PullSettings,
): Promise<ResolvedImage> {
  const { report } = withDefaults(settings);
  const transfers = new Transfers(report, `loading metadata for ${familiarReference(reference)}`);
  return transfers.during(() => resolve(reference, platform, settings, transfers));
}

async function resolve(
  reference: Reference,
  platform: Platform,
  settings: PullSettings,
  transfers: Transfers,
): Promise<ResolvedImage> {
  const client = clientFor(reference.registry, settings);
  const name = familiarReference(reference);
  const doing = `pulling ${name}`;
  const read = new DocumentReader(client, reference.repository, settings.cache, name);
  const top = await (reference.digest === undefined
    ? read.byTag(reference.tag ?? 'latest')
    : read.byDigest(reference.digest));
  let found = top;
  // An index may lead to another one, though hardly any does.
  for (let depth = 0; depth < 3 && found.document.kind === 'index'; depth++)
    found = await read.chosen(found.document, platform);
  if (found.document.kind !== 'manifest') throw nested(doing);
  const { manifest } = found.document;
  checkImage(manifest, name);
  const { config: blob } = manifest;
  if (blob.size > MAX_DOCUMENT)
    throw new DockerceptionError(
      'build',
      'IMAGE_INVALID',
      `${doing}: its configuration has ${blob.size} bytes, more than ${MAX_DOCUMENT}`,
    );
  const { repository } = reference;
  const path = await download(settings.cache, { client, repository, blob, doing, transfers });
  const config = parseConfig(await readFile(path), manifest, name);
  const own = normalisePlatform(config);
  return {
    reference,
    descriptor: {
      ...found.descriptor,
      platform: {
        os: own.os,
        architecture: own.architecture,
        ...(own.variant === undefined ? {} : { variant: own.variant }),
      },
    },
    root: top.descriptor,
    manifest,
    config,
  };
}

function nested(doing: string): DockerceptionError {
  return new DockerceptionError(
    'build',
    'IMAGE_INVALID',
    `${doing}: its index leads to other indexes`,
  );
}
