/**
 * An image of a registry, to build upon: its configuration now, its layers when they are opened. They go
 * through the cache: what comes out of it is whole and verified.
 */
import { createReadStream } from 'node:fs';
import { DockerceptionError } from '../../errors.js';
import { type Descriptor, ociMediaType, type Platform } from '../descriptor.js';
import type { Image } from '../manifest.js';
import { familiarReference, formatReference, type Reference } from '../reference.js';
import type { BlobSource } from '../store.js';
import { clientFor } from './client.js';
import { download } from './download.js';
import { eachOf } from './parallel.js';
import { Transfers } from './progress.js';
import { type PullSettings, type ResolvedImage, resolveImage } from './resolve.js';

/** Layers that are downloaded side by side. */
const SIDE_BY_SIDE = 4;

/** An image, and where it was found. */
export interface PulledImage extends Image {
  readonly resolved: ResolvedImage;
}

/**
 * Finds an image for a platform. The first layer that is opened starts the download of all of them,
 * several side by side; closing the cache stops it.
 *
 * @throws as {@link resolveImage}; opening a layer throws DockerceptionError, too.
 */
export async function pullImage(
  reference: Reference,
  platform: Platform,
  settings: PullSettings,
): Promise<PulledImage> {
  const resolved = await resolveImage(reference, platform, settings);
  return describePulled(resolved, layerSource(resolved, settings));
}

/** What is known of an image of a registry, and where its layers come from. */
export function describePulled(resolved: ResolvedImage, blobs: BlobSource): PulledImage {
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
      // The one that is asked for is the first; its error is told, the others' when they are opened.
      const wanted = fetch(descriptor);
      all ??= eachOf(manifest.layers, SIDE_BY_SIDE, fetch).then(
        () => transfers.end(),
        (error: unknown) =>
          transfers.end(error instanceof DockerceptionError ? error.message : 'canceled'),
      );
      return createReadStream(await wanted, { highWaterMark: 1 << 18 });
    },
  };
}
