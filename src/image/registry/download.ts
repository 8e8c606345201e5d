/**
 * Downloads a blob into the cache (OCI distribution-spec, "Pulling blobs"). An interrupted download is resumed (RFC
 * 9110, section 14, Range); if the resumed blob is wrong, it is downloaded again.
 */
import { type BlobCache, type PartialBlob, wrongBytes } from '../cache/blob-cache.js';
import type { Descriptor } from '../descriptor.js';
import { isStatus, type RepositoryClient } from './client.js';
import { ContentFailure } from './errors.js';
import { type Answer, bodyOf, discard } from './http.js';
import type { Transfers } from './transfers.js';

/**
 * Downloads a blob, and returns its path in the cache.
 * @throws DockerceptionError: BLOB_DIGEST, CACHE_WRITE, those of {@link RepositoryClient.attempt}
 */
export function download(
  cache: BlobCache,
  client: RepositoryClient,
  blob: Descriptor,
  transfers: Transfers,
): Promise<string> {
  return cache.obtain(blob, async (file, closing) => {
    const progress = transfers.blob('pulling', blob);
    const signal = AbortSignal.any([client.settings.signal, closing]);
    await client.attempt(async () => {
      const resumed = file.received > 0;
      await receive(client, blob, file, signal, progress.at);
      if (file.isWhole()) return;
      if (!resumed) throw wrongBytes(blob, file.received, client.doing);
      throw await restarted(file, `blob ${blob.digest} came in parts that don’t fit`);
    }, signal);
    progress.done();
  });
}

/** Requests the missing bytes of the file. */
async function receive(
  client: RepositoryClient,
  blob: Descriptor,
  file: PartialBlob,
  signal: AbortSignal,
  at: (bytes: number) => void,
): Promise<void> {
  const from = file.received;
  if (from === blob.size && from > 0) return;
  const answer = await requestBlob(client, blob, from, signal).catch(async (error: unknown) => {
    if (!isStatus(error, 416)) throw error;
    throw await restarted(file, `blob ${blob.digest} can’t be had in parts`);
  });
  const whole = answer.status === 200;
  const range = /^bytes (\d+)-/.exec(answer.headers['content-range'] ?? '')?.[1];
  if (whole && from > 0) await file.restart();
  if (!whole && Number(range) !== from) {
    await discard(answer);
    throw await restarted(file, `blob ${blob.digest} came from another place on`);
  }
  for await (const chunk of bodyOf(answer)) {
    const received = file.received + chunk.length;
    // Extra bytes are never written.
    if (received > blob.size) throw wrongBytes(blob, received, client.doing);
    await file.write(chunk);
    at(received);
  }
}

/** Discards the bytes, and returns the error for another attempt. */
async function restarted(file: PartialBlob, why: string): Promise<ContentFailure> {
  await file.restart();
  return new ContentFailure(why, true);
}

/** Requests the bytes of a blob from an offset on, which a server may ignore. */
export function requestBlob(
  client: RepositoryClient,
  { digest }: Descriptor,
  from: number,
  signal: AbortSignal,
): Promise<Answer> {
  const headers = from > 0 ? { headers: { Range: `bytes=${from}-` } } : {};
  return client.send({ method: 'GET', path: `blobs/${digest}`, signal, ...headers }, [200, 206]);
}
