/** Builds an image: chooses the engine, and runs the pipeline into it. */
import { access, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { FailedDockerfile } from './context/failed-dockerfile.js';
import { dockerfilePaths, hiddenPaths, rewording, withFile } from './context/plan-context.js';
import { claimContext, destroyContext, runContext } from './context/run-context.js';
import { type Choice, chooseEngine } from './engine/choose.js';
import type {
  BuildResult,
  Engine,
  EngineRequest,
  EntryEngine,
  ImageCheck,
} from './engine/engine.js';
import { checkCall } from './engine/unsupported.js';
import { DockerceptionError, rewordError, systemCode } from './errors.js';
import { filter } from './filter.js';
import { insecureHosts } from './image/registry/host.js';
import { BUILD, type CompleteBuild, type EngineName } from './options/build.js';
import { type CompleteContext, CONTEXT } from './options/context.js';
import { IMAGE, type Output } from './options/image.js';
import { normalise, type OptionsOf, pick } from './options/schema.js';
import type { PipelineSummary } from './pipeline.js';
import { redacted, rewordSteps } from './progress/reports.js';
import { StreamSink } from './sink/stream.js';
import { printable } from './text/printable.js';
import { redactAll } from './text/redact.js';

/** The options of {@link build}, as of `docker buildx build`. An unknown key is an error. */
export interface BuildOptions extends OptionsOf<typeof BUILD> {
  /**
   * The engine that builds. `auto` is the embedded engine for an image that goes to a file or a registry, and otherwise the
   * Docker Engine that `env` names; if `env` names none and none runs, the embedded engine. @default 'auto'
   */
  readonly engine?: EngineName | Engine;
}

/** The image, and a summary of its context. */
export interface Built extends BuildResult {
  readonly context: PipelineSummary;
  /** The outputs that were written: the requested ones, or the default of the embedded engine. */
  readonly outputs: readonly Output[];
}

/**
 * Builds an image from a context.
 * @throws DockerceptionError of kind `usage` or `context` for wrong options or a bad context, `build` for a failed build, `engine`
 *   for an engine or registry that can't be reached, `limit`, or `output`; the signal's reason. No image is tagged then.
 */
export function build(options: BuildOptions): Promise<Built> {
  return buildThen(options, () => Promise.resolve());
}

/**
 * Builds as {@link build}.
 * @param deliver receives the result as soon as nothing can change it: an image without limits may then be read to find
 *   problems in it. Called once; if it rejects, the build does at its end.
 */
export async function buildThen(
  options: BuildOptions,
  deliver: (built: Built) => Promise<void>,
): Promise<Built> {
  const claimed = claimContext(options);
  try {
    const complete = normalise(BUILD, claimed);
    complete.signal.throwIfAborted();
    const given = await withFile(complete);
    // A user doesn't know the folder of `base`.
    const reword = rewording(given);
    const report = redacted(reword ? rewordSteps(given.report, reword) : given.report);
    return await buildComplete({ ...given, report }, deliver).catch((error: unknown) => {
      throw rewordError(error, reword);
    });
  } catch (error) {
    destroyContext(claimed, error);
    throw error;
  }
}

async function buildComplete(
  options: CompleteBuild,
  deliver: (built: Built) => Promise<void>,
): Promise<Built> {
  checkCall(options);
  const { engine, outputs } = await choose(options);
  await checkOutputs(options, outputs);
  // Outputs inside of a context directory aren't packed: the image of a second build would differ.
  const images = outputs.filter(({ type, dest }) => dest !== '-' && type !== 'local');
  const leaveOut = [...options.leaveOut, ...images.map(({ dest }) => dest)];
  const context = { ...pick(CONTEXT, options), leaveOut };
  const paths = dockerfilePaths(options);
  const failed = new FailedDockerfile(paths);
  const { report, signal } = options;
  const request: EngineRequest = {
    ...pick(IMAGE, options),
    outputs,
    insecure: insecureHosts(options.insecure, [
      ...(options.push ? options.tags : []),
      options.base,
      ...Object.values(options.buildContexts),
    ]),
    check: await checkOf(options),
    ...(await hiddenPaths(options)),
    file: paths[0],
    report: failed.report(report),
    signal,
  };
  const completed = (built: FromContext): Built => ({
    ...built,
    metadata: redactAll(built.metadata),
    outputs,
  });
  let delivered: Promise<void> | undefined;
  const deliverOnce = (built: FromContext): Promise<void> =>
    (delivered ??= deliver(completed(built)));
  const building =
    typeof engine === 'function'
      ? buildFromStream(engine, context, request, failed, deliverOnce)
      : buildFromEntries(engine, context, request, failed, deliverOnce);
  const built = await building.catch(async (error: unknown) => {
    throw await failed.explain(error);
  });
  await deliverOnce(built);
  return completed(built);
}

type FromContext = Omit<Built, 'outputs'>;

/** Builds with an engine that reads the whole context before it builds. */
async function buildFromEntries(
  engine: EntryEngine,
  context: CompleteContext,
  request: EngineRequest,
  receiver: FailedDockerfile,
  deliver: (built: FromContext) => Promise<void>,
): Promise<FromContext> {
  const { report, signal } = request;
  let passed: PipelineSummary | undefined;
  const delivering = delivery(deliver, () => Promise.resolve(passed));
  const building = engine.begin({ ...request, deliver: delivering });
  try {
    const settings = { exact: false, signal, receiver };
    passed = await runContext(building, context, report, settings);
    return { ...(await building.finish()), context: passed };
  } finally {
    await building.close();
  }
}

/** Builds with an engine that reads the context as a stream. If either fails, the other is aborted. */
async function buildFromStream(
  engine: Engine,
  context: CompleteContext,
  request: EngineRequest,
  receiver: FailedDockerfile,
  deliver: (built: FromContext) => Promise<void>,
): Promise<FromContext> {
  const { report, signal } = request;
  const sink = new StreamSink();
  // The engine reports an error of the stream, but may not have started to read.
  sink.stream.on('error', () => undefined);
  const engineFailed = new AbortController();
  const stop = AbortSignal.any([signal, engineFailed.signal]);
  const delivering = delivery(deliver, () => passing);
  const building = engine({ stream: sink.stream }, { ...request, deliver: delivering });
  // A builder may be silent for minutes: without an engine, it isn't waited for.
  building.catch((error: unknown) => engineFailed.abort(error));
  receiver.observer = await request.check?.observe(request);
  const passing = runContext(sink, context, report, { exact: false, signal: stop, receiver });
  const [passed, built] = await Promise.allSettled([passing, building]);
  // Errors of usage are reported first, whether an engine answers or not.
  if (passed.status === 'rejected' && passed.reason instanceof DockerceptionError)
    if (passed.reason.kind === 'usage') throw passed.reason;
  // The engine rejects with the error of a failed context, so its error is always the first.
  if (built.status === 'rejected') throw built.reason;
  if (passed.status === 'rejected') throw passed.reason;
  return { ...built.value, context: passed.value };
}

/** Delivers the result of an engine with the summary of its context. Errors are kept for the end of the build. */
function delivery(
  deliver: (built: FromContext) => Promise<void>,
  summary: () => Promise<PipelineSummary | undefined>,
): NonNullable<EngineRequest['deliver']> {
  return async (result) => {
    const context = await summary().catch(() => undefined);
    if (context !== undefined) await deliver({ ...result, context }).catch(() => undefined);
  };
}

async function choose(options: CompleteBuild): Promise<Omit<Choice, 'name'>> {
  const { engine, outputs, env, stdout, owner, buildArgs } = options;
  if (typeof engine === 'function') return { engine: engine as Engine, outputs };
  const { sourceDateEpoch } = await import('./text/time.js');
  const {
    builder,
    tlsCaCert: caCert,
    tlsCert: cert,
    tlsKey: key,
    tlsServerName: serverName,
  } = options;
  const created = sourceDateEpoch({ ...env, ...buildArgs });
  const keepOwner = owner === 'keep';
  const tls = { caCert, cert, key, serverName };
  const settings = { env, stdout, keepOwner, created, openDirectory, builder, tls };
  return chooseEngine(engine, options, settings);
}

/**
 * Before any work: throws if an output would replace an input, can't be written, or has a name derived from the tag and would
 * replace a file that is no image archive.
 */
async function checkOutputs(options: CompleteBuild, outputs: readonly Output[]): Promise<void> {
  const written = outputs.filter(({ dest }) => dest !== '-');
  if (written.length === 0) return;
  const { checkOwnOutputs, inputsOf, outputPlace } = await import('./context/own-outputs.js');
  const isImplicit = options.outputs.length === 0;
  const places = written.map((output) => ({ ...outputPlace(output), isImplicit }));
  await checkOwnOutputs(places, inputsOf(options));
  const { checkOutput, checkOutputFolder } = await import('./files/output-file.js');
  for (const { path, form } of places)
    await (form === 'file' ? checkOutput(path) : checkOutputFolder(path));
}

/** Opens a directory of `buildContexts` as a tar; it needs no Dockerfile. */
async function openDirectory(path: string): Promise<Readable> {
  await access(path).catch((cause: unknown) => {
    // The reader reports any other error.
    if (systemCode(cause) !== 'ENOENT') return;
    throw new DockerceptionError(
      'usage',
      'BUILD_CONTEXT_MISSING',
      `reading \`buildContexts: …=${printable(path)}\`: there is no such file or directory`,
      { cause, hint: `docker-image://${printable(path)} is for an image` },
    );
  });
  return filter({ context: path, allowNoDockerfile: true });
}

/** The check of the built image; undefined if neither findings nor limits are checked. */
async function checkOf(options: CompleteBuild): Promise<ImageCheck | undefined> {
  const { check, limits, tags, context, report, signal } = options;
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
