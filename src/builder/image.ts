/** The image that a builder is run from: built from a context, or one that the engine has or pulls. */
import { createHash, randomBytes } from 'node:crypto';
import { build } from '../build.js';
import {
  type Connection,
  type ImageDetails,
  imagePath,
  inspectImage,
  pullImage,
} from '../engine/docker/index.js';
import type { CompleteBuilder } from '../options/builder.js';
import type { Report } from '../progress/events.js';
import type { Source } from '../source/source.js';

/**
 * On an image that goes with its container: makes it another one than all others. Of the same folder, two runs at a
 * time would make one image, and either would remove the other's.
 */
const RUN_LABEL = 'dockerception.run';

/** An image of the engine's. */
export interface BuilderImage {
  /** What a container is made from. */
  readonly reference: string;
  /** Twelve hexadecimal digits: the same for all images that are alike but for {@link RUN_LABEL}. */
  readonly likeness: string;
  /** Bytes, as the engine counts them. */
  readonly size: number | undefined;
  /** Whether it says what to run. */
  readonly hasCommand: boolean;
  /** Made for this run alone: it goes with its container. */
  readonly isOurs: boolean;
}

/** What everything that is asked of the engine shares. */
export interface EngineUse {
  readonly connection: Connection;
  /** BuildKit keeps what it has cached apart from images; for the classic builder and Podman images are the cache. */
  readonly isBuildKit: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** What is built: a directory or file, `-`, or what the builder before has made and this one's own files. */
export type BuilderContext =
  { readonly context: string } | { readonly context: Source; readonly add: string | undefined };

/** Builds an image with the engine that runs it, and its cache. Rejects as `build` does. */
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
    // It is no runtime image: what it has in it is what it is for.
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
  return { ...((await inspect(connection, imageId)) ?? unseen(imageId)), isOurs };
}

/** An image by its name, pulled when the engine doesn't have it. */
export async function findBuilder(
  reference: string,
  { connection, env, report, signal }: EngineUse,
): Promise<BuilderImage> {
  let found = await inspect(connection, reference);
  if (found === undefined) {
    await pullImage(connection, reference, { env, report, signal });
    found = await inspect(connection, reference);
  }
  return { ...(found ?? unseen(reference)), isOurs: false };
}

/** Removes an image that is ours. */
export async function removeBuilder(
  { reference, isOurs }: BuilderImage,
  connection: Connection,
): Promise<void> {
  if (!isOurs) return;
  const path = imagePath(reference);
  // Another build may have taken it up in the meantime.
  await connection.json({ method: 'DELETE', path }).catch(() => undefined);
}

type Inspected = Omit<BuilderImage, 'isOurs'>;

/** Undefined when the engine has no such image. */
async function inspect(connection: Connection, reference: string): Promise<Inspected | undefined> {
  const image = await inspectImage(connection, reference);
  if (image === undefined) return undefined;
  const { Size: size = 0, Config: config } = image;
  const hasCommand = (config?.Cmd?.length ?? 0) + (config?.Entrypoint?.length ?? 0) > 0;
  return { reference, likeness: likenessOf(image), size, hasCommand };
}

/** One that the engine has and doesn't tell about. */
function unseen(reference: string): Inspected {
  return { reference, likeness: digestOf(reference), size: undefined, hasCommand: true };
}

function likenessOf({ Config, RootFS }: ImageDetails): string {
  const labels = { ...Config?.Labels, [RUN_LABEL]: undefined };
  return digestOf(JSON.stringify([{ ...Config, Labels: labels }, RootFS?.Layers]));
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
