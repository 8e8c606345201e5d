/**
 * Builders as the source of a context. Each is built or pulled, and run; its output or its artifacts are the context of
 * the next one. The caller closes them.
 */
import { chooseBackend } from '../engine/docker/build-options.js';
import { connectTo } from '../engine/docker/connection.js';
import { Container } from '../engine/docker/container.js';
import { isUnreachable } from '../engine/docker/failures.js';
import { DockerceptionError, rewordError } from '../errors.js';
import { BUILDER, type BuilderOptions, type CompleteBuilder } from '../options/builder.js';
import { normalise } from '../options/schema.js';
import { inPart, redacted } from '../progress/reports.js';
import { type Source, streamSource } from '../source/source.js';
import { allExist } from './artifacts.js';
import { gather } from './gather.js';
import {
  buildBuilder,
  type BuilderImage,
  type EngineUse,
  findBuilder,
  removeBuilder,
} from './image.js';
import { releaseContainer, Run, type RunOptions } from './run.js';
import { refuseRootless, untilServing } from './serve.js';

/** An engine creates no container without a command. */
const NEVER_RUN = ['-'];

/** Open builders. */
export interface Builder {
  /** The context that they produce; undefined while the last one serves. */
  readonly context: Source | undefined;
  /** `HOST:IP` entries with which a build reaches the builder that serves. */
  readonly hosts: readonly string[];
  /** Aborted with the failure of the builder that serves. A build that uses it must end too. */
  readonly died: AbortSignal;
  /** Whether a build must not use its cache, which does not notice changes of the builder that serves. */
  readonly changes: boolean;
  /** Bytes of the image of the last builder, as the engine counts them. */
  readonly imageSize: number | undefined;
  /** The error to report instead of one of the context: a builder that fails often writes no tar. */
  explain(error: unknown): Promise<unknown>;
  /** Removes the containers, and the unnamed images. */
  close(): Promise<void>;
}

/**
 * Builds and starts the builders.
 *
 * @throws DockerceptionError of kind engine if the engine cannot be reached, of kind build if a builder cannot be built,
 *   of kind builder if one fails.
 */
export async function openBuilder(given: BuilderOptions): Promise<Builder> {
  const options = normalise(BUILDER, given);
  const { env, signal } = options;
  signal.throwIfAborted();
  const report = redacted(options.report);
  const connection = await connectTo(env);
  const ping = await connection.ping(signal).catch((error: unknown) => {
    if (!isUnreachable(error)) throw error;
    const hint =
      'a builder needs an engine: start it, or name another with DOCKER_HOST; what needs none: ' +
      '`BUILDER | dockerception -t app -o app.tar` with any program that writes a tar';
    throw error.within('running a builder').with({ hint });
  });
  if (options.serve !== undefined && ping.isPodman) await refuseRootless(connection, signal);
  const isBuildKit = chooseBackend(env, ping) === 'buildkit';
  const chain = new Chain(options, { connection, isBuildKit, env, report, signal });
  try {
    await chain.open();
    return chain;
  } catch (error) {
    const explained = await chain.explain(error);
    await chain.close();
    throw explained;
  }
}

/** Opens builders, passes them to `work`, and removes them when it has settled. */
export async function withBuilder<T>(
  options: BuilderOptions,
  work: (builder: Builder) => Promise<T>,
): Promise<T> {
  if (typeof work !== 'function') {
    const message = `opening builders: ${String(work)} is not a function that uses them`;
    throw new DockerceptionError('usage', 'USAGE_OPTION', message);
  }
  const builder = await openBuilder(options);
  try {
    return await work(builder);
  } catch (error) {
    throw await builder.explain(error);
  } finally {
    await builder.close();
  }
}

class Chain implements Builder {
  context: Source | undefined;
  readonly hosts: string[] = [];
  changes = false;
  imageSize: number | undefined;
  readonly #died = new AbortController();
  readonly died = this.#died.signal;
  readonly #runs: Run[] = [];
  readonly #containers: RunOptions[] = [];
  readonly #images: BuilderImage[] = [];

  constructor(
    private readonly options: CompleteBuilder,
    private readonly use: EngineUse,
  ) {}

  async open(): Promise<void> {
    const { from, fromImage } = this.options;
    if (fromImage !== undefined)
      await this.#run(await findBuilder(fromImage, this.#part(0)), fromImage, from.length === 0);
    for (const [index, context] of from.entries()) {
      const isLast = index === from.length - 1;
      // The output of the previous builder is the context, to which a directory or a file is added.
      const add = this.context === undefined || context === '-' ? undefined : context;
      const name = `the builder ${context}`;
      const use = this.#part(fromImage === undefined ? index : index + 1);
      const built = buildBuilder(this.context ?? context, add, this.options, isLast, use);
      const image = await built.catch((error: unknown) => {
        throw rewordError(error, (text) => text.replace('building the image', `building ${name}`));
      });
      await this.#run(image, name, isLast);
    }
  }

  /** The engine for the builder with this index, which has a number if there are several. */
  #part(index: number): EngineUse {
    const { from, fromImage } = this.options;
    const isAlone = from.length + (fromImage === undefined ? 0 : 1) === 1;
    const part = isAlone ? 'builder' : `builder-${index + 1}`;
    return { ...this.use, report: inPart(this.use.report, part) };
  }

  async explain(error: unknown): Promise<unknown> {
    let explained = error;
    // The first builder that failed is the reason for all others.
    for (const run of this.#runs.toReversed()) explained = await run.explain(explained);
    return explained;
  }

  async close(): Promise<void> {
    for (const run of this.#runs) run.close();
    for (const options of this.#containers.splice(0).reverse()) await releaseContainer(options);
    for (const image of this.#images) await removeBuilder(image, this.use.connection);
  }

  async #run(image: BuilderImage, name: string, isLast: boolean): Promise<void> {
    const { volumes, variables, timeout, artifacts, libs } = this.options;
    const { serve, serveTimeout, keepPaths, command, entrypoint, user, workdir } = this.options;
    const { connection, report, signal } = this.use;
    this.#images.push(image);
    this.imageSize = image.size;
    const hasCommand = image.hasCommand || command !== undefined || Boolean(entrypoint);
    // An image without a command can be a builder too: its Dockerfile creates the artifacts.
    const isOpenedOnly = isLast && artifacts.length > 0 && !hasCommand;
    const settings = {
      image: image.reference,
      env: variables,
      volumes,
      ...(isLast && { command, entrypoint, user, workdir }),
      ...(isOpenedOnly && { command: NEVER_RUN }),
    };
    const container = await Container.create(connection, settings, signal);
    const keep = isLast && this.options.keep;
    const running = { name, container, timeout, keep, report, signal };
    this.#containers.push(running);
    if (isLast && serve !== undefined) {
      const run = await this.#start({ ...running, showsOutput: true });
      const timing = { port: serve, timeout: serveTimeout, name, signal };
      const address = await untilServing(run, container, timing);
      // BuildKit's cache of RUN depends on the hosts: another builder may serve at the same address.
      this.hosts.push(`builder:${address}`, `builder-${image.likeness}:${address}`);
      this.changes = !this.use.isBuildKit;
      run.complete.catch((failure: unknown) => this.#died.abort(failure));
      this.context = undefined;
      return;
    }
    if (!isLast || artifacts.length === 0) {
      const run = await this.#start(running);
      const source = await streamSource(run.output, `the output of ${name}`, signal);
      // It may fail before it is read, and still has its error then.
      source.stream.on('error', () => undefined);
      this.context = { ...source, complete: run.complete };
      return;
    }
    if (!isOpenedOnly && !(await this.#areInImage(container, name)))
      await (
        await this.#start({ ...running, showsOutput: true })
      ).complete;
    this.context = await gather(container, artifacts, { libs, keepPaths, name, report, signal });
  }

  async #start(options: RunOptions): Promise<Run> {
    const run = await Run.start(options);
    this.#runs.push(run);
    return run;
  }

  /** Whether an image that no option says how to run has the artifacts. It is not run: a server would never end. */
  async #areInImage(container: Container, name: string): Promise<boolean> {
    const { from, command, volumes, variables, entrypoint, artifacts } = this.options;
    const runOption = from[0] ?? command ?? entrypoint ?? volumes[0] ?? variables[0];
    if (runOption !== undefined) return false;
    const { report, signal } = this.use;
    if (!(await allExist(container, artifacts, signal))) return false;
    const message = `what is asked for is in ${name} itself: it is not run; -- COMMAND runs it`;
    report({ kind: 'notice', message });
    return true;
  }
}
