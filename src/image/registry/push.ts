/**
 * Pushes an image to its names: all blobs to all repositories, then the manifests by their digests, then
 * the index, then the tags. When anything fails before, no tag has changed.
 */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { DockerceptionError, messageOf } from '../../errors.js';
import type { Descriptor } from '../descriptor.js';
import type { AssembledImage, RepositoryName } from '../manifest.js';
import { familiarReference, parseReference, type Reference } from '../reference.js';
import { discard } from './answer.js';
import { clientFor, type RegistryClient } from './client.js';
import { eachOf } from './parallel.js';
import { Transfers } from './progress.js';
import type { RegistrySettings } from './settings.js';
import { scopeOf, uploadBlob } from './upload.js';

const NEVER = new AbortController().signal;

/** Blobs that are uploaded side by side. */
const SIDE_BY_SIDE = 4;

/** All names of one repository. */
interface Target extends RepositoryName {
  readonly client: RegistryClient;
  readonly doing: string;
  readonly transfers: Transfers;
  readonly references: readonly Reference[];
}

/**
 * Pushes an image under each of the names, which have tags. The settings' signal counts until the first tag is set; the
 * others follow it.
 *
 * @throws DockerceptionError of kind usage: REFERENCE_INVALID; of kind engine: those of
 *   {@link RegistryClient.attempt}; what reading a blob throws; the signal's reason.
 */
export async function pushImage(
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

/** @param pushed the targets that have all blobs already. */
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
  await eachOf([...wanted.values()], SIDE_BY_SIDE, async ({ blob, origin }) => {
    try {
      await uploadBlob({ client, repository, blob, blobs, origin, doing, transfers, signal });
    } catch (error) {
      // The others stop in the middle; the first error is the one that is told.
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
