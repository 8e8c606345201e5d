/**
 * Finds the manifest and the configuration of an image (OCI distribution-spec, "Pulling manifests"). A tag is always
 * requested from the registry, a digest only if the cache doesn't have it.
 */
import { readFile } from 'node:fs/promises';
import { DockerceptionError } from '../../errors.js';
import { type BlobCache, wrongBytes } from '../blob-cache.js';
import { parseConfig } from '../config.js';
import type { Descriptor, Platform } from '../descriptor.js';
import { digestOf, isDigest } from '../digest.js';
import { invalidDocument, MAX_DOCUMENT } from '../document.js';
import {
  checkImage,
  type Document,
  type Image,
  type Manifest,
  MANIFEST_TYPES,
  ociLayers,
  parseDocument,
} from '../manifest.js';
import { requirePlatform } from '../platform.js';
import { familiarReference, formatReference, type Reference } from '../reference.js';
import { isStatus, type RepositoryClient } from './client.js';
import { download } from './download.js';
import { ContentFailure } from './errors.js';
import { readBody } from './http.js';
import type { RegistrySettings } from './settings.js';
import { Transfers } from './transfers.js';

/** Indexes that may refer to another index. */
const MAX_DEPTH = 3;

/** Settings with a cache, which the caller closes. */
export interface PullSettings extends RegistrySettings {
  readonly cache: BlobCache;
}

/** An image of a registry. */
export interface PulledImage extends Image {
  readonly manifest: Manifest;
}

/**
 * Finds an image and reads its manifest and its configuration, but none of its layers.
 *
 * @throws DockerceptionError of kind build: REGISTRY_NOT_FOUND, PLATFORM_UNKNOWN, IMAGE_INVALID,
 *   IMAGE_SCHEMA_1; of kind engine: BLOB_DIGEST, and those of {@link RepositoryClient.attempt}.
 */
export async function resolveImage(
  client: RepositoryClient,
  reference: Reference,
  platform: Platform,
  cache: BlobCache,
): Promise<Omit<PulledImage, 'blobs'>> {
  const name = familiarReference(reference);
  const transfers = new Transfers(client.settings.report, `loading metadata for ${name}`);
  return transfers.during(async () => {
    const { doing, registry, repository } = client;
    const { tag = 'latest' } = reference;
    let { document, digest } = await readManifest(client, cache, name, reference.digest ?? tag);
    for (let depth = 0; depth < MAX_DEPTH && 'manifests' in document; depth++) {
      const chosen = requirePlatform(document.manifests, platform, doing);
      ({ document, digest } = await readManifest(client, cache, name, chosen.digest, chosen));
    }
    if ('manifests' in document) throw invalidDocument(doing, 'its index leads to other indexes');
    checkImage(document, name);
    const { config: blob, layers } = document;
    if (blob.size > MAX_DOCUMENT)
      throw invalidDocument(
        doing,
        `its configuration has ${blob.size} bytes, more than ${MAX_DOCUMENT}`,
      );
    const path = await download(cache, client, blob, transfers);
    return {
      name,
      names: [formatReference(reference)],
      digest,
      id: blob.digest,
      config: parseConfig(await readFile(path), layers.length, name),
      layers: ociLayers(document),
      origin: { registry, repository },
      manifest: document,
    };
  });
}

/**
 * Reads and verifies a manifest or an index.
 * @param tag a tag or a digest
 * @param known its descriptor in an index
 */
async function readManifest(
  client: RepositoryClient,
  cache: BlobCache,
  name: string,
  tag: string,
  known?: Descriptor,
): Promise<{ readonly document: Document; readonly digest: string }> {
  const doing = `reading the manifest of ${name}`;
  if (known && known.size > MAX_DOCUMENT)
    throw invalidDocument(doing, `it has ${known.size} bytes, more than ${MAX_DOCUMENT}`);
  const wanted = isDigest(tag) ? tag : undefined;
  const cached = wanted && (await cache.findDocument(wanted, MAX_DOCUMENT));
  if (cached) return { document: parseDocument(cached, known?.mediaType ?? '', name), digest: tag };
  const { bytes, type, expected } = await fetchManifest(client, tag);
  const { length } = bytes;
  const digest = digestOf(bytes, wanted);
  const size = known?.size ?? length;
  if (wanted !== undefined && (digest !== wanted || size !== length))
    throw wrongBytes({ digest: wanted, size }, length, doing);
  if (wanted === undefined && expected?.startsWith('sha256:') && expected !== digest)
    throw new DockerceptionError(
      'engine',
      'BLOB_DIGEST',
      `${doing}: the registry says ${expected}, its bytes are ${digest}`,
    );
  await cache.obtain({ digest, size }, (file) => file.write(bytes));
  return { document: parseDocument(bytes, type, name), digest };
}

/** `expected` is the digest in the registry's answer. */
async function fetchManifest(
  client: RepositoryClient,
  tag: string,
): Promise<{ readonly bytes: Buffer; readonly type: string; readonly expected?: string }> {
  const headers = { Accept: MANIFEST_TYPES.join(', ') };
  const request = { method: 'GET', path: `manifests/${tag}`, headers } as const;
  return client.attempt(async () => {
    const answer = await client.send(request, [200]).catch((error: unknown) => {
      if (!isStatus(error, 404)) throw error;
      throw new DockerceptionError(
        'build',
        'REGISTRY_NOT_FOUND',
        `${client.doing}: ${client.registry} has no such image or tag`,
        { cause: error },
      );
    });
    const bytes = await readBody(answer, MAX_DOCUMENT);
    const {
      'content-length': length,
      'content-type': type = '',
      'docker-content-digest': expected,
    } = answer.headers;
    if (length !== undefined && Number(length) !== bytes.length)
      throw new ContentFailure('the manifest came in part', true);
    return { bytes, type, ...(typeof expected === 'string' && { expected }) };
  });
}
