/**
 * Pushes an image: all blobs, then the manifests and the index by their digests, then the tags. If anything fails
 * before, no tag has changed.
 */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { DockerceptionError, messageOf } from '../../errors.js';
import { type Descriptor, OCI_CONFIG, ociMediaType } from '../descriptor.js';
import type { AssembledImage, RepositoryName } from '../manifest.js';
import { familiarReference, parseReference, type Reference } from '../reference.js';
import type { BlobSource } from '../store.js';
import { clientFor, isStatus, type RegistryClient } from './client.js';
import { ContentFailure, HttpFailure } from './errors.js';
import { type Answer, discard } from './http.js';
import type { RegistrySettings } from './settings.js';
import { type BlobProgress, forEachConcurrently, Transfers } from './transfers.js';

const NEVER = new AbortController().signal;

/** Concurrent uploads. */
const CONCURRENCY = 4;

/** The references of one repository. */
interface Target extends RepositoryName {
  readonly client: RegistryClient;
  readonly doing: string;
  readonly transfers: Transfers;
  readonly references: readonly Reference[];
}

/**
 * Pushes an image to tags. The signal of the settings applies until the first tag is set.
 * @throws DockerceptionError of kind usage: REFERENCE_INVALID; of kind engine: those of {@link RegistryClient.attempt};
 * what reading a blob throws; the signal's reason
 */
export async function pushToRegistry(
  image: AssembledImage,
  references: readonly string[],
  settings: RegistrySettings,
): Promise<void> {
  const stop = new AbortController();
  let signal = AbortSignal.any([settings.signal, stop.signal]);
  const targets = targetsOf(references, settings);
  try {
    const pushed: Target[] = [];
    for (const target of targets) {
      target.transfers.start();
      await pushBlobs(image, target, pushed, signal, stop);
      pushed.push(target);
    }
    const single =
      image.images.length === 1 && image.images[0]?.descriptor.digest === image.descriptor.digest;
    for (const target of targets) {
      for (const { descriptor } of image.images)
        await pushManifest(image, target, descriptor, signal);
      if (!single) await pushManifest(image, target, image.descriptor, signal);
    }
    for (const target of targets) {
      for (const { tag } of target.references) {
        await pushManifest(image, target, image.descriptor, signal, tag);
        signal = NEVER;
      }
      target.transfers.end();
    }
  } catch (error) {
    for (const { transfers } of targets) transfers.end(messageOf(error));
    throw error;
  }
}

function targetsOf(references: readonly string[], settings: RegistrySettings): readonly Target[] {
  const groups = new Map<string, Reference[]>();
  for (const text of references) {
    const reference = parseReference(text);
    if (reference.digest !== undefined)
      throw new DockerceptionError(
        'usage',
        'REFERENCE_INVALID',
        `pushing ${familiarReference(reference)}: an image is pushed to a tag, not to a digest`,
      );
    const name = `${reference.registry}/${reference.repository}`;
    const group = groups.get(name);
    if (group) group.push(reference);
    else groups.set(name, [reference]);
  }
  return [...groups.values()].map((group) => {
    const { registry, repository } = group[0] as Reference;
    const client = clientFor(registry, settings);
    const doing = `pushing ${group.map(familiarReference).join(', ')}`;
    const transfers = new Transfers(client.settings.report, doing);
    return { registry, repository, client, doing, transfers, references: group };
  });
}

/** @param pushed the targets that already have all blobs */
async function pushBlobs(
  image: AssembledImage,
  target: Target,
  pushed: readonly Target[],
  signal: AbortSignal,
  stop: AbortController,
): Promise<void> {
  const { client, registry, repository, doing, transfers } = target;
  const sibling = pushed.find((other) => other.registry === registry);
  const wanted = new Map<string, { blob: Descriptor; origin: RepositoryName | undefined }>();
  for (const { manifest, origins } of image.images)
    for (const blob of [...manifest.layers, manifest.config]) {
      const origin = sibling ?? origins.get(blob.digest);
      const usable = origin?.registry === registry && origin.repository !== repository;
      wanted.set(blob.digest, { blob, origin: usable ? origin : undefined });
    }
  const { blobs } = image;
  await forEachConcurrently([...wanted.values()], CONCURRENCY, async ({ blob, origin }) => {
    try {
      await uploadBlob({ client, repository, blob, blobs, origin, doing, transfers, signal });
    } catch (error) {
      // Stops the other uploads.
      stop.abort(error);
      throw error;
    }
  });
}

async function pushManifest(
  { blobs }: AssembledImage,
  { client, repository, doing }: Target,
  descriptor: Descriptor,
  signal: AbortSignal,
  tag: string = descriptor.digest,
): Promise<void> {
  const bytes = await buffer(await blobs.open(descriptor));
  await client.attempt(
    doing,
    repository,
    async () => {
      const answer = await client.send(
        {
          method: 'PUT',
          path: `v2/${repository}/manifests/${tag}`,
          headers: { 'Content-Type': descriptor.mediaType },
          body: { size: bytes.length, open: () => Promise.resolve(Readable.from([bytes])) },
          scopes: [scopeOf(repository)],
          signal,
        },
        [200, 201, 202],
      );
      await discard(answer);
    },
    signal,
  );
}

/** A blob and its target. */
interface Upload {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly blob: Descriptor;
  readonly blobs: BlobSource;
  /** Another repository of the registry, to mount the blob from. */
  readonly origin: RepositoryName | undefined;
  /** `pushing app:latest` */
  readonly doing: string;
  readonly transfers: Transfers;
  readonly signal: AbortSignal;
}

/**
 * Uploads a blob (OCI distribution-spec, "Pushing blobs") unless it exists: mounts it from another repository, or sends
 * it in one PUT. An interrupted upload begins again with a new session.
 * @throws as {@link RegistryClient.attempt}; what reading the blob throws
 */
async function uploadBlob(upload: Upload): Promise<void> {
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

/** Mounts the blob. Returns the URL of an upload session if the registry starts one instead, or undefined. */
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
    // Without access to the other repository, or without support, the blob is uploaded.
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
  // Appended as text: the rest of the query stays as the registry wrote it.
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
      // The session has expired or is incomplete: another attempt starts a new one.
      if (!isStatus(error, 404, 416)) throw error;
      throw new ContentFailure(`it lost an upload (${error.message})`, true);
    });
  await discard(answer);
}

/** Some servers require a Content-Length. */
const EMPTY = {
  size: 0,
  open: () => Promise.resolve(Readable.from([])),
};

function scopeOf(repository: string): string {
  return `repository:${repository}:pull,push`;
}
