/** The image of a builder: built from a context, or one that the engine has or pulls. */
import { createHash, randomBytes } from 'node:crypto';
import { build } from '../build.js';
import type { Connection } from '../engine/docker/connection.js';
import { type ImageDetails, imagePath, inspectImage } from '../engine/docker/images.js';
import { pullIntoEngine } from '../engine/docker/registry.js';
import type { CompleteBuilder } from '../options/builder.js';
import type { Source } from '../source/source.js';

/**
 * A label that makes an image unique. Otherwise two simultaneous runs with the same context would share an image, which
 * the first would remove.
 */
const RUN_LABEL = 'dockerception.run';

export interface BuilderImage {
  /** Its name or ID. */
  readonly reference: string;
  /** Twelve hexadecimal digits: the same for images that differ only in {@link RUN_LABEL}. */
  readonly likeness: string;
  /** Bytes, as the engine counts them. */
  readonly size: number | undefined;
  readonly hasCommand: boolean;
  /** Whether it was built for this run alone, and is removed with its container. */
  readonly isOurs: boolean;
}

export interface EngineUse extends Pick<CompleteBuilder, 'env' | 'report' | 'signal'> {
  readonly connection: Connection;
  /** BuildKit's cache is separate from images. With the classic builder and Podman, images are the cache. */
  readonly isBuildKit: boolean;
}

/**
 * Builds an image with the engine that runs it. Rejects as `build` does.
 *
 * @param add files that are added to the context.
 */
export async function buildBuilder(
  context: string | Source,
  add: string | undefined,
  options: CompleteBuilder,
  isLast: boolean,
  { connection, isBuildKit, env, report, signal }: EngineUse,
): Promise<BuilderImage> {
  const { tag, file, target, buildArgs, noCache, pull, network, addHosts } = options;
  const isNamed = isLast && tag !== undefined;
  const isOurs = isBuildKit && !isNamed;
  const { imageId } = await build({
    context,
    add: add === undefined ? [] : [{ host: add, dest: '.' }],
    engine: 'docker',
    // It is no runtime image.
    check: false,
    tags: isNamed ? [tag] : [],
    ...(isOurs && { labels: { [RUN_LABEL]: randomBytes(8).toString('hex') } }),
    ...(isLast && { file, target }),
    buildArgs,
    noCache,
    pull,
    network,
    addHosts,
    env,
    report,
    signal,
  });
  return describe(imageId, await inspectImage(connection, imageId), isOurs);
}

/** An image by its name, pulled if the engine does not have it. */
export async function findBuilder(
  reference: string,
  { connection, env, report, signal }: EngineUse,
): Promise<BuilderImage> {
  const found = await inspectImage(connection, reference);
  if (found !== undefined) return describe(reference, found);
  await pullIntoEngine(connection, reference, { env, report, signal });
  return describe(reference, await inspectImage(connection, reference));
}

/** Removes an image that was built for this run alone. */
export async function removeBuilder(
  { reference, isOurs }: BuilderImage,
  connection: Connection,
): Promise<void> {
  if (!isOurs) return;
  const path = imagePath(reference);
  // Another build may use it by now.
  await connection.json({ method: 'DELETE', path }).catch(() => undefined);
}

/** @param image undefined if the engine does not describe it. */
function describe(reference: string, image?: ImageDetails, isOurs = false): BuilderImage {
  if (image === undefined)
    return { reference, likeness: digestOf(reference), size: undefined, hasCommand: true, isOurs };
  const { Size: size = 0, Config, RootFS } = image;
  const hasCommand = (Config?.Cmd?.length ?? 0) + (Config?.Entrypoint?.length ?? 0) > 0;
  const Labels = { ...Config?.Labels, [RUN_LABEL]: undefined };
  const likeness = digestOf(JSON.stringify([{ ...Config, Labels }, RootFS?.Layers]));
  return { reference, likeness, size, hasCommand, isOurs };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
