/** A context in, an image out: the pipeline into an engine. */
import { access, stat } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { chooseEngine, type Choice, type EngineName } from './engine/choose.js';
import { CONTEXT_KEYS, dockerfilePath, refuseUnknownKeys, type ContextOptions } from './context.js';
import type {
  BuildOptions as EngineOptions,
  BuildResult,
  Engine,
  EntryEngine,
  ImageCheck,
  Output,
} from './engine/engine.js';
import { DockerceptionError, systemCode } from './errors.js';
import type { Limits } from './inspect/limits.js';
import type { Compression } from './image/compression.js';
import type { Passed } from './pipeline.js';
import { filter } from './filter-stream.js';
import { passContext } from './filter.js';
import type { Report } from './progress/events.js';
import { StreamSink } from './sink/stream.js';
import { printable } from './tar/printable.js';

/** What to build, and where the image goes; as `docker buildx build` has it. An unknown key is an error. */
export interface BuildOptions extends ContextOptions {
  /** The image's names. @default none */
  readonly tags?: readonly string[];
  /** Values of ARGs. @default none */
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** Labels to set. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** The stage to build. @default the last one */
  readonly target?: string;
  /** `os/arch[/variant]`. @default the engine's */
  readonly platforms?: readonly string[];
  /** Build every step anew. @default false */
  readonly noCache?: boolean;
  /** Look for newer bases. @default false */
  readonly pull?: boolean;
  /** The network of RUN. @default the engine's */
  readonly network?: string;
  /** `HOST:IP`, each. @default none */
  readonly addHosts?: readonly string[];
  /** Further contexts by name. @default none */
  readonly buildContexts?: Readonly<Record<string, string>>;
  /** Push every tag when the image is there. @default false */
  readonly push?: boolean;
  /** Load the image into the engine that answers, whoever built it. @default false */
  readonly load?: boolean;
  /**
   * Archives, layouts and file systems to write.
   * @default none; the embedded engine writes `NAME.tar`, after the first tag, when nothing else is asked for
   */
  readonly outputs?: readonly Output[];
  /** How the layers that the embedded engine writes are compressed. @default gzip */
  readonly compression?: Compression;
  /** Reach registries over plain HTTP, or with a certificate that nobody signed. @default false */
  readonly insecure?: boolean;
  /** What the image may not exceed: nothing that does is written here, or pushed. @default no limits */
  readonly limits?: Limits;
  /** Look into the image that was built, and tell what was found. @default true */
  readonly check?: boolean;
  /**
   * Which engine builds. `auto` is the embedded one for an image that goes to a file or a registry, and otherwise
   * the Docker Engine that `env` names, which has to answer; if `env` names none and none runs, the embedded one. @default 'auto'
   */
  readonly engine?: EngineName | Engine;
  /** Names the engine and the credentials: DOCKER_HOST, DOCKER_CONFIG, … @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Where an output `-` goes. It isn't ended. @default process.stdout */
  readonly stdout?: Writable;
  /** Takes progress and notices. @default nobody */
  readonly report?: Report;
  /** Aborts: nothing is tagged, nothing is left behind. @default never */
  readonly signal?: AbortSignal;
}

const KEYS: Readonly<Record<Exclude<keyof BuildOptions, keyof ContextOptions>, true>> = {
  tags: true,
  buildArgs: true,
  labels: true,
  target: true,
  platforms: true,
  noCache: true,
  pull: true,
  network: true,
  addHosts: true,
  buildContexts: true,
  push: true,
  load: true,
  outputs: true,
  compression: true,
  insecure: true,
  limits: true,
  check: true,
  engine: true,
  env: true,
  stdout: true,
  report: true,
  signal: true,
};

/** The image, and what went into it. */
export interface Built extends BuildResult {
  readonly context: Passed;
  /** What was written: as asked for, or what an engine chose that keeps no images. */
  readonly outputs: readonly Output[];
}

/**
 * Builds an image from a context. Rejects with a `DockerceptionError`: of kind usage or context
 * when what it was given is wrong, build when the build failed, engine when the engine can't be
 * reached or went away. There is no image then.
 */
export async function build(options: BuildOptions): Promise<Built> {
  refuseUnknownKeys(options, [...CONTEXT_KEYS, ...Object.keys(KEYS)]);
  const report = options.report ?? (() => undefined);
  const signal = options.signal ?? new AbortController().signal;
  const { engine, outputs } = await choose(options, report, signal);
  const context = { ...pick(options), leaveOut: leftOut(options, outputs) };
  const check = await checkOf(options, report, signal);
  const asked = engineOptions({ ...options, outputs }, check, report, signal);
  const built =
    typeof engine === 'function'
      ? await buildFromStream(engine, context, asked)
      : await buildFromEntries(engine, context, asked);
  return { ...built, outputs };
}

type FromContext = BuildResult & { readonly context: Passed };

/** The engine is done with the context before it builds. */
async function buildFromEntries(
  engine: EntryEngine,
  context: ContextOptions,
  options: EngineOptions,
): Promise<FromContext> {
  const { report, signal } = options;
  const building = engine.begin(options);
  try {
    const passed = await passContext(building, context, report, { exact: false, signal });
    return { ...(await building.finish()), context: passed };
  } finally {
    await building.close();
  }
}

/** The engine reads while the context passes: each may fail first, and ends the other then. */
async function buildFromStream(
  engine: Engine,
  context: ContextOptions,
  options: EngineOptions,
): Promise<FromContext> {
  const { report, signal } = options;
  const sink = new StreamSink();
  // The engine reports the stream's error; it may not have begun to read when that happens.
  sink.stream.on('error', () => undefined);
  const engineFailed = new AbortController();
  const stop = AbortSignal.any([signal, engineFailed.signal]);
  const building = engine({ stream: sink.stream }, options);
  // A builder may be silent for minutes: nobody waits for it once there is no engine.
  building.catch((error: unknown) => engineFailed.abort(error));
  const passing = passContext(sink, context, report, { exact: false, signal: stop });
  const [passed, built] = await Promise.allSettled([passing, building]);
  if (passed.status === 'rejected' && isUsage(passed.reason)) throw passed.reason;
  // A context that broke comes out of the engine as its own error: the engine's is always the first.
  if (built.status === 'rejected') throw built.reason;
  if (passed.status === 'rejected') throw passed.reason;
  return { ...built.value, context: passed.value };
}

/** What is wrong on the command line is said first, whether an engine answers or not. */
function isUsage(error: unknown): boolean {
  return error instanceof DockerceptionError && error.kind === 'usage';
}

function pick(options: BuildOptions): ContextOptions {
  const entries = Object.entries(options).filter(([key]) => CONTEXT_KEYS.includes(key));
  return Object.fromEntries(entries);
}

async function choose(options: BuildOptions, report: Report, signal: AbortSignal): Promise<Choice> {
  const { engine = 'auto', tags = [], outputs = [], push = false, load = false } = options;
  if (typeof engine === 'function') return { engine, outputs };
  const { env = process.env, stdout = process.stdout } = options;
  const { sourceDateEpoch } = await import('./tar/time.js');
  const settings = {
    env,
    stdout,
    keepOwner: options.owner === 'keep',
    created: sourceDateEpoch(env),
    openDirectory,
  };
  return chooseEngine(engine, { tags, outputs, push, load, report, signal }, settings);
}

/** A directory isn't packed with the images that come from it: the second would be another one. */
function leftOut(options: BuildOptions, outputs: readonly Output[]): readonly string[] {
  const images = outputs.filter(({ type, dest }) => dest !== '-' && type !== 'local');
  return [...(options.leaveOut ?? []), ...images.map(({ dest }) => dest)];
}

/** A further context: a directory as the main one would be, but it needs no Dockerfile. */
async function openDirectory(path: string): Promise<Readable> {
  await access(path).catch((cause: unknown) => {
    // Anything else is told of by who reads it.
    if (systemCode(cause) !== 'ENOENT') return;
    throw new DockerceptionError(
      'usage',
      'BUILD_CONTEXT_MISSING',
      `reading --build-context …=${printable(path)}: there is no such file or directory`,
      { cause, hint: `docker-image://${printable(path)} is for an image` },
    );
  });
  return filter({ context: path, allowNoDockerfile: true });
}

/** Findings are told with limits or without; `check: false` leaves the limits, which were asked for. */
async function checkOf(
  { check = true, limits, tags = [], context = '-' }: BuildOptions,
  report: Report,
  signal: AbortSignal,
): Promise<ImageCheck | undefined> {
  if (!check && limits === undefined) return undefined;
  const { imageCheck } = await import('./inspect/check.js');
  const found =
    typeof context === 'string' ? await stat(context).catch(() => undefined) : undefined;
  return imageCheck({
    name: tags[0] ?? 'the image',
    context: found?.isDirectory() === true ? 'directory' : 'stream',
    limits,
    findings: check,
    report,
    signal,
  });
}

function engineOptions(
  options: BuildOptions,
  check: ImageCheck | undefined,
  report: Report,
  signal: AbortSignal,
): EngineOptions {
  return {
    file: dockerfilePath(options.file),
    tags: options.tags ?? [],
    buildArgs: options.buildArgs ?? {},
    labels: options.labels ?? {},
    target: options.target,
    platforms: options.platforms ?? [],
    noCache: options.noCache ?? false,
    pull: options.pull ?? false,
    network: options.network,
    addHosts: options.addHosts ?? [],
    buildContexts: options.buildContexts ?? {},
    push: options.push ?? false,
    load: options.load ?? false,
    outputs: options.outputs ?? [],
    compression: options.compression ?? { type: 'gzip' },
    insecure: options.insecure ?? false,
    check,
    report,
    signal,
  };
}
