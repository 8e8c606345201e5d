/**
 * What BuildKit exports, and where it goes from here. An image is received as an archive, so that it is checked before it
 * has a name; it is pushed, loaded and written from here. BuildKit itself pushes an image that has no other output and that
 * no limit can refuse. In that case no layer is sent here, and the registry need not be reachable from here.
 */
import type { Readable, Writable } from 'node:stream';
import { DockerceptionError } from '../../errors.js';
import { readRange } from '../../files/file-range.js';
import { OutputFile, writeToStream } from '../../files/output-file.js';
import type { ReceivedArchive } from '../../image/archive/received-archive.js';
import type { Image } from '../../image/manifest.js';
import { hostPlatform, isAttestation } from '../../image/platform.js';
import { parseReference } from '../../image/reference.js';
import type { RegistrySettings } from '../../image/registry/settings.js';
import { isImageOutput, type Output } from '../../options/image.js';
import type { Report } from '../../progress/events.js';
import type { EngineRequest, ImageCheck } from '../engine.js';
import { Outputs } from '../outputs.js';
import type { Exporter } from './solve.js';

/** One exporter of BuildKit. What it sends is kept until `finish`. */
export interface Export {
  readonly exporter: Exporter;
  /** Checks the image. */
  check?(check: ImageCheck): Promise<void>;
  /** Writes the outputs. */
  finish?(signal: AbortSignal): Promise<void>;
  close?(): Promise<void>;
}

export interface ExportSettings {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: Writable;
  /** Loads an image archive into an engine. */
  readonly load: (archive: Readable, report: Report, signal: AbortSignal) => Promise<void>;
}

/** Whether BuildKit itself pushes the image. */
export function pushesItself({ push, load, outputs, check }: EngineRequest): boolean {
  return push && !load && check?.hasLimits !== true && !outputs.some(isImageOutput);
}

/**
 * Opens all outputs. The first export is the one that is pushed, if any: no file appears if that fails.
 *
 * @param begun receives each export at once; the caller closes them
 * @throws DockerceptionError of kind usage: OUTPUT_NONE, OUTPUT_TYPE; of kind output.
 */
export async function beginExports(
  request: EngineRequest,
  settings: ExportSettings,
  begun: Export[],
): Promise<void> {
  const { outputs, push, load, check, cacheOnly } = request;
  if (outputs.length === 0 && !push && !load && !cacheOnly) {
    const message = 'choosing an output: BuildKit keeps no images, and no output is requested';
    const hint = 'add `push`, `outputs: FILE` or `load`';
    throw new DockerceptionError('usage', 'OUTPUT_NONE', message, { hint });
  }
  const groups = new Map<string, Output[]>();
  if (pushesItself(request)) begun.push(pushExport(request, settings));
  else if (push || load || check?.hasLimits === true) groups.set('[]', []);
  for (const output of outputs.filter(isImageOutput)) {
    const key = JSON.stringify(Object.entries(exportedAttributes(output)).sort());
    groups.set(key, [...(groups.get(key) ?? []), output]);
  }
  for (const [key, group] of groups) {
    const isPlain = key === '[]';
    const where = { outputs: group, push: push && isPlain, load: load && isPlain };
    begun.push(await imageExport({ ...request, ...where }, settings));
  }
  for (const output of outputs.filter((each) => !isImageOutput(each)))
    begun.push(
      output.type === 'local'
        ? await localExport(output, request, settings)
        : await tarExport(output, settings),
    );
}

/** The attributes of the image, without that of the place. */
function exportedAttributes({ attributes }: Output): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => key !== 'tar'));
}

function nameOf({ tags }: EngineRequest): Readonly<Record<string, string>> {
  return tags.length > 0 ? { name: tags.join(',') } : {};
}

function pushExport(request: EngineRequest, { env }: ExportSettings): Export {
  const { tags, insecure, cacheDir, signal } = request;
  const isInsecure = tags.some((tag) => insecure.some((host) => tag.startsWith(`${host}/`)));
  const attrs = { push: 'true', ...(isInsecure && { 'registry.insecure': 'true' }) };
  return {
    exporter: { type: 'image', attrs: { ...attrs, ...nameOf(request) } },
    check: (check) =>
      check.pushed(() => pushedImage(tags[0] ?? '', { env, insecure, signal }, cacheDir)),
  };
}

/** One attempt, since the registry may be reachable for BuildKit alone. */
const ONCE = { tries: 1, silence: 10_000 };

async function pushedImage(
  tag: string,
  settings: RegistrySettings,
  cacheDir: string | undefined,
): Promise<Image> {
  const { streamFromRegistry } = await import('../../image/registry/pull.js');
  const { openBlobCache } = await import('../../image/cache/blob-cache.js');
  const cache = await openBlobCache(settings.env, cacheDir);
  const close = (): Promise<void> => cache.close();
  try {
    const once = { ...settings, timing: ONCE };
    const image = await streamFromRegistry(parseReference(tag), hostPlatform(), once, cache);
    return { ...image, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One archive for outputs with the same attributes. */
async function imageExport(
  request: EngineRequest,
  { env, stdout, load }: ExportSettings,
): Promise<Export> {
  const { outputs: places, platforms, attests, insecure, report, signal } = request;
  const isIndex = platforms.length > 1 || Object.keys(attests).length > 0;
  const docker = places.find(({ type }) => type === 'docker');
  if (isIndex && docker !== undefined) {
    const message = `writing type=docker,dest=${docker.dest}: BuildKit has this format for one platform only, without attestations`;
    const hint = `type=oci,dest=${docker.dest} has them`;
    throw new DockerceptionError('usage', 'OUTPUT_TYPE', message, { hint });
  }
  const name = places[0]?.attributes['name'];
  const build = {
    ...request,
    tags: request.tags.length > 0 ? request.tags : (name?.split(',') ?? []),
  };
  const outputs = await Outputs.begin(
    {
      build,
      stdout,
      registry: { env, insecure, report, signal },
      load: (archive, stop) => load(archive, report, stop),
    },
    true,
  );
  const archive = outputs.received as ReceivedArchive;
  const hasOci = places.some(({ type }) => type === 'oci');
  return {
    exporter: {
      // BuildKit's format `docker` is a layout, too, and older engines load it.
      type: isIndex ? 'oci' : 'docker',
      attrs: {
        ...(hasOci && { 'oci-mediatypes': 'true' }),
        ...(places[0] && exportedAttributes(places[0])),
        ...nameOf(request),
      },
      store: (content) => archive.receive(content as AsyncIterable<Buffer>),
    },
    async check(check) {
      const { images, descriptor } = await archive.image();
      for (const { platform } of images
        .map((image) => image.descriptor)
        .filter((one) => !isAttestation(one)))
        await check.stored({
          id: descriptor.digest,
          size: archive.size,
          platform,
          open: () => Promise.resolve(archive.read()),
        });
    },
    finish: async (stop) => outputs.finish(await archive.image(), stop),
    close: () => outputs.close(),
  };
}

async function tarExport(
  { dest, attributes }: Output,
  { stdout }: ExportSettings,
): Promise<Export> {
  const file = dest === '-' ? OutputFile.temporary() : await OutputFile.create(dest);
  return {
    exporter: {
      type: 'tar',
      attrs: attributes,
      store: async (content) => void (await file.writeFrom(content as AsyncIterable<Buffer>, 0)),
    },
    async finish(signal) {
      if (dest !== '-') return file.publish();
      await writeToStream(readRange(file, 0, file.size), stdout, signal);
    },
    close: () => file.close(),
  };
}

/** The files are received as a tar, since BuildKit's own protocol writes them at once. */
async function localExport(
  { dest, attributes }: Output,
  { report }: EngineRequest,
  { env }: ExportSettings,
): Promise<Export> {
  const { ReceivedFiles } = await import('../received-files.js');
  const files = new ReceivedFiles(env);
  return {
    exporter: {
      type: 'tar',
      attrs: attributes,
      store: (content) => files.receive(content as AsyncIterable<Buffer>),
    },
    finish: (signal) => files.finish(dest, { report, signal }),
    close: () => files.close(),
  };
}
