/**
 * Downloads a blob into the cache (OCI distribution-spec, "Pulling blobs"). An interrupted download is resumed (RFC
 * 9110, section 14, Range); if the resumed blob is wrong, it is downloaded again.
 */
import { type BlobCache, type PartialBlob, wrongBytes } from '../blob-cache.js';
import { type Descriptor, OCI_CONFIG, ociMediaType } from '../descriptor.js';
import type { RegistryClient } from './client.js';
import { ContentFailure, HttpFailure } from './errors.js';
import { bodyOf, discard } from './http.js';
import type { Transfers } from './transfers.js';

/** A blob of a repository. */
export interface Download {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly blob: Descriptor;
  /** `pulling debian:12` */
  readonly doing: string;
  readonly transfers: Transfers;
}

/**
 * Downloads a blob, and returns its path in the cache.
 * @throws DockerceptionError: BLOB_DIGEST, CACHE_WRITE, those of {@link RegistryClient.attempt}
 */
export function download(cache: BlobCache, wanted: Download): Promise<string> {
  const { client, repository, blob, doing, transfers } = wanted;
  return cache.obtain(blob, async (file, closing) => {
    const what = ociMediaType(blob.mediaType) === OCI_CONFIG ? 'config' : 'layer';
    const progress = transfers.blob(`pulling ${what} ${blob.digest}`, blob.size);
    const signal = AbortSignal.any([client.settings.signal, closing]);
    const attempt = async (): Promise<void> => {
      const resumed = file.received > 0;
      await receive(wanted, file, signal, progress.at);
      if (file.isWhole()) return;
      if (!resumed) throw wrongBytes(blob, file.received, doing);
      await file.restart();
      throw new ContentFailure(`blob ${blob.digest} came in parts that don’t fit`, true);
    };
    await client.attempt(doing, repository, attempt, signal);
    progress.done();
  });
}

/** Requests the missing bytes of the file. */
async function receive(
  { client, repository, blob, doing }: Download,
  file: PartialBlob,
  signal: AbortSignal,
  at: (bytes: number) => void,
): Promise<void> {
  if (file.received === blob.size && blob.size > 0) return;
  const from = file.received;
  const answer = await client
    .send(
      {
        method: 'GET',
        path: `v2/${repository}/blobs/${blob.digest}`,
        scopes: [`repository:${repository}:pull`],
        signal,
        ...(from > 0 ? { headers: { Range: `bytes=${from}-` } } : {}),
      },
      [200, 206],
    )
    .catch(async (error: unknown) => {
      if (!(error instanceof HttpFailure) || error.status !== 416) throw error;
      await file.restart();
      throw new ContentFailure(`blob ${blob.digest} can’t be had in parts`, true);
    });
  const whole = answer.status === 200;
  const range = /^bytes (\d+)-/.exec(answer.headers['content-range'] ?? '')?.[1];
  if (whole && from > 0) await file.restart();
  if (!whole && Number(range) !== from) {
    await discard(answer);
    await file.restart();
    throw new ContentFailure(`blob ${blob.digest} came from another place on`, true);
  }
  for await (const chunk of bodyOf(answer)) {
    const received = file.received + chunk.length;
    // Extra bytes are never written.
    if (received > blob.size) throw wrongBytes(blob, received, doing);
    await file.write(chunk);
    at(received);
  }
}
