/**
 * An engine over the Engine API: Docker's, with BuildKit or the classic builder, or Podman. The
 * context goes out as it comes in; then what was asked for beside the build: pushes, archives.
 */
import type { Writable } from 'node:stream';
import { messageOf } from '../../errors.js';
import { credentialStore, type CredentialStore } from '../../image/credentials.js';
import type { BuildContext, BuildOptions, Engine } from '../engine.js';
import { checkBuildContexts, type OpenDirectory } from './build-contexts.js';
import { build, type BuildRequest } from './build.js';
import { chooseBuilder } from './builder.js';
import type { Connection } from './connection.js';
import type { Environment } from './endpoint.js';
import { credentialHint } from './credential-hint.js';
import { imageArchive } from './image-archive.js';
import { imageMetadata, type ImageFacts } from './metadata.js';
import { checkOutputs } from './outputs.js';
import { pushImage } from './push.js';
import { buildQuery, type Builder } from './query.js';
import { registryConfig } from './registry-auth.js';
import { saveImage } from './save.js';
import { openSession } from './session.js';
import { solve } from './solve.js';

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
  return async (context, options) => {
    const { report, signal } = options;
    // It may break before anyone reads it; `build` finds out.
    context.stream.on('error', () => {});
    try {
      signal.throwIfAborted();
      const ping = await connection.ping(signal);
      const builder = chooseBuilder(env, ping);
      const credentials = credentialStore(env);
      const warn = (message: string): void => report({ kind: 'notice', message });
      // A wrong option is told before anything is opened.
      buildQuery(options, builder);
      checkOutputs(options, ping, (message) => report({ kind: 'notice', message, warning: true }));
      const hintFor = (message: string): Promise<string | undefined> =>
        credentialHint(message, credentials);
      const directories = checkBuildContexts(options, builder, ping, settings.openDirectory);
      const imageId = directories
        ? await solve(connection, context, options, credentials, hintFor, directories)
        : await buildByPost(connection, context, options, {
            builder,
            credentials,
            warn,
            hintFor,
            muteHint: muteHint(builder === 'podman', settings.keepOwner === true),
          });
      const facts = await imageMetadata(connection, imageId, options.tags).catch(
        (error: unknown): ImageFacts => {
          // The image is there and has its names: that is what counts.
          warn(messageOf(error));
          return { metadata: {} };
        },
      );
      await options.check?.stored({
        id: imageId,
        size: facts.size,
        open: () => imageArchive(connection, imageId, signal),
      });
      let { metadata } = facts;
      if (options.push)
        for (const tag of options.tags) {
          const digest = await pushImage(connection, tag, credentials, options);
          if (digest !== undefined) metadata = { 'containerimage.digest': digest, ...metadata };
        }
      const names = options.tags.length > 0 ? options.tags : [imageId];
      for (const { dest } of options.outputs)
        await saveImage(connection, names, dest, settings.stdout, signal);
      return { imageId, metadata, ...(facts.size !== undefined && { size: facts.size }) };
    } catch (error) {
      // Whatever failed first, the context has no reader any more.
      context.stream.destroy(error instanceof Error ? error : undefined);
      throw error;
    }
  };
}

interface PostSettings extends Pick<BuildRequest, 'muteHint' | 'hintFor'> {
  readonly builder: Builder;
  readonly credentials: CredentialStore;
  readonly warn: (message: string) => void;
}

/** The ordinary way: `POST /build`, for BuildKit beside a session that has the credentials. */
async function buildByPost(
  connection: Connection,
  context: BuildContext,
  options: BuildOptions,
  { builder, credentials, warn, muteHint, hintFor }: PostSettings,
): Promise<string> {
  if (builder !== 'buildkit') {
    const config = await registryConfig(credentials, warn);
    const headers: Record<string, string> =
      config === undefined ? {} : { 'X-Registry-Config': config };
    const query = buildQuery(options, builder);
    return build(connection, context, options, { query, headers, muteHint, hintFor });
  }
  const session = await openSession(connection, credentials, options.signal);
  try {
    const query = buildQuery(options, builder, session.id);
    return await build(connection, context, options, { query, headers: {}, muteHint, hintFor });
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
