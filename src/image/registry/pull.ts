/** Images in a registry. Their layers are downloaded through the cache, or streamed once. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { DockerceptionError, messageOf } from '../../errors.js';
import type { Descriptor, Platform } from '../descriptor.js';
import { verified } from '../digest.js';
import { familiarReference, type Reference } from '../reference.js';
import type { BlobSource } from '../store.js';
import { RepositoryClient } from './client.js';
import { download, requestBlob } from './download.js';
import { ConnectionFailure } from './errors.js';
import { bodyOf } from './http.js';
import { type PulledImage, type PullSettings, resolveImage } from './resolve.js';
import { forEachConcurrently, Transfers } from './transfers.js';

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
  const client = clientFor(reference, settings);
  const image = await resolveImage(client, reference, platform, settings.cache);
  const transfers = new Transfers(settings.report, client.doing);
  const fetch = (blob: Descriptor): Promise<string> =>
    download(settings.cache, client, blob, transfers);
  let all: Promise<void> | undefined;
  const blobs: BlobSource = {
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

function clientFor(reference: Reference, settings: PullSettings): RepositoryClient {
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
  settings: PullSettings,
): Promise<PulledImage> {
  const client = clientFor(reference, settings);
  const image = await resolveImage(client, reference, platform, settings.cache);
  const blobs: BlobSource = {
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
