/**
 * An engine over the Engine API: Docker's, with BuildKit or the classic builder, or Podman. The
 * context goes out as it comes in. The image is built without a name, checked, named, pushed and saved, in this order.
 */
import type { Writable } from 'node:stream';
import { messageOf } from '../../errors.js';
import { type CredentialStore, credentialStore } from '../../image/credentials/credentials.js';
import { announced } from '../../progress/events.js';
import { withSourceDateEpoch } from '../build-args.js';
import { openSession } from '../buildkit/session.js';
import { solve } from '../buildkit/solve.js';
import type { BuildContext, Engine, EngineRequest } from '../engine.js';
import { build, type BuildRequest } from './build.js';
import {
  checkBuildContexts,
  checkOutputs,
  chooseBuilder,
  type OpenDirectory,
} from './capabilities.js';
import type { Connection } from './connection.js';
import type { Environment } from './endpoint.js';
import { imageArchive, type ImageFacts, imageMetadata } from './images.js';
import { checkTags, NewImage } from './new-image.js';
import { type Builder, buildQuery } from './query.js';
import { credentialHint, registryConfig } from './registry-auth.js';
import { saveImage } from './save.js';
import { pushImage } from './transfer.js';

const NEVER = new AbortController().signal;

/** What a docker engine is set up with. */
export interface DockerEngineSettings {
  /** DOCKER_BUILDKIT, DOCKER_CONFIG, DOCKER_AUTH_CONFIG, HOME and PATH are read. */
  readonly env: Environment;
  /** Where `-o -` goes; it is not ended, whoever gave it owns it. */
  readonly stdout: Writable;
  /** Whether the context's owners were kept, which explains a failure of a rootless engine. */
  readonly keepOwner?: boolean;
  /**
   * Opens a tar of a directory, for `--build-context NAME=DIR`. The engine reads or destroys it.
   * @default such contexts are refused
   */
  readonly openDirectory?: OpenDirectory;
}

/** Makes the engine that a connection leads to. */
export function dockerEngine(connection: Connection, settings: DockerEngineSettings): Engine {
  const { env } = settings;
  return async (context, asked) => {
    const { report, signal } = asked;
    // It may break before anyone reads it; `build` finds out.
    context.stream.on('error', () => {});
    let image: NewImage | undefined;
    // Whether anything outside of the engine has changed: from then on a signal no longer counts.
    let published = false;
    const interruption = (): AbortSignal => (published ? NEVER : signal);
    try {
      signal.throwIfAborted();
      checkTags(asked.tags);
      const ping = await connection.ping(signal);
      const builder = chooseBuilder(env, ping);
      const options =
        builder === 'buildkit'
          ? { ...asked, buildArgs: withSourceDateEpoch(asked.buildArgs, env) }
          : asked;
      const credentials = credentialStore(env);
      const warn = (message: string): void => report({ kind: 'notice', message });
      // A wrong option is told before anything is opened.
      buildQuery(options, builder);
      checkOutputs(options, ping, (message) => report({ kind: 'notice', message, warning: true }));
      const directories = checkBuildContexts(options, builder, ping, settings.openDirectory);
      const made = (image = new NewImage(connection, warn, {
        isBuildKit: builder === 'buildkit',
        mayBeRefused: options.check?.hasLimits === true || options.push || options.tags.length > 1,
        signal,
      }));
      const request: BuildSettings = {
        hintFor: (message) => credentialHint(message, credentials),
        built: (id) => made.built(id),
      };
      const isConcealing = builder === 'buildkit' && options.concealed.length > 0;
      const imageId =
        directories !== undefined || isConcealing
          ? await solve(connection, context, options, credentials, request, directories)
          : await buildByPost(connection, context, options, {
              ...request,
              builder,
              credentials,
              warn,
              muteHint: muteHint(builder === 'podman', settings.keepOwner === true),
            });
      const facts = await announced(
        imageMetadata(connection, imageId, options.tags, signal),
        report,
        'waiting for the engine to describe the image',
      ).catch((error: unknown): ImageFacts => {
        signal.throwIfAborted();
        // The image is there: that is what counts.
        warn(messageOf(error));
        return { metadata: {} };
      });
      await options.check?.stored({
        id: imageId,
        size: facts.size,
        open: (stop) => imageArchive(connection, imageId, stop),
      });
      signal.throwIfAborted();
      const naming = image.accept(options.tags);
      await announced(naming, report, 'waiting for the engine to name the image');
      let { metadata } = facts;
      if (options.push)
        for (const tag of options.tags) {
          const how = { report, signal: interruption() };
          const digest = await pushImage(connection, tag, credentials, how);
          published = true;
          if (digest !== undefined) metadata = { 'containerimage.digest': digest, ...metadata };
        }
      const names = options.tags.length > 0 ? options.tags : [imageId];
      for (const { dest } of options.outputs) {
        await saveImage(connection, names, dest, settings.stdout, interruption());
        published = true;
      }
      return { imageId, metadata, ...(facts.size !== undefined && { size: facts.size }) };
    } catch (error) {
      // Whatever failed first, the context has no reader any more.
      context.stream.destroy(error instanceof Error ? error : undefined);
      // An image that only couldn't be pushed or saved is good, and keeps its names.
      if (image?.isAccepted !== true || interruption().aborted) await image?.discard();
      throw error;
    } finally {
      image?.close();
    }
  };
}

/** What both ways to build are given. */
type BuildSettings = Pick<BuildRequest, 'hintFor' | 'built'>;

interface PostSettings extends BuildSettings, Pick<BuildRequest, 'muteHint'> {
  readonly builder: Builder;
  readonly credentials: CredentialStore;
  readonly warn: (message: string) => void;
}

/** The ordinary way: `POST /build`, for BuildKit beside a session that has the credentials. */
async function buildByPost(
  connection: Connection,
  context: BuildContext,
  options: EngineRequest,
  { builder, credentials, warn, ...settings }: PostSettings,
): Promise<string> {
  if (builder !== 'buildkit') {
    const config = await registryConfig(credentials, warn);
    const headers: Record<string, string> =
      config === undefined ? {} : { 'X-Registry-Config': config };
    const query = buildQuery(options, builder);
    return build(connection, context, options, { query, headers, ...settings });
  }
  const session = await openSession(connection, credentials, options.signal);
  try {
    const query = buildQuery(options, builder, session.id);
    return await build(connection, context, options, { query, headers: {}, ...settings });
  } finally {
    session.close();
  }
}

function muteHint(podman: boolean, keepOwner: boolean): string {
  if (keepOwner)
    return 'an entry’s owner may be outside of the engine’s user namespace: drop --keep-owner';
  return podman
    ? 'the reason is in the engine’s log: journalctl --user -u podman'
    : 'the reason is in the engine’s log';
}
