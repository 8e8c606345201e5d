/**
 * Builders as the source of a context: each is built or found, run, and its output or what was asked for of its files
 * handed on; the next one is built from that. Whoever opened them closes them, whatever became of the context.
 */
import { homedir } from 'node:os';
import { chooseBackend, connect, Container, resolveEndpoint } from '../engine/docker/index.js';
import { DockerceptionError } from '../errors.js';
import {
  type Artifact,
  BUILDER,
  type BuilderOptions,
  type CompleteBuilder,
} from '../options/builder.js';
import { normalise } from '../options/schema.js';
import { redacted, scoped } from '../progress/reports.js';
import type { Source } from '../source/source.js';
import { streamSource } from '../source/stream.js';
import { areThere } from './artifacts.js';
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

const NEVER_RUN = ['-'];

/** Builders that were opened. */
export interface Builder {
  /** What they have made; undefined while the last one serves. */
  readonly context: Source | undefined;
  /** `HOST:IP`, each, for the build that is to reach the one that serves. */
  readonly hosts: readonly string[];
  /** Aborted with its failure when the one that serves fails: what is built with it is to end, too. */
  readonly died: AbortSignal;
  /** What a build takes from the one that serves can change without its cache noticing: it is to go without. */
  readonly changes: boolean;
  /** Bytes of the last builder's image, as the engine counts them. */
  readonly imageSize: number | undefined;
  /** The error to tell in place of one that the context has led to: a builder that fails often writes no tar. */
  explain(error: unknown): Promise<unknown>;
  /** Removes the containers, and images that nobody has a name for. */
  close(): Promise<void>;
}

/**
 * Builds and starts the builders. Rejects with a `DockerceptionError`: of kind engine when there is no engine to
 * run them, of kind build when one can't be built, of kind builder when one fails.
 */
export async function openBuilder(given: BuilderOptions): Promise<Builder> {
  const options = normalise(BUILDER, given);
  const { env, signal } = options;
  signal.throwIfAborted();
  const report = redacted(options.report);
  const connection = connect(await resolveEndpoint(env, { home: env['HOME'] ?? homedir() }), {
    env,
  });
  const ping = await connection.ping(signal).catch((error: unknown) => {
    throw withoutEngine(error);
  });
  if (options.serve !== undefined && ping.isPodman) await refuseRootless(connection, signal);
  const isBuildKit = chooseBackend(env, ping) === 'buildkit';
  const chain = new Chain(options, { connection, isBuildKit, env, report, signal });
  try {
    await chain.open();
    return chain;
  } catch (error) {
    const told = await chain.explain(error);
    await chain.close();
    throw told;
  }
}

class Chain implements Builder {
  context: Source | undefined;
  readonly hosts: string[] = [];
  changes = false;
  imageSize: number | undefined;
  readonly #died = new AbortController();
  readonly #options: CompleteBuilder;
  readonly #use: EngineUse;
  readonly #runs: Run[] = [];
  readonly #containers: RunOptions[] = [];
  readonly #images: BuilderImage[] = [];

  constructor(options: CompleteBuilder, use: EngineUse) {
    this.#options = options;
    this.#use = use;
  }

  get died(): AbortSignal {
    return this.#died.signal;
  }

  async open(): Promise<void> {
    const { from, fromImage } = this.#options;
    if (fromImage !== undefined)
      await this.#run(await findBuilder(fromImage, this.#use), fromImage, from.length === 0);
    for (const [index, context] of from.entries()) {
      const isLast = index === from.length - 1;
      const before = this.context;
      const own = context === '-' ? undefined : context;
      const given = before === undefined ? { context } : { context: before, add: own };
      const report = scoped(this.#use.report, `builder-${index + 1}`);
      const use = { ...this.#use, report };
      const image = await buildBuilder(given, this.#options, isLast, use);
      await this.#run(image, `the builder ${context}`, isLast);
    }
  }

  async explain(error: unknown): Promise<unknown> {
    let told = error;
    // The first one that failed is why the others did.
    for (const run of [...this.#runs].reverse()) told = await run.explain(told);
    return told;
  }

  async close(): Promise<void> {
    for (const run of this.#runs) run.close();
    // The last one first; each once.
    for (const made of this.#containers.splice(0).reverse()) await releaseContainer(made);
    for (const image of this.#images) await removeBuilder(image, this.#use.connection);
  }

  async #run(image: BuilderImage, name: string, isLast: boolean): Promise<void> {
    const { volumes, variables, timeout, artifacts, libs } = this.#options;
    const { serve, serveTimeout, keepPaths } = this.#options;
    const { connection, report, signal } = this.#use;
    this.#images.push(image);
    this.imageSize = image.size;
    const isOpenedOnly = isLast && artifacts.length > 0 && !this.#hasCommand(image);
    const container = await Container.create(
      connection,
      {
        image: image.reference,
        env: variables,
        volumes,
        ...(isLast && this.#ofLast()),
        // An engine makes no container without a command, even for one that is never started.
        ...(isOpenedOnly && { command: NEVER_RUN }),
      },
      signal,
    );
    const keep = isLast && this.#options.keep;
    const running = { name, container, timeout, keep, report, signal };
    this.#containers.push(running);
    if (isLast && serve !== undefined) {
      const run = await this.#start({ ...running, showsOutput: true });
      const timing = { port: serve, timeout: serveTimeout, name, signal };
      const address = await untilServing(run, container, timing);
      // BuildKit caches a RUN by its hosts, too: another builder may serve something else under the same address.
      this.hosts.push(`builder:${address}`, `builder-${image.likeness}:${address}`);
      this.changes = !this.#use.isBuildKit;
      run.complete.catch((failure: unknown) => this.#died.abort(failure));
      this.context = undefined;
      return;
    }
    if (!isLast || artifacts.length === 0) {
      const run = await this.#start(running);
      this.context = await sourceOf(run, name, signal);
      return;
    }
    if (!isOpenedOnly && !(await this.#hasAlready(container, artifacts, name))) {
      const run = await this.#start({ ...running, showsOutput: true });
      await run.complete;
    }
    this.context = await gather(container, artifacts, { libs, keepPaths, name, report, signal });
  }

  async #start(options: RunOptions): Promise<Run> {
    const run = await Run.start(options);
    this.#runs.push(run);
    return run;
  }

  /**
   * An image that only has to be opened is not run: a server's would never end. One with a command, or anything else that
   * says how to run it, is.
   */
  async #hasAlready(
    container: Container,
    artifacts: readonly Artifact[],
    name: string,
  ): Promise<boolean> {
    const { from, command, volumes, variables, entrypoint } = this.#options;
    const asked = command ?? entrypoint ?? volumes[0] ?? variables[0];
    if (from.length > 0 || asked !== undefined) return false;
    const { report, signal } = this.#use;
    if (!(await areThere(container, artifacts, signal))) return false;
    const message = `what is asked for is in ${name} itself: it is not run; -- COMMAND runs it`;
    report({ kind: 'notice', message });
    return true;
  }

  /** An image that only has files is a builder, too: its Dockerfile has done the work. */
  #hasCommand(image: BuilderImage): boolean {
    const { command, entrypoint } = this.#options;
    return image.hasCommand || command !== undefined || (entrypoint ?? '') !== '';
  }

  #ofLast(): Partial<Parameters<typeof Container.create>[1]> {
    const { command, entrypoint, user, workdir } = this.#options;
    return { command, entrypoint, user, workdir };
  }
}

async function sourceOf(run: Run, name: string, signal: AbortSignal): Promise<Source> {
  const source = await streamSource(run.output, `the output of ${name}`, signal);
  // Unpacked, it may fail before anybody reads it; whoever does is told.
  source.stream.on('error', () => undefined);
  return { ...source, complete: run.complete };
}

function withoutEngine(error: unknown): unknown {
  if (!(error instanceof DockerceptionError) || error.code !== 'ENGINE_UNREACHABLE') return error;
  return error.within('running a builder').with({
    hint:
      'a builder needs an engine: start it, or name another with DOCKER_HOST; what needs none: ' +
      '`BUILDER | dockerception -t app -o app.tar` with any program that writes a tar',
  });
}
