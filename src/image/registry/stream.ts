/**
 * An image of a registry, to be read once: its layers come straight from there and are kept nowhere (OCI
 * distribution-spec, "Pulling blobs"). A layer that breaks off goes on where it stopped (RFC 9110, section 14, Range).
 */
import { Readable } from 'node:stream';
import { DockerceptionError, messageOf } from '../../errors.js';
import type { Descriptor, Platform } from '../descriptor.js';
import { verified } from '../digest.js';
import { familiarReference, type Reference } from '../reference.js';
import type { BlobSource } from '../store.js';
import { bodyOf } from './answer.js';
import { clientFor } from './client.js';
import { ConnectionFailure } from './failure.js';
import { describePulled, type PulledImage } from './pull.js';
import { type PullSettings, type ResolvedImage, resolveImage } from './resolve.js';

/** Connections that may break while one layer comes. */
const MAX_BREAKS = 5;

/** Finds an image for a platform. Throws as {@link resolveImage}; so do its layers while they are read. */
export async function streamImage(
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
  { registry, repository, ...rest }: Reference,
  { digest }: Descriptor,
  settings: PullSettings,
): AsyncGenerator<Buffer> {
  const client = clientFor(registry, settings);
  const doing = `pulling ${familiarReference({ registry, repository, ...rest })}`;
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
    // Whoever takes no ranges sends all of it once more.
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
