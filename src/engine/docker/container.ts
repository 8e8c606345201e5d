/** A container (Engine API, Containers). Its creator removes it. The engine keeps no copy of its output. */
import type { Duplex, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DockerceptionError } from '../../errors.js';
import { printable } from '../../text/printable.js';
import type { ApiRequest, Connection } from './connection.js';
import { isNotFound } from './failures.js';

/** The options of `docker run`. */
export interface ContainerSettings {
  readonly image: string;
  /** @default the image's */
  readonly command?: readonly string[];
  /** One program; the command is its arguments. @default the image's */
  readonly entrypoint?: string;
  /** `KEY=VALUE` entries. */
  readonly env: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  /** `SOURCE:TARGET[:OPTIONS]` entries. */
  readonly volumes: readonly string[];
}

export interface ContainerState {
  readonly running: boolean;
  /** Whether it was killed for its use of memory. */
  readonly outOfMemory: boolean;
  /** `starting`, `healthy`, `unhealthy`; undefined without a HEALTHCHECK. */
  readonly health: string | undefined;
  /** Whether a health check has run. */
  readonly wasChecked: boolean;
  /** The output of the last health check. */
  readonly healthOutput: string | undefined;
  /** Its address on the engine's default network. */
  readonly address: string | undefined;
}

/** A file of a container, as in the header of the archive endpoint. */
export interface PathStat {
  readonly name: string;
  readonly size: number;
  /** Go's `os.FileMode`. */
  readonly mode: number;
  readonly linkTarget: string;
}

/** Milliseconds for the removal, during which the engine may restart. */
const REMOVE_TIMEOUT = 15_000;
const REMOVE_INTERVAL = 500;

export class Container {
  private constructor(
    readonly connection: Connection,
    /** 64 hexadecimal digits. */
    readonly id: string,
  ) {}

  /**
   * Creates a container.
   *
   * @throws DockerceptionError of kind builder: ENGINE_NOT_FOUND if the engine does not have the image, ENGINE_REFUSED;
   *   of kind engine if it cannot be reached.
   */
  static async create(
    connection: Connection,
    settings: ContainerSettings,
    signal: AbortSignal,
  ): Promise<Container> {
    const { image, command, entrypoint, env, user, workdir, volumes } = settings;
    const body = {
      Image: image,
      // As in `docker run`, an empty entrypoint removes that of the image, and any removes the command of the image.
      Cmd: command ?? (entrypoint === undefined ? undefined : []),
      Entrypoint: entrypoint === undefined ? undefined : [entrypoint],
      Env: env,
      User: user,
      WorkingDir: workdir,
      Labels: { dockerception: 'builder' },
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      OpenStdin: false,
      Tty: false,
      // Any other driver would write the whole output to disk.
      HostConfig: { LogConfig: { Type: 'none' }, Binds: volumes },
    };
    // The request ignores the signal: without its ID, the container could not be removed.
    const request = { path: '/containers/create', body, doing: 'making the builder' };
    const made = await connection.json({ method: 'POST', kind: 'builder', ...request });
    const container = new Container(connection, (made as { readonly Id: string }).Id);
    if (!signal.aborted) return container;
    await container.remove();
    throw signal.reason;
  }

  /**
   * Opens its standard output and error, as frames. Called before the start.
   *
   * @throws DockerceptionError of kind builder if its program cannot be run.
   */
  async attach(signal: AbortSignal): Promise<Duplex> {
    const path = `/containers/${this.id}/attach?stream=1&stdout=1&stderr=1`;
    try {
      return await this.connection.upgrade({ method: 'POST', path }, 'tcp', signal);
    } catch (error) {
      // Podman prepares the process for it. The start fails for the same reason, and reports it.
      if (error instanceof DockerceptionError && error.code === 'ENGINE_UPGRADE')
        await this.start();
      throw error;
    }
  }

  /** @throws DockerceptionError of kind builder if its program cannot be run. */
  async start(): Promise<void> {
    await this.#ask({ method: 'POST', path: '/start', doing: 'starting the builder' });
  }

  /** Resolves to the exit code when it has ended. */
  async wait(signal?: AbortSignal): Promise<number> {
    const request = { method: 'POST', path: '/wait', doing: 'waiting for the builder' } as const;
    const { StatusCode, Error: failure } = (await this.#ask(request, signal)) as {
      readonly StatusCode: number;
      readonly Error?: { readonly Message?: string } | null;
    };
    if (!failure?.Message) return StatusCode;
    const message = `waiting for the builder: ${failure.Message}`;
    throw new DockerceptionError('builder', 'BUILDER_WAIT', message);
  }

  async inspect(signal?: AbortSignal): Promise<ContainerState> {
    const answer = await this.#ask({ method: 'GET', path: '/json' }, signal);
    const { State: state, NetworkSettings: network } = answer as Inspection;
    const { Log, Status: health } = state.Health ?? {};
    return {
      running: state.Running,
      outOfMemory: state.OOMKilled === true,
      health: health === '' || health === 'none' ? undefined : health,
      wasChecked: Boolean(Log?.length),
      healthOutput: Log?.at(-1)?.Output?.trim() || undefined,
      address:
        network?.IPAddress || Object.values(network?.Networks ?? {})[0]?.IPAddress || undefined,
    };
  }

  /** Stops it, and kills it after so many seconds. */
  async stop(seconds: number): Promise<void> {
    await this.#ask({ method: 'POST', path: `/stop?t=${seconds}` });
  }

  /** The file at a path; undefined if it is missing. A link is not followed. */
  async stat(path: string, signal?: AbortSignal): Promise<PathStat | undefined> {
    const request = { method: 'HEAD', path: `/archive?path=${encodeURIComponent(path)}` } as const;
    try {
      const headers = await this.connection.head(this.#request(request), signal);
      const header = headers['x-docker-container-path-stat'];
      const json = Buffer.from(String(header), 'base64').toString('utf8');
      const { name, size, mode, linkTarget } = JSON.parse(json) as PathStat;
      return { name, size, mode, linkTarget };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      // Unlike that to HEAD, the answer to GET has a body with the reason.
      if (error instanceof DockerceptionError && error.code === 'ENGINE_NO_REASON')
        (await this.archive(path, signal)).destroy();
      throw error;
    }
  }

  /** The file or directory at a path as a tar, whose names start with the last component of the path. */
  archive(path: string, signal?: AbortSignal): Promise<Readable> {
    const query = `/archive?path=${encodeURIComponent(path)}`;
    const doing = `taking ${printable(path)} out of the builder`;
    return this.connection.stream(this.#request({ method: 'GET', path: query, doing }), signal);
  }

  /** Runs a program in it, and resolves to its output and errors. */
  async output(command: readonly string[], signal?: AbortSignal): Promise<string> {
    const method = 'POST';
    const exec = { AttachStdout: true, AttachStderr: true, Cmd: command };
    const made = await this.#ask({ method, path: '/exec', body: exec }, signal);
    const path = `/exec/${(made as { readonly Id: string }).Id}/start`;
    const body = { Detach: false, Tty: true };
    return this.connection.text({ method, path, body, kind: 'builder' }, signal);
  }

  /** Kills and removes it with its anonymous volumes. Retries for a while, as the engine may restart. */
  async remove(): Promise<void> {
    const until = performance.now() + REMOVE_TIMEOUT;
    for (;;) {
      try {
        await this.#ask({ method: 'DELETE', path: '?force=1&v=1', doing: 'removing the builder' });
        return;
      } catch (error) {
        if (isNotFound(error)) return;
        if (performance.now() > until) throw error;
      }
      await sleep(REMOVE_INTERVAL);
    }
  }

  #ask(request: ApiRequest, signal?: AbortSignal): Promise<unknown> {
    return this.connection.json(this.#request(request), signal);
  }

  #request(request: ApiRequest): ApiRequest {
    return { kind: 'builder', ...request, path: `/containers/${this.id}${request.path}` };
  }
}

interface Inspection {
  readonly State: {
    readonly Running: boolean;
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
