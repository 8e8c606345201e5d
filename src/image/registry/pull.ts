/** Images in a registry. Their layers are downloaded through the cache, or streamed once. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { DockerceptionError, messageOf } from '../../errors.js';
import { type Descriptor, ociMediaType, type Platform } from '../descriptor.js';
import { verified } from '../digest.js';
import type { Image } from '../manifest.js';
import { familiarReference, formatReference, type Reference } from '../reference.js';
import type { BlobSource } from '../store.js';
import { clientFor } from './client.js';
import { download } from './download.js';
import { ConnectionFailure } from './errors.js';
import { bodyOf } from './http.js';
import { type PullSettings, type ResolvedImage, resolveImage } from './resolve.js';
import { forEachConcurrently, Transfers } from './transfers.js';

/** Concurrent downloads. */
const CONCURRENCY = 4;

export interface PulledImage extends Image {
  readonly resolved: ResolvedImage;
}

/**
 * Finds an image for a platform. Opening the first layer starts the download of all of them; closing the cache stops
 * it.
 * @throws as {@link resolveImage}, also when a layer is opened
 */
export async function pullFromRegistry(
  reference: Reference,
  platform: Platform,
  settings: PullSettings,
): Promise<PulledImage> {
  const resolved = await resolveImage(reference, platform, settings);
  return describePulled(resolved, layerSource(resolved, settings));
}

function describePulled(resolved: ResolvedImage, blobs: BlobSource): PulledImage {
  const { reference, manifest, config, descriptor } = resolved;
  const { registry, repository } = reference;
  return {
    name: familiarReference(reference),
    names: [formatReference(reference)],
    digest: descriptor.digest,
    id: manifest.config.digest,
    config,
    layers: manifest.layers.map((layer) => ({
      ...layer,
      mediaType: ociMediaType(layer.mediaType),
    })),
    blobs,
    origin: { registry, repository },
    resolved,
  };
}

function layerSource({ reference, manifest }: ResolvedImage, settings: PullSettings): BlobSource {
  const client = clientFor(reference.registry, settings);
  const { repository } = reference;
  const doing = `pulling ${familiarReference(reference)}`;
  const transfers = new Transfers(client.settings.report, doing);
  const fetch = (blob: Descriptor): Promise<string> =>
    download(settings.cache, { client, repository, blob, doing, transfers });
  let all: Promise<void> | undefined;
  return {
    async open(descriptor) {
      // The requested layer comes first and rejects this call; errors of others are reported when they are opened.
      const wanted = fetch(descriptor);
      all ??= forEachConcurrently(manifest.layers, CONCURRENCY, fetch).then(
        () => transfers.end(),
        (error: unknown) =>
          transfers.end(error instanceof DockerceptionError ? error.message : 'canceled'),
      );
      return createReadStream(await wanted, { highWaterMark: 1 << 18 });
    },
  };
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
  settings: PullSettings,
): Promise<PulledImage> {
  const resolved = await resolveImage(reference, platform, settings);
  return describePulled(resolved, streamedLayers(resolved, settings));
}

function streamedLayers({ reference }: ResolvedImage, settings: PullSettings): BlobSource {
  const name = familiarReference(reference);
  return {
    open(descriptor) {
      const chunks = Readable.from(layer(reference, descriptor, settings), { objectMode: false });
      return Promise.resolve(verified(chunks, descriptor, name));
    },
  };
}

async function* layer(
  reference: Reference,
  { digest }: Descriptor,
  settings: PullSettings,
): AsyncGenerator<Buffer> {
  const { registry, repository } = reference;
  const client = clientFor(registry, settings);
  const doing = `pulling ${familiarReference(reference)}`;
  let received = 0;
  for (let breaks = 0; ; breaks++) {
    const request = {
      method: 'GET',
      path: `v2/${repository}/blobs/${digest}`,
      scopes: [`repository:${repository}:pull`],
      signal: settings.signal,
      ...(received > 0 && { headers: { Range: `bytes=${received}-` } }),
    } as const;
    const answer = await client.attempt(doing, repository, () => client.send(request, [200, 206]));
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
      if (settings.signal.aborted || !(error instanceof ConnectionFailure)) throw error;
      if (breaks === MAX_BREAKS) throw brokenOff(doing, registry, error);
    }
  }
}

function brokenOff(doing: string, registry: string, cause: Error): DockerceptionError {
  const message = `${doing}: ${registry} breaks every connection off: ${messageOf(cause)}`;
  return new DockerceptionError('engine', 'REGISTRY_UNREACHABLE', message, { cause });
}
