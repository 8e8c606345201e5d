/**
 * One container over the Engine API (Containers): made, attached to, started, waited for, looked into and
 * removed. Whoever made it removes it; the engine keeps no copy of its output.
 */
import type { Duplex, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DockerceptionError } from '../../errors.js';
import { printable } from '../../text/printable.js';
import type { ApiRequest, Connection } from './connection.js';
import { isNotFound, vanished } from './failures.js';

/** What a container is made from, as `docker run` has it. */
export interface ContainerSettings {
  readonly image: string;
  /** @default the image's */
  readonly command?: readonly string[] | undefined;
  /** One program; the command is its arguments. @default the image's */
  readonly entrypoint?: string | undefined;
  /** `KEY=VALUE`, each. */
  readonly env: readonly string[];
  readonly user?: string | undefined;
  readonly workdir?: string | undefined;
  /** `SOURCE:TARGET[:OPTIONS]`, each. */
  readonly volumes: readonly string[];
}

/** How a container is. */
export interface ContainerState {
  readonly running: boolean;
  readonly exitCode: number;
  /** Killed because it took too much memory. */
  readonly outOfMemory: boolean;
  /** `starting`, `healthy`, `unhealthy`; undefined without a HEALTHCHECK. */
  readonly health: string | undefined;
  /** Whether a health check has been run. */
  readonly wasChecked: boolean;
  /** What its last health check printed. */
  readonly healthOutput: string | undefined;
  /** Its address on the engine's default network. */
  readonly address: string | undefined;
}

/** What is at a path, as the archive endpoint's header tells. */
export interface PathStat {
  readonly name: string;
  readonly size: number;
  /** Go's `os.FileMode`. */
  readonly mode: number;
  readonly linkTarget: string;
}

/** Milliseconds in which an engine that was restarted may come back, so that nothing is left on it. */
const REMOVING = 15_000;
const REMOVE_AGAIN = 500;

export class Container {
  readonly #connection: Connection;

  private constructor(
    connection: Connection,
    /** 64 hexadecimal digits. */
    readonly id: string,
  ) {
    this.#connection = connection;
  }

  /**
   * Makes a container that isn't started yet.
   *
   * @throws DockerceptionError of kind builder: ENGINE_NOT_FOUND when the engine doesn't have the image,
   *   ENGINE_REFUSED; of kind engine when it can't be reached
   */
  static async create(
    connection: Connection,
    settings: ContainerSettings,
    signal: AbortSignal,
  ): Promise<Container> {
    const { image, command, entrypoint, env, user, workdir, volumes } = settings;
    const body = {
      Image: image,
      ...(command !== undefined && { Cmd: command }),
      ...(entrypoint !== undefined && {
        // As in `docker run`, an empty one takes the image's away, and its command with it.
        Entrypoint: entrypoint === '' ? [''] : [entrypoint],
        ...(command === undefined && { Cmd: [] }),
      }),
      Env: env,
      ...(user !== undefined && { User: user }),
      ...(workdir !== undefined && { WorkingDir: workdir }),
      Labels: { dockerception: 'builder' },
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      OpenStdin: false,
      Tty: false,
      // Any other driver would keep a copy of the whole context on disk.
      HostConfig: { LogConfig: { Type: 'none' }, Binds: volumes },
    };
    const made = (await connection.json(
      {
        method: 'POST',
        path: '/containers/create',
        body,
        kind: 'builder',
        doing: 'making the builder',
      },
      // Once it was asked for, it has to be known, or nobody could remove it.
      undefined,
    )) as { readonly Id: string };
    const container = new Container(connection, made.Id);
    if (!signal.aborted) return container;
    await container.remove();
    throw signal.reason;
  }

  /**
   * Its standard output and error, as frames; to be opened before it is started.
   *
   * @throws DockerceptionError of kind builder when its program can't be run
   */
  async attach(signal: AbortSignal): Promise<Duplex> {
    const path = `/containers/${this.id}/attach?stream=1&stdout=1&stderr=1`;
    try {
      return await this.#connection.upgrade({ method: 'POST', path }, 'tcp', signal);
    } catch (error) {
      // Podman makes the process ready first; why it can't be, the start tells as well.
      if (error instanceof DockerceptionError && error.code === 'ENGINE_UPGRADE')
        await this.start();
      throw error;
    }
  }

  /** @throws DockerceptionError of kind builder when its program can't be run */
  async start(): Promise<void> {
    await this.#ask({ method: 'POST', path: '/start', doing: 'starting the builder' });
  }

  /** Resolves to its exit code when it has ended. */
  async wait(signal?: AbortSignal): Promise<number> {
    const request = { method: 'POST', path: '/wait', doing: 'waiting for the builder' } as const;
    const { StatusCode, Error: failure } = (await this.#ask(request, signal)) as {
      readonly StatusCode: number;
      readonly Error?: { readonly Message?: string } | null;
    };
    const why = failure?.Message;
    if (!why) return StatusCode;
    throw new DockerceptionError('builder', 'BUILDER_WAIT', `waiting for the builder: ${why}`);
  }

  /** The error of a connection that broke: ENGINE_GONE, of kind engine. */
  lost(doing: string, error?: unknown): DockerceptionError {
    return vanished(this.#connection.endpoint, doing, error);
  }

  /** Asks the engine whether it is there. @throws DockerceptionError of kind engine, code ENGINE_UNREACHABLE. */
  async ping(signal?: AbortSignal): Promise<void> {
    await this.#connection.ping(signal);
  }

  async inspect(signal?: AbortSignal): Promise<ContainerState> {
    const answer = await this.#ask({ method: 'GET', path: '/json' }, signal);
    const { State: state, NetworkSettings: network } = answer as Inspection;
    const log = state.Health?.Log ?? [];
    const health = state.Health?.Status;
    return {
      running: state.Running,
      exitCode: state.ExitCode,
      outOfMemory: state.OOMKilled === true,
      health: health === '' || health === 'none' ? undefined : health,
      wasChecked: log.length > 0,
      healthOutput: log.at(-1)?.Output?.trim() || undefined,
      address:
        network?.IPAddress || Object.values(network?.Networks ?? {})[0]?.IPAddress || undefined,
    };
  }

  /** Asks it to stop, and no longer than so many seconds. One that has ended is left as it is. */
  async stop(seconds: number): Promise<void> {
    await this.#ask({ method: 'POST', path: `/stop?t=${seconds}` });
  }

  /** What is at a path; undefined when nothing is. Its last component isn't followed. */
  async stat(path: string, signal?: AbortSignal): Promise<PathStat | undefined> {
    const request = { method: 'HEAD', path: `/archive?path=${encodeURIComponent(path)}` } as const;
    try {
      const headers = await this.#connection.head(this.#request(request), signal);
      const header = headers['x-docker-container-path-stat'];
      const json = Buffer.from(String(header), 'base64').toString('utf8');
      const { name, size, mode, linkTarget } = JSON.parse(json) as PathStat;
      return { name, size, mode, linkTarget };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      // The answer to HEAD has no body, and so no reason; to GET, it has.
      if (error instanceof DockerceptionError && error.code === 'ENGINE_NO_REASON')
        (await this.archive(path, signal)).destroy();
      throw error;
    }
  }

  /** What is at a path, as a tar whose names begin with the path's last component. */
  archive(path: string, signal?: AbortSignal): Promise<Readable> {
    const query = `/archive?path=${encodeURIComponent(path)}`;
    const doing = `taking ${printable(path)} out of the builder`;
    return this.#connection.stream(this.#request({ method: 'GET', path: query, doing }), signal);
  }

  /** What a program in it prints, both streams of it; it has to run. */
  async output(command: readonly string[], signal?: AbortSignal): Promise<string> {
    const body = { AttachStdout: true, AttachStderr: true, Cmd: command };
    const made = await this.#ask({ method: 'POST', path: '/exec', body }, signal);
    const { Id } = made as { readonly Id: string };
    const start = { Detach: false, Tty: true };
    return this.#connection.text(
      { method: 'POST', path: `/exec/${Id}/start`, body: start, kind: 'builder' },
      signal,
    );
  }

  /**
   * Removes it, its volumes without a name too; it is killed when it runs. Tries again for a while when the engine is
   * away: one that was restarted still has it.
   */
  async remove(): Promise<void> {
    const until = performance.now() + REMOVING;
    for (;;) {
      try {
        await this.#ask({ method: 'DELETE', path: '?force=1&v=1', doing: 'removing the builder' });
        return;
      } catch (error) {
        if (isNotFound(error)) return;
        if (performance.now() > until) throw error;
      }
      await sleep(REMOVE_AGAIN);
    }
  }

  #ask(request: ApiRequest, signal?: AbortSignal): Promise<unknown> {
    return this.#connection.json(this.#request(request), signal);
  }

  #request(request: ApiRequest): ApiRequest {
    return { kind: 'builder', ...request, path: `/containers/${this.id}${request.path}` };
  }
}

interface Inspection {
  readonly State: {
    readonly Running: boolean;
    readonly ExitCode: number;
    readonly OOMKilled?: boolean;
    readonly Health?: {
      readonly Status: string;
      readonly Log?: readonly { readonly Output?: string }[] | null;
    } | null;
  };
  readonly NetworkSettings?: {
    readonly IPAddress?: string;
    readonly Networks?: Readonly<Record<string, { readonly IPAddress?: string }>> | null;
  } | null;
}
