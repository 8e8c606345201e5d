/**
 * Builds with any BuildKit. The image is exported after all of the context was read. BuildKit itself keeps only its cache.
 */
import { DockerceptionError } from '../../errors.js';
import { credentialHint } from '../../image/credentials/credential-hint.js';
import { credentialStore } from '../../image/credentials/credentials.js';
import type { BuildResult, Engine, EngineSettings } from '../engine.js';
import { REMOTE, searchDelivered, withSourceDateEpoch } from '../request.js';
import type { Builder } from './builder.js';
import { connectBuilder } from './connection.js';
import { beginExports, type Export, type ExportSettings, pushesItself } from './exports.js';
import { resultOfCall } from './frontend.js';
import { GrpcError } from './grpc.js';
import { atNode } from './nodes.js';
import { type ExporterResponse, solve } from './solve.js';

export type BuildkitSettings = ExportSettings & Pick<EngineSettings, 'openDirectory'>;

const NEVER = new AbortController().signal;

/** Creates an engine that builds with a BuildKit. */
export function buildkitEngine(builder: Builder, settings: BuildkitSettings): Engine {
  const { env, openDirectory } = settings;
  return async (context, given) => {
    // A stream that fails before it is read keeps its error until then.
    context.stream.on('error', () => {});
    const exports: Export[] = [];
    const credentials = credentialStore(env);
    const { signal, check } = given;
    try {
      signal.throwIfAborted();
      const request = { ...given, buildArgs: withSourceDateEpoch(given.buildArgs, env) };
      const directories = Object.entries(request.buildContexts)
        .filter(([, value]) => !REMOTE.test(value))
        .map(([name, path]) => [name, () => openDirectory(path)] as const);
      const node = await atNode(builder, request, env);
      if (request.call === undefined) await beginExports(request, settings, exports);
      const response = await solve(context, {
        buildkit: connectBuilder(node, request, exports.length),
        request,
        env,
        credentials,
        directories: new Map(directories),
        exporters: exports.map(({ exporter }) => exporter),
        built: () => undefined,
      });
      if (check?.hasLimits === true) for (const one of exports) await one.check?.(check);
      // Once one output is published, the signal is ignored.
      let stop = pushesItself(request) ? NEVER : signal;
      stop.throwIfAborted();
      for (const one of exports) {
        await one.finish?.(stop);
        stop = NEVER;
      }
      if (request.call !== undefined) return resultOfCall(response);
      return await searchDelivered(request, resultOf(response), async (search) => {
        for (const one of exports) await one.check?.(search);
      });
    } catch (error) {
      context.stream.destroy(error instanceof Error ? error : undefined);
      if (!(error instanceof GrpcError)) throw error;
      throw failed(error.message, builder, await credentialHint(error.message, credentials));
    } finally {
      for (const one of exports) await one.close?.();
    }
  };
}

/** BuildKit's message about a missing exporter. A Docker Engine with its classic image store exports no images. */
const NO_EXPORTER = /exporter "(\w+)" could not be found/;

function failed(why: string, { name }: Builder, hint: string | undefined): DockerceptionError {
  const exporter = NO_EXPORTER.exec(why)?.[1];
  if (exporter === undefined)
    return new DockerceptionError('build', 'BUILD_FAILED', `building the image: ${why}`, { hint });
  const message = `choosing an output: BuildKit at ${name} does not export type=${exporter}`;
  return new DockerceptionError('usage', 'OUTPUT_TYPE', message, {
    hint: 'BuildKit of a Docker Engine with its classic image store keeps images there: `engine: docker` builds with it',
  });
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
