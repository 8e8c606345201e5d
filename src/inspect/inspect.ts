/**
 * `inspect`: what is inside a context or an image, wherever that is. Layers are read once, as streams;
 * nothing is unpacked to disk, and memory grows with entries, not with bytes.
 */
import type { Platform } from '../image/descriptor.js';
import type { ImageChoice } from '../image/layout/layout-reader.js';
import type { Image } from '../image/manifest.js';
import { hostPlatform, parsePlatform } from '../image/platform.js';
import { insecureHosts } from '../image/registry/insecure.js';
import { type CompleteInspection, INSPECT, type InspectOptions } from '../options/inspect.js';
import { normalise } from '../options/schema.js';
import type { Source } from '../source/source.js';
import type { ContextKind } from './findings/index.js';
import type { Inspection } from './inspection.js';
import type { Wanted } from './read/layer-contents.js';
import { readImage } from './read/read-image.js';
import { readStream } from './read/read-stream.js';
import { notThere, type Target, targetOf } from './target.js';
import { ofTarget } from './target-error.js';

/** Complete options, with what reads the bytes of files. */
export interface ReadingOptions extends CompleteInspection {
  readonly wanted?: Wanted;
}

/**
 * Looks inside.
 * @throws DockerceptionError of kind context for what is damaged or no image, of kind usage for what
 *   isn't there, of kind engine for an engine or a registry, of kind limit past `maxSize`
 */
export async function inspect(options: InspectOptions = {}): Promise<Inspection> {
  return inspectReading(normalise(INSPECT, options));
}

/** The same, and hands the bytes of a file to whatever wants them. */
export async function inspectReading(options: ReadingOptions): Promise<Inspection> {
  const { signal } = options;
  signal.throwIfAborted();
  const target = await targetOf(options.target);
  try {
    return await read(target, options);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw ofTarget(error, target);
  }
}

async function read(target: Target, options: ReadingOptions): Promise<Inspection> {
  const { target: text, maxSize, env, signal, wanted } = options;
  const platform =
    options.platform === undefined ? hostPlatform() : parsePlatform(options.platform);
  const shared = { maxSize, signal, wanted };
  const stream = (
    source: Source,
    name = text,
    context: ContextKind = 'stream',
  ): Promise<Inspection> => readStream(source, { ...shared, target: name, context, platform });
  const image = (found: Image): Promise<Inspection> =>
    readImage(found, { ...shared, target: text });
  switch (target.kind) {
    case 'stdin': {
      const { standardInput } = await import('../source/stdin.js');
      return stream(await standardInput(signal), 'standard input');
    }
    case 'file':
    case 'directory': {
      const { openPath } = await import('../source/path.js');
      const context = target.kind === 'directory' ? 'directory' : 'stream';
      return stream(await openPath(target.path, { file: 'Dockerfile' }), text, context);
    }
    case 'layout':
      return fromLayout(target.path, {}, platform, image);
    case 'image-file': {
      const { parseImageLocation } = await import('../image/image-url.js');
      const { path, ...choice } = parseImageLocation(target);
      if (target.scheme === 'oci-layout') return fromLayout(path, choice, platform, image);
      const { fileSource } = await import('../source/file.js');
      const form = target.scheme === 'docker-archive' ? 'docker' : 'layout';
      const source = await fileSource(path);
      return readStream(source, { ...shared, target: text, platform, image: { ...choice, form } });
    }
    case 'registry':
      return fromRegistry(target.reference, platform, options, image);
    case 'missing':
      throw notThere(text);
    case 'engine': {
      const { engineSource } = await import('./read/engine-image.js');
      return stream(await engineSource(target.reference, env, signal));
    }
  }
}

async function fromLayout(
  folder: string,
  choice: ImageChoice,
  platform: Platform,
  read: (image: Image) => Promise<Inspection>,
): Promise<Inspection> {
  const { openLayout } = await import('../image/layout/layout-reader.js');
  const reader = await openLayout(folder, choice);
  try {
    return await read(await reader.image(platform));
  } finally {
    await reader.close();
  }
}

/** What small documents are kept goes with the cache, which is a temporary one. */
async function fromRegistry(
  text: string,
  platform: Platform,
  { env, signal, insecure, report }: CompleteInspection,
  read: (image: Image) => Promise<Inspection>,
): Promise<Inspection> {
  const { openBlobCache } = await import('../image/blob-cache.js');
  const { parseReference } = await import('../image/reference.js');
  const { streamImage } = await import('../image/registry/index.js');
  const reference = parseReference(text);
  const cache = await openBlobCache({ TMPDIR: env['TMPDIR'] });
  try {
    const settings = {
      env,
      signal,
      cache,
      insecure: insecureHosts(insecure, [text]),
      report,
    };
    return await read(await streamImage(reference, platform, settings));
  } finally {
    await cache.close();
  }
}
