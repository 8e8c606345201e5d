/**
 * Which engine builds: the requested one, or with `auto` the one that fits. An image for a file or a
 * registry needs no engine, except for RUN. Any other image is for the engine that the environment names,
 * which then has to answer. Only if nothing names one, and none runs at the default socket, the image goes to a file.
 */
import { homedir } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { DockerceptionError } from '../errors.js';
import { splitTag } from '../image/reference.js';
import type { EngineName } from '../options/build.js';
import type { Output } from '../options/image.js';
import type { Report } from '../progress/events.js';
import { isNotRunning, isUnreachable } from './docker/failures.js';
import type { Connection } from './docker/index.js';
import type { EmbeddedSettings, Otherwise } from './embedded/embedded-engine.js';
import type { Engine, EngineRequest, EntryEngine } from './engine.js';

/** What every engine is set up with. */
export interface EngineSettings {
  /** Names the engine, the credentials, the cache: DOCKER_HOST, DOCKER_CONFIG, XDG_CACHE_HOME, … */
  readonly env: NodeJS.ProcessEnv;
  /** Where an output `-` goes. */
  readonly stdout: Writable;
  /** Whether the context's owners were kept. */
  readonly keepOwner: boolean;
  /** When images made here say that they were made, seconds since 1970. @default what the context tells */
  readonly created?: number | undefined;
  /** Opens a tar of a directory, for `--build-context NAME=DIR`. */
  readonly openDirectory: (path: string) => Promise<Readable>;
  /** The engine's socket when `env` names no engine. @default /var/run/docker.sock */
  readonly defaultSocket?: string;
}

/** What decides. */
export type Wanted = Pick<
  EngineRequest,
  'tags' | 'outputs' | 'push' | 'load' | 'report' | 'signal'
>;

/** An engine, and what it is to write. */
export interface Choice {
  readonly engine: Engine | EntryEngine;
  readonly outputs: readonly Output[];
}

/**
 * Chooses. With `auto`, pings the engine, and warns when the embedded engine takes its place.
 *
 * @throws DockerceptionError of kind usage, OUTPUT_NONE: the embedded engine keeps no images; of kind
 *   engine when the engine's address or docker context is invalid. If the engine can't be reached, the
 *   chosen engine's build rejects.
 */
export async function chooseEngine(
  name: EngineName,
  wanted: Wanted,
  settings: EngineSettings,
): Promise<Choice> {
  const { outputs, push, load, tags, report, signal } = wanted;
  if (name === 'docker') return { engine: await docker(settings), outputs };
  const files = outputs.length > 0 || push;
  if (name === 'embedded') {
    checkAttributes(outputs);
    if (!files && !load && tags.length === 0) throw noOutput();
    const written = files || load ? outputs : [archiveOf(tags)];
    return { engine: await embedded(settings), outputs: written };
  }
  if (files) {
    checkAttributes(outputs);
    const other = { otherwise: dockerFor(settings), engineHas: engineHas(settings) };
    return { engine: await embedded(settings, other), outputs };
  }
  const connection = await connectionOf(settings);
  try {
    await connection.ping(signal);
  } catch (error) {
    // An engine that was named keeps the image: a file in its place would leave an older image under that name there.
    if (connection.endpoint.named || !isNotRunning(error))
      return { engine: failing(error), outputs };
    // The file is named after the image; an image to load has no other place.
    if (tags.length === 0 || load) return { engine: failing(error), outputs };
    const archive = archiveOf(tags);
    warnWithoutEngine(connection, archive, report);
    const engine = await embedded(settings, { otherwise: explained(failing(error)) });
    return { engine, outputs: [archive] };
  }
  return { engine: await docker(settings), outputs };
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
  const { connect, resolveEndpoint } = await import('./docker/index.js');
  const home = env['HOME'] ?? homedir();
  return connect(await resolveEndpoint(env, { home, defaultSocket }), { env });
}

async function docker(settings: EngineSettings): Promise<Engine> {
  const { dockerEngine } = await import('./docker/index.js');
  return dockerEngine(await connectionOf(settings), settings);
}

/** The engine for what the embedded one can't build. */
type Other = Pick<EmbeddedSettings, 'otherwise' | 'engineHas'>;

async function embedded(settings: EngineSettings, other: Other = {}): Promise<EntryEngine> {
  const { embeddedEngine } = await import('./embedded/embedded-engine.js');
  const { env, stdout, created, openDirectory } = settings;
  return embeddedEngine({
    env,
    stdout,
    created,
    openDirectory,
    async load(archive, report, signal) {
      const { loadArchive } = await import('./docker/index.js');
      await loadArchive(await connectionOf(settings), archive, { report, signal });
    },
    ...other,
  });
}

/** Builds what the embedded engine can't: asked for only then. */
function dockerFor(settings: EngineSettings): Otherwise {
  return explained(async (context, options, reason) => {
    const connection = await connectionOf(settings);
    await connection.ping(options.signal);
    const message = `${reason.message}: building with ${connection.endpoint.name}`;
    options.report({ kind: 'notice', message });
    const { dockerEngine } = await import('./docker/index.js');
    return dockerEngine(connection, settings)(context, options);
  });
}

/** Asks the engine for an image. An engine that can't be asked has none: the registry's error is the one to report. */
function engineHas(settings: EngineSettings): NonNullable<EmbeddedSettings['engineHas']> {
  return async (reference, signal) => {
    try {
      const connection = await connectionOf(settings);
      // Bounded in time, unlike other requests.
      await connection.ping(signal);
      const { hasImage } = await import('./docker/index.js');
      return await hasImage(connection, reference, signal);
    } catch (error) {
      if (error instanceof DockerceptionError && error.kind === 'engine') return false;
      throw error;
    }
  };
}

/** An engine that was only asked because of RUN says so when it isn't there, or can't write that. */
function explained(otherwise: Otherwise): Otherwise {
  return (context, options, reason) =>
    otherwise(context, options, reason).catch((error: unknown) => {
      context.stream.destroy();
      if (!(error instanceof DockerceptionError)) throw error;
      if (error.kind !== 'usage' && !isUnreachable(error)) throw error;
      throw error.with({ message: `${reason.message}, and ${error.message}` });
    });
}

/** An engine that isn't there: what is wrong with the command line or the context may come first. */
function failing(error: unknown): Engine {
  return () => Promise.reject(error);
}

function warnWithoutEngine(connection: Connection, { dest }: Output, report: Report): void {
  const [other] = connection.endpoint.others;
  const use = other === undefined ? '' : `; DOCKER_HOST=${other} is another engine's socket`;
  const message = `no engine answers at ${connection.endpoint.name}: the image goes to ${dest}, and into no engine${use}`;
  report({ kind: 'notice', message, warning: true });
}

/** Attributes of `-o` that images and file systems have here; the compression is the build's own. */
const ATTRIBUTES: Readonly<Record<Output['type'], readonly string[]>> = {
  oci: ['tar', 'compression', 'compression-level'],
  docker: ['tar', 'compression', 'compression-level'],
  tar: [],
  local: [],
};

function checkAttributes(outputs: readonly Output[]): void {
  for (const { type, dest, attributes } of outputs) {
    const unknown = Object.keys(attributes).find((key) => !ATTRIBUTES[type].includes(key));
    if (unknown === undefined) continue;
    throw new DockerceptionError(
      'usage',
      'OUTPUT_ATTRIBUTE',
      `writing type=${type},dest=${dest},${unknown}=${attributes[unknown]}: there is no ${unknown} for type=${type}`,
      {
        hint:
          unknown === 'name'
            ? '-t NAME names the image'
            : 'with it, `dockerception filter | docker buildx build --output … -`',
      },
    );
  }
}

function noOutput(): DockerceptionError {
  return new DockerceptionError(
    'usage',
    'OUTPUT_NONE',
    'choosing an output: the embedded engine keeps no images, and nothing says where this one goes',
    { hint: '-o FILE or -t NAME writes an archive, --push and --load take it elsewhere' },
  );
}
