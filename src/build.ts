/** A context in, an image out: the pipeline into an engine. */
import { access, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { BUILD_OPTIONS, type BuildOptions } from './build-options.js';
import {
  claimContext,
  concealedPaths,
  destroyContext,
  dockerfilePath,
  dockerfilePaths,
  rewording,
  withFile,
} from './context.js';
import { CONTEXT_OPTIONS, type ContextOptions } from './context-options.js';
import { chooseEngine, type Choice } from './engine/choose.js';
import type {
  BuildOptions as EngineOptions,
  BuildResult,
  Engine,
  EntryEngine,
  ImageCheck,
  Output,
} from './engine/engine.js';
import { DockerceptionError, rewordError, systemCode } from './errors.js';
import { FailedDockerfile } from './failed-dockerfile.js';
import { checkOptions } from './options/check.js';
import { insecureHosts } from './image/registry/insecure.js';
import type { FileReceiver, Passed } from './pipeline.js';
import { filter } from './filter-stream.js';
import { passContext } from './filter.js';
import type { Report } from './progress/events.js';
import { redacted } from './progress/redacted.js';
import { rewordSteps } from './progress/reword.js';
import { StreamSink } from './sink/stream.js';
import { printable } from './tar/printable.js';
import { redactAll } from './text/redact.js';

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
  const claimed = claimContext(options);
  try {
    checkOptions(claimed, BUILD_OPTIONS);
    claimed.signal?.throwIfAborted();
    return await buildReworded(await withFile(claimed));
  } catch (error) {
    destroyContext(claimed, error);
    throw error;
  }
}

/** Reports what concerns the context in the user's words. */
async function buildReworded(options: BuildOptions): Promise<Built> {
  const reword = await rewording(options);
  if (reword === undefined) return buildClaimed(options);
  const report = rewordSteps(options.report ?? (() => undefined), reword);
  return buildClaimed({ ...options, report }).catch((error: unknown) => {
    throw rewordError(error, reword);
  });
}

async function buildClaimed(options: BuildOptions): Promise<Built> {
  const report = redacted(options.report ?? (() => undefined));
  const signal = options.signal ?? new AbortController().signal;
  const { engine, outputs } = await choose(options, report, signal);
  await checkOutputs(options, outputs);
  const context = { ...pick(options), leaveOut: leftOut(options, outputs) };
  const check = await checkOf(options, report, signal);
  const concealed = await concealedPaths(options);
  const failed = new FailedDockerfile(dockerfilePaths(options));
  const asked = {
    ...engineOptions({ ...options, outputs }, check, failed.report(report), signal),
    concealed,
  };
  const building =
    typeof engine === 'function'
      ? buildFromStream(engine, context, asked, failed)
      : buildFromEntries(engine, context, asked, failed);
  const built = await building.catch(async (error: unknown) => {
    throw await failed.explain(error);
  });
  return { ...built, metadata: redactAll(built.metadata), outputs };
}

type FromContext = BuildResult & { readonly context: Passed };

/** The engine is done with the context before it builds. */
async function buildFromEntries(
  engine: EntryEngine,
  context: ContextOptions,
  options: EngineOptions,
  receiver: FileReceiver,
): Promise<FromContext> {
  const { report, signal } = options;
  const building = engine.begin(options);
  try {
    const settings = { exact: false, signal, receiver };
    const passed = await passContext(building, context, report, settings);
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
  receiver: FileReceiver,
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
  const passing = passContext(sink, context, report, { exact: false, signal: stop, receiver });
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
  const entries = Object.entries(options).filter(([key]) => key in CONTEXT_OPTIONS);
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
    created: sourceDateEpoch({ ...env, ...options.buildArgs }),
    openDirectory,
  };
  return chooseEngine(engine, { tags, outputs, push, load, report, signal }, settings);
}

/** A directory isn't packed with the images that come from it: the second would be another one. */
function leftOut(options: BuildOptions, outputs: readonly Output[]): readonly string[] {
  const images = outputs.filter(({ type, dest }) => dest !== '-' && type !== 'local');
  return [...(options.leaveOut ?? []), ...images.map(({ dest }) => dest)];
}

/** No output replaces what is read; one whose name is derived from the tag replaces image archives alone. */
async function checkOutputs(options: BuildOptions, outputs: readonly Output[]): Promise<void> {
  const written = outputs.filter(({ dest }) => dest !== '-');
  if (written.length === 0) return;
  const { checkOwnOutputs } = await import('./source/own-output.js');
  const { inputsOf, outputPlace } = await import('./build-places.js');
  const isImplicit = (options.outputs ?? []).length === 0;
  const places = written.map((output) => ({ ...outputPlace(output), isImplicit }));
  await checkOwnOutputs(places, inputsOf(options));
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
): Omit<EngineOptions, 'concealed'> {
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
    insecure: insecureHosts(options.insecure, [
      ...(options.push === true ? (options.tags ?? []) : []),
      options.base,
      ...Object.values(options.buildContexts ?? {}),
    ]),
    check,
    report,
    signal,
  };
}
