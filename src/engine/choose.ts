/**
 * Chooses the engine of a build. With `auto`, the embedded engine builds images for files and registries, and an engine
 * builds those with RUN. Any other image is built by the engine that the environment names, which must answer. If none is
 * named, and none runs at the default socket, the image is written to a file.
 */
import { DockerceptionError } from '../errors.js';
import { splitTag } from '../image/reference.js';
import type { EngineName } from '../options/build.js';
import type { BUILDKIT } from '../options/buildkit.js';
import type { Output } from '../options/image.js';
import type { Builder } from './buildkit/builder.js';
import type { Connection } from './docker/connection.js';
import { isNotRunning, isUnreachable } from './docker/failures.js';
import type { EmbeddedSettings, Otherwise } from './embedded/embedded-engine.js';
import type { Engine, EngineRequest, EngineSettings, EntryEngine } from './engine.js';
import { type BuildkitOption, givenBuildkitOptions, refuseBuildkitOptions } from './unsupported.js';

type EngineChoiceRequest = Pick<
  EngineRequest,
  'tags' | 'outputs' | 'push' | 'load' | 'report' | 'signal' | keyof typeof BUILDKIT
>;

export interface Choice {
  readonly name: Exclude<EngineName, 'auto'>;
  readonly engine: Engine | EntryEngine;
  /** The outputs of its build. */
  readonly outputs: readonly Output[];
}

/**
 * Chooses an engine. With `auto`, the engine is pinged, and a warning is reported if the image goes to a file instead.
 *
 * @throws DockerceptionError of kind usage, BUILDER_NONE, OUTPUT_NONE, OUTPUT_ATTRIBUTE; of kind engine if the address or docker
 *   context is invalid. If the engine cannot be reached, its build rejects.
 */
export async function chooseEngine(
  name: EngineName,
  request: EngineChoiceRequest,
  settings: EngineSettings,
): Promise<Choice> {
  const { outputs, push, load, tags, report, signal } = request;
  if ((name === 'docker' || name === 'embedded') && (settings.builder ?? 'default') !== 'default') {
    const message = `building with \`builder: ${settings.builder}\`: the ${name} engine does not use it`;
    const hint = 'leave out the engine, or use `engine: buildkit`';
    throw new DockerceptionError('usage', 'BUILDKIT_ONLY', message, { hint });
  }
  const isNamed = name === 'auto' || name === 'buildkit';
  const builder = isNamed ? await namedBuilder(name, settings) : undefined;
  if (builder === undefined) refuseTls(settings);
  if (name === 'docker') return { name, engine: await docker(settings), outputs };
  if (builder !== undefined)
    return { name: 'buildkit', engine: await buildkit(builder, settings), outputs };
  const files = outputs.length > 0 || push;
  const isInEmbedded = (option: BuildkitOption): boolean => option === 'annotations';
  const needsBuildkit = !givenBuildkitOptions(request).every(isInEmbedded);
  if (name === 'embedded')
    refuseBuildkitOptions(
      request,
      'the embedded engine',
      'BuildKit has it: `engine: docker`, or `builder`',
      isInEmbedded,
    );
  const isEmbedded = name === 'embedded' || (files && !needsBuildkit);
  if (isEmbedded) checkAttributes(outputs);
  if (name === 'embedded') {
    if (!files && !load && tags.length === 0) {
      const message =
        'choosing an output: the embedded engine keeps no images, and no output is requested';
      const hint = 'add `outputs: FILE` or `tags: NAME` for an archive, or `push`, or `load`';
      throw new DockerceptionError('usage', 'OUTPUT_NONE', message, { hint });
    }
    const written = files || load ? outputs : [archiveOf(tags)];
    return { name, engine: await embedded(settings), outputs: written };
  }
  if (isEmbedded) {
    const other = { otherwise: dockerFor(settings), engineHas: engineHas(settings) };
    return { name: 'embedded', engine: await embedded(settings, other), outputs };
  }
  const connection = await connectionOf(settings);
  try {
    await connection.ping(signal);
  } catch (error) {
    // Errors of the command line or the context take precedence.
    const failing: Engine = () => Promise.reject(error);
    const { endpoint } = connection;
    // With a file, a named engine would keep an older image under that name. Some options need an engine.
    const needsEngine = endpoint.named || load || needsBuildkit;
    const isFile = !needsEngine && isNotRunning(error) && tags.length > 0;
    if (!isFile) return { name: 'docker', engine: failing, outputs };
    const archive = archiveOf(tags);
    const [other] = endpoint.others;
    const use = other === undefined ? '' : `; DOCKER_HOST=${other} is another engine's socket`;
    const message = `no engine answers at ${endpoint.name}: the image goes to ${archive.dest}, and into no engine${use}`;
    report({ kind: 'notice', message, warning: true });
    const engine = await embedded(settings, { otherwise: explained(failing) });
    return { name: 'embedded', engine, outputs: [archive] };
  }
  return { name: 'docker', engine: await docker(settings, connection), outputs };
}

/** `app:1.10` is `app-1.10.tar` in the current folder, `registry/team/app` is `app.tar`. */
export function archiveName(tag: string): string {
  const [path, version] = splitTag(tag);
  const name = path.slice(path.lastIndexOf('/') + 1);
  return version === 'latest' ? `${name}.tar` : `${name}-${version}.tar`;
}

function archiveOf([tag = '']: readonly string[]): Output {
  return { type: 'oci', dest: archiveName(tag), attributes: {} };
}

async function connectionOf({ env, defaultSocket }: EngineSettings): Promise<Connection> {
  const { connectTo } = await import('./docker/connection.js');
  return connectTo(env, defaultSocket);
}

/** Throws BUILDER_NONE: without the address of a builder, certificates would be ignored. */
function refuseTls({ tls = {} }: EngineSettings): void {
  if (Object.values(tls).every((value) => value === undefined)) return;
  const message =
    'choosing a builder: `tlsCaCert`, `tlsCert`, `tlsKey` and `tlsServerName` need the address of one';
  const hint = '`builder: tcp://HOST:PORT`, or BUILDKIT_HOST';
  throw new DockerceptionError('usage', 'BUILDER_NONE', message, { hint });
}

/** The BuildKit to use, if one is named. */
async function namedBuilder(
  name: EngineName,
  { builder, tls, env }: EngineSettings,
): Promise<Builder | undefined> {
  const isNamed = [builder, env['BUILDX_BUILDER'], env['BUILDKIT_HOST']].some(Boolean);
  if (!isNamed && name !== 'buildkit') return undefined;
  const builders = await import('./buildkit/builder.js');
  const found = builders.namedBuilder(builder, env, tls);
  if (found !== undefined || name !== 'buildkit') return found;
  const message = 'choosing a builder: the buildkit engine needs one, and none is named';
  const hint = '`builder: NAME`, or an address; BUILDX_BUILDER and BUILDKIT_HOST name one, too';
  throw new DockerceptionError('usage', 'BUILDER_NONE', message, { hint });
}

async function buildkit(builder: Builder, settings: EngineSettings): Promise<Engine> {
  const { buildkitEngine } = await import('./buildkit/buildkit-engine.js');
  return buildkitEngine(builder, { ...settings, load: loadInto(settings) });
}

function loadInto(settings: EngineSettings): NonNullable<EmbeddedSettings['load']> {
  return async (archive, report, signal) => {
    const { loadArchive } = await import('./docker/load.js');
    await loadArchive(await connectionOf(settings), archive, { report, signal });
  };
}

async function docker(settings: EngineSettings, connection?: Connection): Promise<Engine> {
  const { dockerEngine } = await import('./docker/docker-engine.js');
  return dockerEngine(connection ?? (await connectionOf(settings)), settings);
}

async function embedded(
  settings: EngineSettings,
  other: Pick<EmbeddedSettings, 'otherwise' | 'engineHas'> = {},
): Promise<EntryEngine> {
  const { embeddedEngine } = await import('./embedded/embedded-engine.js');
  return embeddedEngine({
    ...settings,
    ...other,
    load: loadInto(settings),
  });
}

/** Builds with an engine what the embedded engine cannot build. */
function dockerFor(settings: EngineSettings): Otherwise {
  return explained(async (context, options, reason) => {
    const connection = await connectionOf(settings);
    await connection.ping(options.signal);
    const message = `${reason.message}: building with ${connection.endpoint.name}`;
    options.report({ kind: 'notice', message });
    return (await docker(settings, connection))(context, options);
  });
}

/** Whether the engine has an image. An engine that cannot be reached has none, so that the registry's error is reported. */
function engineHas(settings: EngineSettings): NonNullable<EmbeddedSettings['engineHas']> {
  return async (reference, signal) => {
    try {
      const connection = await connectionOf(settings);
      // Unlike other requests, a ping has a time limit.
      await connection.ping(signal);
      const { hasImage } = await import('./docker/images.js');
      return await hasImage(connection, reference, signal);
    } catch (error) {
      if (error instanceof DockerceptionError && error.kind === 'engine') return false;
      throw error;
    }
  };
}

/** Adds the reason for using the engine to errors that it cannot be reached, or does not have an option. */
function explained(otherwise: Otherwise): Otherwise {
  return (context, options, reason) =>
    otherwise(context, options, reason).catch((error: unknown) => {
      context.stream.destroy();
      if (!(error instanceof DockerceptionError)) throw error;
      if (error.kind !== 'usage' && !isUnreachable(error)) throw error;
      throw error.with({ message: `${reason.message}, and ${error.message}` });
    });
}

/** The attributes of archives of the embedded engine. The compression is a build option. */
const ATTRIBUTES: readonly string[] = ['tar', 'compression', 'compression-level'];

function checkAttributes(outputs: readonly Output[]): void {
  for (const { type, dest, attributes } of outputs) {
    const known = type === 'oci' || type === 'docker' ? ATTRIBUTES : [];
    const unknown = Object.keys(attributes).find((key) => !known.includes(key));
    if (unknown === undefined) continue;
    const attribute = `type=${type},dest=${dest},${unknown}=${attributes[unknown]}`;
    const message = `writing ${attribute}: there is no ${unknown} for type=${type}`;
    const instead = 'with it, `dockerception filter | docker buildx build --output … -`';
    const hint = unknown === 'name' ? '`tags: NAME` names the image' : instead;
    throw new DockerceptionError('usage', 'OUTPUT_ATTRIBUTE', message, { hint });
  }
}
