/** A running builder. Its output is a stream that ends only when it has exited with 0; its standard error becomes events. */
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container } from '../engine/docker/container.js';
import { lost } from '../engine/docker/failures.js';
import { DockerceptionError, messageOf } from '../errors.js';
import type { CompleteBuilder } from '../options/builder.js';
import { exited, refuseGone, runsOn, stateAtEnd, Tail, timedOut } from './failure.js';
import { BuilderOutput } from './output.js';

export interface RunOptions extends Pick<CompleteBuilder, 'report' | 'signal'> {
  readonly name: string;
  /** Created, not started. Its creator removes it. */
  readonly container: Container;
  /** Milliseconds after which it is stopped. @default never */
  readonly timeout?: number;
  /** Whether the container is kept at the end. @default false */
  readonly keep?: boolean;
  /** Whether its standard output is reported too, because it is not the context. @default false */
  readonly showsOutput?: boolean;
}

/** Milliseconds in which a builder whose output is no tar can end. */
const END_TIMEOUT = 10_000;

export class Run {
  /** Resolves when it has exited with 0; rejects with its failure. */
  readonly complete: Promise<void>;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  /** Whether the output ended while the builder ran. */
  #outputLost: Promise<boolean> = Promise.resolve(false);

  private constructor(
    private readonly options: RunOptions,
    readonly output: BuilderOutput,
    private readonly tail: Tail,
  ) {
    const { container } = options;
    void output.over.then(() => (this.#outputLost = runsOn(container, this.#stopped.signal)));
    this.complete = this.#watch();
    this.complete.catch(() => undefined);
  }

  static async start(options: RunOptions): Promise<Run> {
    const { container, report, signal } = options;
    try {
      const tail = new Tail();
      const decoder = new StringDecoder('utf8');
      const show = (bytes: Buffer): void => {
        const text = decoder.write(bytes);
        tail.add(text);
        report({ kind: 'output', text });
      };
      const connected = await container.attach(signal);
      const output = new BuilderOutput(connected, show, options.showsOutput);
      // Before the output is read, only `complete` has its error.
      output.on('error', () => undefined);
      await container.start();
      return new Run(options, output, tail);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  }

  /** The failure of the builder if it explains the error: a builder that fails often writes a message and no tar. */
  async explain(error: unknown): Promise<unknown> {
    if (!(error instanceof DockerceptionError)) return error;
    if (error.kind !== 'context' && error.kind !== 'build') return error;
    // A step of the build may have used a server that has failed.
    if (error.kind === 'build' && (await this.#isRunning())) return error;
    try {
      await Promise.race([this.complete, sleep(END_TIMEOUT, undefined, { ref: false })]);
      // A builder that closes its output while it runs has written all of it.
      return error.kind === 'context' && (await this.#outputLost) ? this.#lost() : error;
    } catch (failure) {
      return failure;
    }
  }

  /** Closes its output. Its container still has to be removed. */
  close(): void {
    clearTimeout(this.#timer);
    this.#stopped.abort();
    this.output.close();
  }

  #lost(error?: Error): DockerceptionError {
    const { container, name } = this.options;
    return lost(container.connection.endpoint, `reading the output of ${name}`, error);
  }

  async #isRunning(): Promise<boolean> {
    const { container, signal } = this.options;
    const state = await container.inspect(signal).catch(() => undefined);
    return state?.running === true;
  }

  async #watch(): Promise<void> {
    const { container, name, timeout, signal } = this.options;
    const stopped = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      if (timeout !== undefined)
        this.#timer = setTimeout(() => reject(timedOut(name, timeout)), timeout);
    });
    stopped.catch(() => undefined);
    try {
      const code = await Promise.race([container.wait(this.#stopped.signal), stopped]);
      await Promise.race([this.output.rest(), stopped]);
      const { failure } = this.output;
      if (failure !== undefined) throw this.#lost(failure);
      if (code !== 0) {
        const lines = this.tail.lines();
        const state = await stateAtEnd(container, lines, signal);
        if (state?.outOfMemory !== true) await refuseGone(code, container.connection, signal);
        throw exited(name, code, state, lines);
      }
      this.output.finish();
    } catch (error) {
      this.output.destroy(error as Error);
      throw error;
    } finally {
      clearTimeout(this.#timer);
    }
  }
}

/** Removes a container, or reports how to. Never rejects, so that earlier errors are not hidden. */
export async function releaseContainer(options: RunOptions): Promise<void> {
  const { container, keep, name, report } = options;
  const notice = (message: string): void => report({ kind: 'notice', message });
  const id = container.id.slice(0, 12);
  if (keep === true) {
    await container.stop(0).catch(() => undefined);
    notice(`the container of ${name} is kept: docker rm -v ${id}`);
    return;
  }
  await container.remove().catch((error: unknown) => {
    notice(`${messageOf(error)}: docker rm -f -v ${id} removes it`);
  });
}
