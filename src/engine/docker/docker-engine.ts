/**
 * Builds with the Engine API: Docker's BuildKit or classic builder, or Podman. The image is built without a name,
 * checked, named, pushed and saved, in this order.
 */
import type { Readable } from 'node:stream';
import { DockerceptionError, messageOf } from '../../errors.js';
import { credentialHint } from '../../image/credentials/credential-hint.js';
import { type CredentialStore, credentialStore } from '../../image/credentials/credentials.js';
import { parseReference } from '../../image/reference.js';
import { announced } from '../../progress/events.js';
import { resultOfCall } from '../buildkit/frontend.js';
import { GrpcClient, GrpcError } from '../buildkit/grpc.js';
import type { BuildkitConnection } from '../buildkit/session.js';
import { type Exporter, type ExporterResponse, MOBY, solve } from '../buildkit/solve.js';
import type { Engine, EngineSettings } from '../engine.js';
import { searchDelivered, withSourceDateEpoch } from '../request.js';
import { build } from './build.js';
import {
  type BuildBackend,
  buildQuery,
  checkBuildContexts,
  checkBuildkitOptions,
  checkOutputs,
  chooseBackend,
} from './build-options.js';
import type { Connection } from './connection.js';
import { buildFailed, lost, withoutImage } from './failures.js';
import { imageArchive, saveImage } from './images.js';
import { type ImageDescription, NewImage } from './new-image.js';
import { pushFromEngine, registryConfig } from './registry.js';

const NEVER = new AbortController().signal;

export type DockerEngineSettings = Pick<EngineSettings, 'env' | 'stdout'> &
  Partial<Pick<EngineSettings, 'keepOwner' | 'openDirectory'>>;

export function dockerEngine(connection: Connection, settings: DockerEngineSettings): Engine {
  const { env, stdout } = settings;
  return async (context, given) => {
    const { report, signal, tags, outputs, push, check } = given;
    // It may fail before it is read, and still has its error then.
    context.stream.on('error', () => {});
    let image: NewImage | undefined;
    // Once something outside of the engine has changed, the signal is ignored.
    let isPublished = false;
    const interruption = (): AbortSignal => (isPublished ? NEVER : signal);
    try {
      signal.throwIfAborted();
      tags.forEach(parseReference);
      const ping = await connection.ping(signal);
      const backend = chooseBackend(env, ping);
      const isBuildKit = backend === 'buildkit';
      const request = isBuildKit
        ? { ...given, buildArgs: withSourceDateEpoch(given.buildArgs, env) }
        : given;
      const credentials = credentialStore(env);
      const notice = (message: string): void => report({ kind: 'notice', message });
      const warn = (message: string): void => report({ kind: 'notice', message, warning: true });
      const explain = async (error: unknown): Promise<never> => {
        throw await explained(error, credentials);
      };
      // Options are checked before anything is opened.
      await checkBuildkitOptions(request, backend, ping, connection, notice);
      checkOutputs(request, ping, warn);
      const directories = checkBuildContexts(request, backend, ping, settings.openDirectory);
      const query = isBuildKit ? undefined : buildQuery(request, backend);
      const solveWith = (
        exporters: readonly Exporter[],
        built: (id: string) => void,
      ): Promise<ExporterResponse> => {
        const buildkit = buildkitOf(connection);
        const connected = { buildkit, request, env, credentials, directories };
        return solve(context, { ...connected, exporters, built }).catch(explain);
      };
      if (request.call !== undefined || request.cacheOnly) {
        const metadata = await solveWith([], () => undefined);
        return request.call === undefined ? { imageId: '', metadata } : resultOfCall(metadata);
      }
      const mayBeRefused = check?.hasLimits === true || push || tags.length > 1;
      const started = new NewImage(connection, { isBuildKit, mayBeRefused, signal, warn });
      image = started;
      const built = (id: string): void => started.built(id);
      let imageId: string | undefined;
      if (query === undefined) {
        const response = await solveWith([{ type: MOBY, attrs: {} }], built);
        imageId = response['containerimage.digest'];
      } else {
        const config = await registryConfig(credentials, notice);
        const headers = { ...(config !== undefined && { 'X-Registry-Config': config }) };
        const hint = muteHint(backend, settings.keepOwner === true);
        const options = { query, headers, hint, built };
        imageId = await build(connection, context, request, options).catch(explain);
      }
      if (imageId === undefined) throw withoutImage();
      const description = await announced(
        image.describe(tags, signal),
        report,
        'waiting for the engine to describe the image',
      ).catch((error: unknown): ImageDescription => {
        signal.throwIfAborted();
        notice(messageOf(error));
        return { metadata: {} };
      });
      const { size, platform } = description;
      const open = (stop: AbortSignal): Promise<Readable> =>
        imageArchive(connection, imageId, stop);
      // The other builders drop set-ID bits, among others: an image with an unknown platform is read.
      const stored = { id: imageId, size, ...(isBuildKit && { platform }), open };
      if (check?.hasLimits === true) await check.stored(stored);
      signal.throwIfAborted();
      const naming = image.accept(tags);
      await announced(naming, report, 'waiting for the engine to name the image');
      let { metadata } = description;
      for (const tag of push ? tags : []) {
        const transfer = { report, signal: interruption() };
        const digest = await pushFromEngine(connection, tag, credentials, transfer);
        isPublished = true;
        if (digest !== undefined) metadata = { 'containerimage.digest': digest, ...metadata };
      }
      const names = tags.length > 0 ? tags : [imageId];
      for (const { dest } of outputs) {
        await saveImage(connection, names, dest, stdout, interruption());
        isPublished = true;
      }
      return await searchDelivered(given, { imageId, metadata, size }, () => check?.stored(stored));
    } catch (error) {
      context.stream.destroy(error instanceof Error ? error : undefined);
      // An image that only could not be pushed or saved keeps its names.
      if (image?.isAccepted !== true || interruption().aborted) await image?.discard();
      throw error;
    } finally {
      image?.close();
    }
  };
}

/** The error of a build, with a hint if the engine's message is about missing credentials. */
async function explained(error: unknown, credentials: CredentialStore): Promise<unknown> {
  const failure = error instanceof GrpcError ? buildFailed(error.message) : error;
  if (!(failure instanceof DockerceptionError) || failure.code !== 'BUILD_FAILED') return failure;
  const hint = await credentialHint(failure.message, credentials);
  return failure.with({ hint: hint ?? failure.hint });
}

/** The engine's BuildKit. */
function buildkitOf(connection: Connection): BuildkitConnection {
  const opened = { method: 'POST', doing: 'building the image' } as const;
  return {
    openControl: async (stop) =>
      new GrpcClient(await connection.upgrade({ ...opened, path: '/grpc' }, 'h2c', stop)),
    openSession: (headers, stop) =>
      connection.upgrade({ ...opened, path: '/session', headers }, 'h2c', stop),
    lost: (error) => lost(connection.endpoint, opened.doing, error),
  };
}

function muteHint(backend: BuildBackend, keepOwner: boolean): string {
  if (keepOwner)
    return 'an entry’s owner may be outside of the engine’s user namespace: drop `owner: keep`';
  return backend === 'podman'
    ? 'the reason is in the engine’s log: journalctl --user -u podman'
    : 'the reason is in the engine’s log';
}
