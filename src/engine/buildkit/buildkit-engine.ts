/**
 * Builds with any BuildKit. The image is exported after all of the context was read: to a registry, to files of the client, or
 * into an engine. BuildKit itself keeps only its cache.
 */
import type { Readable } from 'node:stream';
import { DockerceptionError } from '../../errors.js';
import { saveOutput } from '../../files/output-file.js';
import { credentialStore } from '../../image/credentials/credentials.js';
import { isImageOutput, type Output, outputForm } from '../../options/image.js';
import type { Report } from '../../progress/events.js';
import type { BuildResult, Engine, EngineRequest, EngineSettings } from '../engine.js';
import { withSourceDateEpoch } from '../request.js';
import { type Builder, connectBuilder } from './builder.js';
import { resultOfCall } from './call.js';
import { GrpcError } from './grpc.js';
import { type Exporter, type ExporterResponse, solve } from './solve.js';

export interface BuildkitSettings extends Pick<EngineSettings, 'env' | 'stdout' | 'openDirectory'> {
  /** Loads an image archive into an engine. */
  readonly load: (archive: Readable, report: Report, signal: AbortSignal) => Promise<unknown>;
}

/** Directories are sent by this tool; BuildKit fetches the other build contexts. */
const REMOTE = /^(?:docker-image:\/\/|https?:\/\/|git:\/\/|git@|ssh:\/\/git@)./;

/** Creates an engine that builds with a BuildKit. */
export function buildkitEngine(builder: Builder, settings: BuildkitSettings): Engine {
  const { env, openDirectory } = settings;
  return async (context, given) => {
    // It may fail before it is read, and still has its error then.
    context.stream.on('error', () => {});
    try {
      given.signal.throwIfAborted();
      const request = { ...given, buildArgs: withSourceDateEpoch(given.buildArgs, env) };
      const directories = Object.entries(request.buildContexts)
        .filter(([, value]) => !REMOTE.test(value))
        .map(([name, path]) => [name, () => openDirectory(path)] as const);
      const response = await solve(context, {
        buildkit: connectBuilder(builder, request.report),
        request,
        env,
        credentials: credentialStore(env),
        directories: new Map(directories),
        exporters: request.call === undefined ? exportersOf(request, settings) : [],
        built: () => undefined,
      });
      return request.call === undefined ? resultOf(response) : resultOfCall(response);
    } catch (error) {
      context.stream.destroy(error instanceof Error ? error : undefined);
      if (!(error instanceof GrpcError)) throw error;
      const message = `building the image: ${error.message}`;
      throw new DockerceptionError('build', 'BUILD_FAILED', message);
    }
  };
}

function exportersOf(
  { tags, outputs, push, load, insecure, report, signal }: EngineRequest,
  { stdout, load: loadArchive }: BuildkitSettings,
): Exporter[] {
  const name: Record<string, string> = tags.length > 0 ? { name: tags.join(',') } : {};
  const exporters: Exporter[] = outputs.map((output) => ({
    type: output.type,
    attrs: { ...(isImageOutput(output) && name), ...checkedAttributes(output) },
    store: async (content) => void (await saveOutput(content, output.dest, stdout, signal)),
  }));
  if (load)
    exporters.push({
      type: 'docker',
      attrs: name,
      store: async (content) => void (await loadArchive(content, report, signal)),
    });
  const isInsecure = tags.some((tag) => insecure.some((host) => tag.startsWith(`${host}/`)));
  if (push)
    exporters.push({
      type: 'image',
      attrs: { ...name, push: 'true', ...(isInsecure && { 'registry.insecure': 'true' }) },
    });
  if (exporters.length > 0) return exporters;
  const message =
    'choosing an output: BuildKit keeps no images, and nothing says where this one goes';
  const hint = '`push`, `outputs: FILE` or `load` take it elsewhere';
  throw new DockerceptionError('usage', 'OUTPUT_NONE', message, { hint });
}

function checkedAttributes(output: Output): Readonly<Record<string, string>> {
  if (output.type !== 'local' && outputForm(output) !== 'layout') return output.attributes;
  const what = output.type === 'local' ? 'type=local' : `type=${output.type},tar=false`;
  const message = `writing ${what},dest=${output.dest}: the buildkit engine writes archives only`;
  const hint = 'type=tar,dest=- can be piped into tar';
  throw new DockerceptionError('usage', 'OUTPUT_TYPE', message, { hint });
}

function resultOf(response: ExporterResponse): BuildResult {
  const imageId =
    response['containerimage.config.digest'] ?? response['containerimage.digest'] ?? '';
  const entries = Object.entries(response).map(([key, value]) => [key, decodedValue(value)]);
  return { imageId, metadata: Object.fromEntries(entries) as Record<string, unknown> };
}

/** Objects and lists are JSON in base64. */
function decodedValue(value: string): unknown {
  try {
    const decoded: unknown = JSON.parse(Buffer.from(value, 'base64').toString('utf8'));
    return typeof decoded === 'object' && decoded !== null ? decoded : value;
  } catch {
    return value;
  }
}
