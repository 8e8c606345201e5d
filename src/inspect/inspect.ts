/**
 * The verb `inspect`. Layers are read once, as streams; nothing is unpacked to disk, and memory grows with the number of
 * entries, not with bytes.
 */
import { DockerceptionError } from '../errors.js';
import type { Platform } from '../image/descriptor.js';
import { hostPlatform, parsePlatform } from '../image/platform.js';
import { insecureHosts } from '../image/registry/host.js';
import { type CompleteInspection, INSPECT, type InspectOptions } from '../options/inspect.js';
import { normalise } from '../options/schema.js';
import type { Source } from '../source/source.js';
import { printable } from '../text/printable.js';
import type { Inspection } from './inspection.js';
import type { ListenerFor } from './read/layer-contents.js';
import { readImage, type ReadOptions } from './read/read-image.js';
import { readStream, type StreamOptions } from './read/read-stream.js';
import { type Target, targetError, targetNotFound, targetOf } from './target.js';

/** Complete options, and a listener for the bytes of files. */
export interface ListeningOptions extends CompleteInspection {
  readonly listenerFor?: ListenerFor;
}

/**
 * Lists the contents of an image or a context.
 * @throws DockerceptionError of kind context if it is damaged or not an image, of kind usage if it is missing, of kind
 *   engine for an engine or a registry, of kind limit past `maxSize`
 */
export async function inspect(options: InspectOptions = {}): Promise<Inspection> {
  return inspectListening(normalise(INSPECT, options));
}

/** Like {@link inspect}, with a listener for the bytes of files. */
export async function inspectListening(options: ListeningOptions): Promise<Inspection> {
  const { signal } = options;
  signal.throwIfAborted();
  const target = await targetOf(options.target);
  try {
    return await read(target, options);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw targetError(error, target);
  }
}

async function read(target: Target, options: ListeningOptions): Promise<Inspection> {
  const { target: text, maxSize, env, signal, listenerFor } = options;
  const platform =
    options.platform === undefined ? hostPlatform() : parsePlatform(options.platform);
  const shared = { target: text, maxSize, signal, listenerFor };
  const stream = (source: Source, given: Partial<StreamOptions> = {}): Promise<Inspection> =>
    readStream(source, { ...shared, context: 'stream', platform, ...given });
  switch (target.kind) {
    case 'stdin': {
      const { standardInput } = await import('../source/standard-input.js');
      return stream(await standardInput(signal), { target: 'standard input' });
    }
    case 'file':
    case 'directory': {
      const { openPath } = await import('../source/open-path.js');
      const context = target.kind === 'directory' ? 'directory' : 'stream';
      return stream(await openPath(target.path, { file: 'Dockerfile' }), { context });
    }
    case 'layout': {
      const { openLayout } = await import('../image/layout/layout-reader.js');
      return readImage(await openLayout(target.path, {}, platform), shared);
    }
    case 'image-file': {
      const { parseImageLocation } = await import('../image/image-url.js');
      const { path, ...choice } = parseImageLocation(target);
      if (target.scheme === 'oci-layout') {
        const { openLayout } = await import('../image/layout/layout-reader.js');
        return readImage(await openLayout(path, choice, platform), shared);
      }
      const { fileSource } = await import('../source/open-path.js');
      const form = target.scheme === 'docker-archive' ? 'docker' : 'layout';
      return stream(await fileSource(path), { context: undefined, image: { ...choice, form } });
    }
    case 'registry':
      return fromRegistry(target.reference, platform, options, shared);
    case 'missing':
      throw targetNotFound(text);
    case 'engine':
      return stream(await engineSource(target.reference, env, signal));
  }
}

/** The cache for small documents is temporary. */
async function fromRegistry(
  text: string,
  platform: Platform,
  { env, signal, insecure, report }: CompleteInspection,
  options: ReadOptions,
): Promise<Inspection> {
  const { openBlobCache } = await import('../image/cache/blob-cache.js');
  const { parseReference } = await import('../image/reference.js');
  const { streamFromRegistry } = await import('../image/registry/pull.js');
  const reference = parseReference(text);
  const cache = await openBlobCache({ TMPDIR: env['TMPDIR'] });
  try {
    const settings = { env, signal, insecure: insecureHosts(insecure, [text]), report };
    return await readImage(await streamFromRegistry(reference, platform, settings, cache), options);
  } finally {
    await cache.close();
  }
}

/**
 * An image of the engine as a source: the archive that the engine writes.
 * @throws DockerceptionError TARGET_NOT_FOUND of kind usage if there is neither a file nor an image; of kind engine
 */
async function engineSource(
  reference: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Source> {
  const { connectTo } = await import('../engine/docker/connection.js');
  const { hasImage, imageArchive } = await import('../engine/docker/images.js');
  const connection = await connectTo(env);
  const shown = printable(reference);
  const asFile = /[/.]|^\w+$/.test(reference);
  const notAFile = asFile ? `there is no file or folder ${shown}, and ` : '';
  const looking = `looking for ${shown}: ${notAFile}`;
  const hint = `docker-image://${shown} reads it from its registry`;
  try {
    if (!(await hasImage(connection, reference, signal))) {
      const message = `${looking}the engine at ${connection.endpoint.url} has no such image`;
      throw new DockerceptionError('usage', 'TARGET_NOT_FOUND', message, { hint });
    }
  } catch (error) {
    if (!(error instanceof DockerceptionError) || error.code !== 'ENGINE_UNREACHABLE') throw error;
    throw error.with({
      message: looking + error.message,
      hint: `${hint}; an archive, a layout, a folder and - need no engine either`,
    });
  }
  const stream = await imageArchive(connection, reference, signal);
  return { name: reference, stream, complete: Promise.resolve() };
}
