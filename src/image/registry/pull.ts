/**
 * Images in a registry (OCI distribution-spec, "Pulling manifests"). A tag is always requested from the registry, a digest
 * only if the cache doesn't have it. Layers are downloaded through the cache, or streamed once.
 */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { DockerceptionError, messageOf } from '../../errors.js';
import { type BlobCache, wrongBytes } from '../cache/blob-cache.js';
import { parseConfig } from '../config.js';
import type { Descriptor, Platform } from '../descriptor.js';
import { digestOf, isDigest, verified } from '../digest.js';
import { invalidDocument, MAX_DOCUMENT } from '../document.js';
import {
  checkImage,
  type Document,
  type Image,
  MANIFEST_TYPES,
  ociLayers,
  parseDocument,
} from '../manifest.js';
import { requirePlatform } from '../platform.js';
import { familiarReference, formatReference, type Reference } from '../reference.js';
import type { BlobSource } from '../store.js';
import { isStatus, RepositoryClient } from './client.js';
import { download, requestBlob } from './download.js';
import { ConnectionFailure, ContentFailure } from './errors.js';
import { type Answer, bodyOf, readBody } from './http.js';
import type { RegistrySettings } from './settings.js';
import { forEachConcurrently, Transfers } from './transfers.js';

/**
 * Finds an image for a platform. Opening the first layer starts the download of all of them; closing the cache stops
 * it.
 * @throws as {@link resolveImage}, also when a layer is opened
 */
export async function pullFromRegistry(
  reference: Reference,
  platform: Platform,
  settings: RegistrySettings,
  cache: BlobCache,
): Promise<Image> {
  const client = clientFor(reference, settings);
  const image = await resolveImage(client, reference, platform, cache);
  const transfers = new Transfers(settings.report, client.doing);
  const fetch = (blob: Descriptor): Promise<string> => download(cache, client, blob, transfers);
  let all: Promise<void> | undefined;
  const blobs: BlobSource = {
    isVerified: true,
    async open(descriptor) {
      // The requested layer comes first and rejects this call; errors of others are reported when they are opened.
      const wanted = fetch(descriptor);
      all ??= forEachConcurrently(image.layers, fetch).then(
        () => transfers.end(),
        (error: unknown) =>
          transfers.end(error instanceof DockerceptionError ? error.message : 'canceled'),
      );
      return createReadStream(await wanted, { highWaterMark: 1 << 18 });
    },
  };
  return { ...image, blobs };
}

function clientFor(reference: Reference, settings: RegistrySettings): RepositoryClient {
  const doing = `pulling ${familiarReference(reference)}`;
  return new RepositoryClient(reference, doing, 'pull', settings);
}

/** Resumptions of one layer. */
const MAX_BREAKS = 5;

/**
 * Finds an image for a platform, whose layers are streamed from the registry and not stored. An interrupted layer is
 * resumed (RFC 9110, section 14, Range).
 * @throws as {@link resolveImage}, also while a layer is read
 */
export async function streamFromRegistry(
  reference: Reference,
  platform: Platform,
  settings: RegistrySettings,
  cache: BlobCache,
): Promise<Image> {
  const client = clientFor(reference, settings);
  const image = await resolveImage(client, reference, platform, cache);
  const blobs: BlobSource = {
    isVerified: true,
    open(descriptor) {
      const chunks = Readable.from(chunksOf(client, descriptor), { objectMode: false });
      return Promise.resolve(verified(chunks, descriptor, image.name));
    },
  };
  return { ...image, blobs };
}

async function* chunksOf(client: RepositoryClient, blob: Descriptor): AsyncGenerator<Buffer> {
  const { signal } = client.settings;
  let received = 0;
  for (let breaks = 0; ; breaks++) {
    const answer = await client.attempt(() => requestBlob(client, blob, received, signal));
    // A server without ranges sends the whole blob again.
    let known = answer.status === 200 ? received : 0;
    try {
      for await (const chunk of bodyOf(answer)) {
        const fresh = chunk.subarray(Math.min(known, chunk.length));
        known -= chunk.length - fresh.length;
        received += fresh.length;
        yield fresh;
      }
      return;
    } catch (error) {
      if (signal.aborted || !(error instanceof ConnectionFailure)) throw error;
      if (breaks < MAX_BREAKS) continue;
      const message = `${client.doing}: ${client.registry} breaks every connection off: ${messageOf(error)}`;
      throw new DockerceptionError('engine', 'REGISTRY_UNREACHABLE', message, { cause: error });
    }
  }
}

/** Indexes that may refer to another index. */
const MAX_DEPTH = 3;

/**
 * Finds an image and reads its manifest and its configuration, but none of its layers.
 *
 * @throws DockerceptionError of kind build: REGISTRY_NOT_FOUND, PLATFORM_UNKNOWN, IMAGE_INVALID,
 *   IMAGE_SCHEMA_1; of kind engine: BLOB_DIGEST, and those of {@link RepositoryClient.attempt}.
 */
async function resolveImage(
  client: RepositoryClient,
  reference: Reference,
  platform: Platform,
  cache: BlobCache,
): Promise<Omit<Image, 'blobs'>> {
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
  const { bytes, headers } = await fetchManifest(client, tag);
  const { length } = bytes;
  const digest = digestOf(bytes, wanted);
  const size = known?.size ?? length;
  if (wanted !== undefined && (digest !== wanted || size !== length))
    throw wrongBytes({ digest: wanted, size }, length, doing);
  const expected = String(headers['docker-content-digest']);
  if (wanted === undefined && expected.startsWith('sha256:') && expected !== digest)
    throw new DockerceptionError(
      'engine',
      'BLOB_DIGEST',
      `${doing}: the registry says ${expected}, its bytes are ${digest}`,
    );
  await cache.obtain({ digest, size }, (file) => file.write(bytes));
  return { document: parseDocument(bytes, headers['content-type'] ?? '', name), digest };
}

async function fetchManifest(
  client: RepositoryClient,
  tag: string,
): Promise<Pick<Answer, 'headers'> & { readonly bytes: Buffer }> {
  const accepted = { Accept: MANIFEST_TYPES.join(', ') };
  const request = { method: 'GET', path: `manifests/${tag}`, headers: accepted } as const;
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
    const { headers } = answer;
    const { 'content-length': length } = headers;
    if (length !== undefined && Number(length) !== bytes.length)
      throw new ContentFailure('the manifest came in part', true);
    return { bytes, headers };
  });
}
