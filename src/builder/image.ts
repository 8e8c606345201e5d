/** The image of a builder: built from a context, or one that the engine has or pulls. */
import { createHash, randomBytes } from 'node:crypto';
import { build } from '../build.js';
import {
  type Connection,
  type ImageDetails,
  imagePath,
  inspectImage,
  pullIntoEngine,
} from '../engine/docker/index.js';
import type { CompleteBuilder } from '../options/builder.js';
import type { Report } from '../progress/events.js';
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
  /** Whether it has a command or an entrypoint. */
  readonly hasCommand: boolean;
  /** Whether it was built for this run alone, and is removed with its container. */
  readonly isOurs: boolean;
}

export interface EngineUse {
  readonly connection: Connection;
  /** BuildKit's cache is separate from images. With the classic builder and Podman, images are the cache. */
  readonly isBuildKit: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** A directory or file, `-`, or the context from the previous builder and the files of this one. */
export type BuilderContext =
  { readonly context: string } | { readonly context: Source; readonly add: string | undefined };

/** Builds an image with the engine that runs it. Rejects as `build` does. */
export async function buildBuilder(
  given: BuilderContext,
  options: CompleteBuilder,
  isLast: boolean,
  { connection, isBuildKit, env, report, signal }: EngineUse,
): Promise<BuilderImage> {
  const { tag, file, target, buildArgs, noCache, pull, network, addHosts } = options;
  const isNamed = isLast && tag !== undefined;
  const isOurs = isBuildKit && !isNamed;
  const own = 'add' in given && given.add !== undefined ? [{ host: given.add, dest: '.' }] : [];
  const { imageId } = await build({
    context: given.context,
    add: own,
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
  return (await inspect(connection, imageId, isOurs)) ?? unseen(imageId, isOurs);
}

/** An image by its name, pulled if the engine does not have it. */
export async function findBuilder(
  reference: string,
  { connection, env, report, signal }: EngineUse,
): Promise<BuilderImage> {
  const found = await inspect(connection, reference);
  if (found !== undefined) return found;
  await pullIntoEngine(connection, reference, { env, report, signal });
  return (await inspect(connection, reference)) ?? unseen(reference);
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

async function inspect(
  connection: Connection,
  reference: string,
  isOurs = false,
): Promise<BuilderImage | undefined> {
  const image = await inspectImage(connection, reference);
  if (image === undefined) return undefined;
  const { Size: size = 0, Config: config } = image;
  const hasCommand = (config?.Cmd?.length ?? 0) + (config?.Entrypoint?.length ?? 0) > 0;
  return { reference, likeness: likenessOf(image), size, hasCommand, isOurs };
}

/** An image that the engine does not describe. */
function unseen(reference: string, isOurs = false): BuilderImage {
  return { reference, likeness: digestOf(reference), size: undefined, hasCommand: true, isOurs };
}

function likenessOf({ Config, RootFS }: ImageDetails): string {
  const labels = { ...Config?.Labels, [RUN_LABEL]: undefined };
  return digestOf(JSON.stringify([{ ...Config, Labels: labels }, RootFS?.Layers]));
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
