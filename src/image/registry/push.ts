/**
 * Pushes an image: all blobs, then the manifests and the index by their digests, then the tags. If anything fails
 * before, no tag has changed.
 */
import { buffer } from 'node:stream/consumers';
import { DockerceptionError, messageOf } from '../../errors.js';
import type { Descriptor } from '../descriptor.js';
import type { AssembledImage } from '../manifest.js';
import { familiarReference, parseReference, type Reference } from '../reference.js';
import type { BlobSource } from '../store.js';
import { isStatus, RepositoryClient } from './client.js';
import { ContentFailure, HttpFailure } from './errors.js';
import { bytesBody, discard } from './http.js';
import type { RegistrySettings } from './settings.js';
import { forEachConcurrently, Transfers } from './transfers.js';

const NEVER = new AbortController().signal;

/** The references of one repository. */
interface Target {
  readonly client: RepositoryClient;
  readonly transfers: Transfers;
  readonly references: readonly Reference[];
}

/**
 * Pushes an image to tags. The signal of the settings applies until the first tag is set.
 * @throws DockerceptionError of kind usage: REFERENCE_INVALID; of kind engine: those of {@link RepositoryClient.attempt};
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
  const pushManifest = async (
    client: RepositoryClient,
    descriptor: Descriptor,
    tag: string,
  ): Promise<void> => {
    const request = {
      method: 'PUT',
      path: `manifests/${tag}`,
      headers: { 'Content-Type': descriptor.mediaType },
      body: bytesBody(await buffer(await image.blobs.open(descriptor))),
      signal,
    } as const;
    await client.attempt(async () => discard(await client.send(request, [200, 201, 202])), signal);
  };
  try {
    for (const [at, target] of targets.entries())
      await pushBlobs(image, target, targets.slice(0, at), signal, stop);
    const manifests = new Map(
      [...image.images, image].map(({ descriptor }) => [descriptor.digest, descriptor]),
    );
    for (const { client } of targets)
      for (const manifest of manifests.values())
        await pushManifest(client, manifest, manifest.digest);
    for (const { client, references, transfers } of targets) {
      for (const { tag = 'latest' } of references) {
        await pushManifest(client, image.descriptor, tag);
        signal = NEVER;
      }
      transfers.end();
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
    groups.set(name, [...(groups.get(name) ?? []), reference]);
  }
  return [...groups.values()].map((group) => {
    const doing = `pushing ${group.map(familiarReference).join(', ')}`;
    const client = new RepositoryClient(group[0] as Reference, doing, 'pull,push', settings);
    return { client, transfers: new Transfers(settings.report, doing), references: group };
  });
}

/** @param pushed the targets that already have all blobs */
async function pushBlobs(
  { images, blobs }: AssembledImage,
  { client, transfers }: Target,
  pushed: readonly Target[],
  signal: AbortSignal,
  stop: AbortController,
): Promise<void> {
  transfers.start();
  const sibling = pushed.find((target) => target.client.registry === client.registry)?.client;
  const uploads = new Map<string, Upload>();
  for (const { manifest, origins } of images)
    for (const blob of [...manifest.layers, manifest.config]) {
      const origin = sibling ?? origins.get(blob.digest);
      const isUsable =
        origin?.registry === client.registry && origin.repository !== client.repository;
      const from = isUsable ? origin.repository : undefined;
      uploads.set(blob.digest, { client, blob, blobs, from, signal });
    }
  await forEachConcurrently([...uploads.values()], (upload) =>
    uploadBlob(upload, transfers).catch((error: unknown) => {
      // Stops the other uploads.
      stop.abort(error);
      throw error;
    }),
  );
}

/** A blob and its target. */
interface Upload {
  readonly client: RepositoryClient;
  readonly blob: Descriptor;
  readonly blobs: BlobSource;
  /** Another repository of the registry, to mount the blob from. */
  readonly from: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Uploads a blob (OCI distribution-spec, "Pushing blobs") unless it exists: mounts it from another repository, or sends
 * it in one PUT. An interrupted upload begins again with a new session.
 * @throws as {@link RepositoryClient.attempt}; what reading the blob throws
 */
async function uploadBlob(
  { client, blob, blobs, from, signal }: Upload,
  transfers: Transfers,
): Promise<void> {
  const progress = transfers.blob('pushing', blob);
  /** Returns the URL of an upload session, or undefined if the blob was mounted. */
  const begin = async (
    path: string,
    scopes: readonly string[],
    statuses: readonly number[],
  ): Promise<URL | undefined> => {
    const answer = await client.send({ method: 'POST', path, scopes, signal }, statuses);
    await discard(answer);
    if (answer.status === 201) return undefined;
    const { location } = answer.headers;
    const session = location === undefined ? undefined : await client.resolve(location, answer.url);
    if (!session) throw new ContentFailure('it doesn’t say where to upload to');
    return session;
  };
  const upload = (): Promise<URL | undefined> => begin('blobs/uploads/', [], [202]);
  const mount = async (origin: string): Promise<URL | undefined> => {
    const query = new URLSearchParams({ mount: blob.digest, from: origin });
    const scopes = [`repository:${origin}:pull`];
    return begin(`blobs/uploads/?${query.toString()}`, scopes, [201, 202]).catch(
      (error: unknown) => {
        // Without access to the other repository, or without support, the blob is uploaded.
        if (error instanceof HttpFailure && error.status < 500 && error.status !== 429)
          return upload();
        throw error;
      },
    );
  };
  const put = async (session: URL): Promise<void> => {
    const url = new URL(session);
    // Appended as text: the rest of the query stays as the registry wrote it.
    url.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(blob.digest)}`;
    const request = {
      method: 'PUT',
      url,
      headers: { 'Content-Type': 'application/octet-stream' },
      body: { size: blob.size, open: () => blobs.open(blob), sent: progress.at },
      signal,
    } as const;
    const answer = await client.send(request, [201, 204]).catch((error: unknown) => {
      // The session has expired or is incomplete: another attempt starts a new one.
      if (!isStatus(error, 404, 416)) throw error;
      throw new ContentFailure(`it lost an upload (${error.message})`, true);
    });
    await discard(answer);
  };
  await client.attempt(async (number) => {
    const path = `blobs/${blob.digest}`;
    const answer = await client.send({ method: 'HEAD', path, signal }, [200, 404]);
    await discard(answer);
    if (answer.status === 200) return progress.done('already there');
    const session = await (number === 1 && from !== undefined ? mount(from) : upload());
    if (session === undefined) return progress.done(`mounted from ${from}`);
    await put(session);
    progress.done();
  }, signal);
}
