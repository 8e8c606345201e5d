/**
 * Brings a blob to a repository (OCI distribution-spec, "Pushing blobs"): not at all when it is there,
 * by mounting it from a repository of the same registry that has it, else as one PUT that streams. An
 * upload that breaks off begins anew with a session of its own.
 */
import { Readable } from 'node:stream';
import { type Descriptor, OCI_CONFIG, ociMediaType } from '../descriptor.js';
import type { RepositoryName } from '../manifest.js';
import type { BlobSource } from '../store.js';
import { discard } from './answer.js';
import { isStatus, type RegistryClient } from './client.js';
import type { Answer } from './exchange.js';
import { ContentFailure, HttpFailure } from './failure.js';
import type { BlobProgress, Transfers } from './progress.js';

/** A blob and where it has to go. */
export interface Upload {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly blob: Descriptor;
  readonly blobs: BlobSource;
  /** Another repository of the same registry that should have it. */
  readonly origin: RepositoryName | undefined;
  /** `pushing app:latest` */
  readonly doing: string;
  readonly transfers: Transfers;
  readonly signal: AbortSignal;
}

/**
 * Resolves when the repository has the blob.
 *
 * @throws as {@link RegistryClient.attempt}; what reading the blob throws.
 */
export async function uploadBlob(upload: Upload): Promise<void> {
  const { client, repository, blob, doing, transfers, signal } = upload;
  const what = ociMediaType(blob.mediaType) === OCI_CONFIG ? 'config' : 'layer';
  const progress = transfers.blob(`pushing ${what} ${blob.digest}`, blob.size);
  await client.attempt(
    doing,
    repository,
    async (number) => {
      if (await exists(upload)) return progress.done('already there');
      const session = (number === 1 && (await mount(upload))) || (await begin(upload));
      if (session === 'mounted') return progress.done(`mounted from ${upload.origin?.repository}`);
      await put(upload, session, progress);
      progress.done();
    },
    signal,
  );
}

async function exists({ client, repository, blob, signal }: Upload): Promise<boolean> {
  const path = `v2/${repository}/blobs/${blob.digest}`;
  const scopes = [scopeOf(repository)];
  const answer = await client.send({ method: 'HEAD', path, scopes, signal }, [200, 404]);
  await discard(answer);
  return answer.status === 200;
}

/** Mounts the blob; the session of an upload when the registry would rather have one, or undefined. */
async function mount(upload: Upload): Promise<'mounted' | URL | undefined> {
  const { client, repository, blob, origin, signal } = upload;
  if (!origin) return undefined;
  const query = new URLSearchParams({ mount: blob.digest, from: origin.repository });
  const path = `v2/${repository}/blobs/uploads/?${query.toString()}`;
  const scopes = [scopeOf(repository), `repository:${origin.repository}:pull`];
  try {
    const answer = await client.send(
      { method: 'POST', path, scopes, signal, body: EMPTY },
      [201, 202],
    );
    await discard(answer);
    return answer.status === 201 ? 'mounted' : await sessionOf(upload, answer);
  } catch (error) {
    // It may be that we may not read there, or that it doesn't know how: then it is uploaded.
    if (error instanceof HttpFailure && error.status < 500 && error.status !== 429)
      return undefined;
    throw error;
  }
}

async function begin(upload: Upload): Promise<URL> {
  const { client, repository, signal } = upload;
  const path = `v2/${repository}/blobs/uploads/`;
  const scopes = [scopeOf(repository)];
  const answer = await client.send({ method: 'POST', path, scopes, signal, body: EMPTY }, [202]);
  await discard(answer);
  return sessionOf(upload, answer);
}

async function sessionOf({ client }: Upload, { headers, url }: Answer): Promise<URL> {
  const session =
    headers.location === undefined ? undefined : await client.resolve(headers.location, url);
  if (!session) throw new ContentFailure('it doesn’t say where to upload to');
  return session;
}

async function put(upload: Upload, session: URL, progress: BlobProgress): Promise<void> {
  const { client, repository, blob, blobs, signal } = upload;
  const url = new URL(session);
  // Appended as text: the rest of the query is the registry's own, and stays as it is.
  url.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(blob.digest)}`;
  const answer = await client
    .send(
      {
        method: 'PUT',
        url,
        headers: { 'Content-Type': 'application/octet-stream' },
        body: { size: blob.size, open: () => blobs.open(blob), sent: progress.at },
        scopes: [scopeOf(repository)],
        signal,
      },
      [201, 204],
    )
    .catch((error: unknown) => {
      // The registry has forgotten the session, or lost a part of it: another one will do.
      if (!isStatus(error, 404, 416)) throw error;
      throw new ContentFailure(`it lost an upload (${error.message})`, true);
    });
  await discard(answer);
}

/** A POST without a body says so: some servers want a length. */
const EMPTY = {
  size: 0,
  open: () => Promise.resolve(Readable.from([])),
};

/** What a token for pushing has to allow. */
export function scopeOf(repository: string): string {
  return `repository:${repository}:pull,push`;
}
