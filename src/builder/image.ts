/** The image that a builder is run from: built from a context, or one that the engine has or pulls. */
import { build } from '../build.js';
import { isNotFound, pullImage, type Connection } from '../engine/docker/index.js';
import { DockerceptionError } from '../errors.js';
import type { Report } from '../progress/events.js';
import type { Source } from '../source/source.js';
import type { BuilderOptions } from './options.js';

/** So often a list of images is asked for; what is in the way of one is gone a moment later. */
const LISTINGS = 3;
const REFUSED = new Set(['ENGINE_REFUSED', 'ENGINE_NOT_FOUND', 'ENGINE_NO_REASON']);

/** An image of the engine's. */
export interface BuilderImage {
  /** What a container is made from. */
  readonly reference: string;
  /** `sha256:…`. */
  readonly id: string;
  /** Bytes, as the engine counts them. */
  readonly size: number | undefined;
  /** Whether it says what to run. */
  readonly hasCommand: boolean;
  /** Nobody had it before, and nobody has a name for it: it goes with its container. */
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
  options: BuilderOptions,
  isLast: boolean,
  { connection, isBuildKit, env, report, signal }: EngineUse,
): Promise<BuilderImage> {
  const { tag, file, target, buildArgs, noCache, pull, network, addHosts } = options;
  // Elsewhere it stays.
  const before = isBuildKit ? await imagesOf(connection, signal) : undefined;
  const own = 'add' in given && given.add !== undefined ? [{ host: given.add, dest: '.' }] : [];
  const { imageId } = await build({
    context: given.context,
    add: own,
    engine: 'docker',
    // It is no runtime image: what it has in it is what it is for.
    check: false,
    tags: isLast && tag !== undefined ? [tag] : [],
    ...(isLast && file !== undefined && { file }),
    ...(isLast && target !== undefined && { target }),
    ...(buildArgs !== undefined && { buildArgs }),
    ...(noCache !== undefined && { noCache }),
    ...(pull !== undefined && { pull }),
    ...(network !== undefined && { network }),
    ...(addHosts !== undefined && { addHosts }),
    env,
    report,
    signal,
  });
  const isNew = before !== undefined && !before.has(imageId);
  const isOurs = isNew && !(isLast && tag !== undefined);
  const { size, hasCommand = true } = (await inspect(connection, imageId)) ?? {};
  return { reference: imageId, id: imageId, size, hasCommand, isOurs };
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
  const { id = reference, size, hasCommand = true } = found ?? {};
  return { reference, id, size, hasCommand, isOurs: false };
}

/** Removes an image that is ours. */
export async function removeBuilder(
  { reference, isOurs }: BuilderImage,
  connection: Connection,
): Promise<void> {
  if (!isOurs) return;
  const path = `/images/${encodeURIComponent(reference)}`;
  // Another build may have taken it up in the meantime.
  await connection.json({ method: 'DELETE', path }).catch(() => undefined);
}

/** Undefined when an engine can't tell, as Engine 28 while images are removed. */
async function imagesOf(
  connection: Connection,
  signal: AbortSignal,
): Promise<ReadonlySet<string> | undefined> {
  for (let attempt = 0; attempt < LISTINGS; attempt++)
    try {
      const images = await connection.json({ method: 'GET', path: '/images/json' }, signal);
      return new Set((images as readonly { readonly Id: string }[]).map(({ Id }) => Id));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof DockerceptionError) || !REFUSED.has(error.code)) throw error;
    }
  return undefined;
}

interface Inspection {
  readonly Id: string;
  readonly Size?: number;
  readonly Config?: {
    readonly Cmd?: readonly string[] | null;
    readonly Entrypoint?: readonly string[] | null;
  } | null;
}

/** Undefined when the engine has no such image. */
async function inspect(
  connection: Connection,
  reference: string,
): Promise<Pick<BuilderImage, 'id' | 'size' | 'hasCommand'> | undefined> {
  try {
    const path = `/images/${encodeURIComponent(reference)}/json`;
    const image = await connection.json({ method: 'GET', path });
    const { Id: id, Size: size = 0, Config: config } = image as Inspection;
    const hasCommand = (config?.Cmd?.length ?? 0) + (config?.Entrypoint?.length ?? 0) > 0;
    return { id, size, hasCommand };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
