/**
 * Requests to an engine over `node:http`. dockerode is not used: its requests never settle if the connection breaks
 * within an answer (docs/dependencies.md).
 */
import { once } from 'node:events';
import {
  type Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http';
import { type Duplex, finished, PassThrough, type Readable } from 'node:stream';
import { DockerceptionError, type ErrorKind } from '../../errors.js';
import { dialAgent } from './address.js';
import { type Endpoint, resolveEndpoint } from './endpoint.js';
import { broken, lost, malformed, refusal, unreachable } from './failures.js';

/** The path without a version. */
const PING = '/_ping';
/** Milliseconds for a ping. ssh has its own limit, and may prompt for a password. */
const PING_TIMEOUT = 30_000;
/** Characters of an answer that is read as a whole. */
const MAX_ANSWER = 16 << 20;

export interface Ping {
  /** The newest version of the Engine API that it supports: `1.41`. */
  readonly apiVersion: string | undefined;
  /** `2` if BuildKit is its default builder. */
  readonly builderVersion: string | undefined;
  readonly isPodman: boolean;
}

export interface ApiRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  /** Path and query, without the API version. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Sent as JSON, except by `open`. @default no body */
  readonly body?: object;
  /** Starts the message of an error: a gerund. @default `asking PATH` */
  readonly doing?: string;
  /** The kind of the error if the engine refuses. @default 'engine' */
  readonly kind?: ErrorKind;
  /** Milliseconds for the whole answer. @default no limit */
  readonly timeout?: number;
}

/**
 * Connects to the engine that the environment names.
 *
 * @param defaultSocket the socket if it names none. @default /var/run/docker.sock
 * @throws as {@link resolveEndpoint}
 */
export async function connectTo(
  env: NodeJS.ProcessEnv,
  defaultSocket?: string,
): Promise<Connection> {
  return new Connection(await resolveEndpoint(env, undefined, defaultSocket), env);
}

/** An engine. It does not need to be closed: each request has its own connection. */
export class Connection {
  readonly endpoint: Endpoint;
  readonly #agent: Agent;

  /** @param env the environment of `ssh`. */
  constructor(endpoint: Endpoint, env: NodeJS.ProcessEnv) {
    this.endpoint = endpoint;
    this.#agent = dialAgent(endpoint.address, endpoint.tls, env);
  }

  /** @throws DockerceptionError of kind engine, code ENGINE_UNREACHABLE. */
  async ping(signal?: AbortSignal): Promise<Ping> {
    const timeout = this.endpoint.address.kind === 'ssh' ? {} : { timeout: PING_TIMEOUT };
    const headers = await this.head({ method: 'GET', path: PING, ...timeout }, signal);
    const header = (name: string): string | undefined => headers[name]?.toString() || undefined;
    return {
      apiVersion: header('api-version'),
      builderVersion: header('builder-version'),
      isPodman: header('libpod-api-version') !== undefined,
    };
  }

  /** Starts a request, which the caller writes and ends. It emits the errors of node:http. */
  open({ method, path, headers, body }: ApiRequest, signal?: AbortSignal): ClientRequest {
    const { address, apiVersion } = this.endpoint;
    const version = apiVersion === undefined || path === PING ? '' : `/${apiVersion}`;
    const isTcp = address.kind === 'tcp';
    return httpRequest({
      agent: this.#agent,
      method,
      path: `${isTcp ? address.prefix : ''}${version}${path}`,
      headers: {
        Host: isTcp ? hostHeader(address) : 'docker',
        'User-Agent': 'dockerception',
        ...headers,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(signal && { signal }),
    });
  }

  /**
   * Resolves to the JSON answer, undefined if it is empty.
   *
   * @throws DockerceptionError of kind engine; of the kind of the request if the engine refuses, with the code
   *   ENGINE_NOT_FOUND for 404.
   */
  async json(request: ApiRequest, signal?: AbortSignal): Promise<unknown> {
    const body = await this.text(request, signal);
    // Some empty answers of Podman have a line break.
    if (body.trim() === '') return undefined;
    try {
      return JSON.parse(body) as unknown;
    } catch (error) {
      const why = `${this.endpoint.name} doesn’t answer as an engine does`;
      throw malformed(`asking ${request.path}`, why, error);
    }
  }

  /** Resolves to the text of the answer. @throws as `json` does. */
  text(request: ApiRequest, signal?: AbortSignal): Promise<string> {
    return this.#ask(request, signal, readText);
  }

  /** Resolves to the headers of the answer. @throws as `json` does. */
  head(request: ApiRequest, signal?: AbortSignal): Promise<IncomingHttpHeaders> {
    return this.#ask(request, signal, readHeaders);
  }

  /**
   * Resolves to the body of the answer, which the caller reads or destroys. Its error is of kind engine, ENGINE_GONE, if
   * the connection breaks, or the reason of the signal. @throws as `json` does.
   */
  stream(request: ApiRequest, signal?: AbortSignal): Promise<Readable> {
    const { doing = `asking ${request.path}` } = request;
    return this.#ask(request, signal, (response) => {
      const body = new PassThrough();
      finished(body, () => response.destroy());
      finished(response, (error) => {
        if (!error) return;
        const reason: unknown = signal?.aborted ? signal.reason : lost(this.endpoint, doing, error);
        body.destroy(reason as Error);
      });
      return response.pipe(body);
    });
  }

  /** Resolves to a connection that was upgraded to the protocol. The caller destroys it. */
  async upgrade(request: ApiRequest, protocol: string, signal?: AbortSignal): Promise<Duplex> {
    const headers = { ...request.headers, Connection: 'Upgrade', Upgrade: protocol };
    const client = this.open({ ...request, headers }, signal).end();
    const [response, socket, head] = (await Promise.race([
      once(client, 'upgrade'),
      once(client, 'response'),
    ]).catch((error: unknown) => {
      const { doing = `opening ${request.path}` } = request;
      throw signal?.aborted ? signal.reason : broken(this.endpoint, doing, error);
    })) as [IncomingMessage, Duplex?, Buffer?];
    if (socket === undefined) {
      client.destroy();
      const why = `the engine answered ${response.statusCode} and not with an upgrade`;
      throw new DockerceptionError('engine', 'ENGINE_UPGRADE', `opening ${request.path}: ${why}`);
    }
    if (head !== undefined && head.length > 0) socket.unshift(head);
    return socket;
  }

  /** Sends a request and reads the answer. */
  async #ask<T>(
    request: ApiRequest,
    signal: AbortSignal | undefined,
    read: (response: IncomingMessage) => T | Promise<T>,
  ): Promise<T> {
    const client = this.open(request, signal);
    const { body, timeout, doing = `asking ${client.path}`, kind = 'engine' } = request;
    let failure: unknown;
    client.on('error', (error) => (failure ??= error));
    const stop = (): unknown =>
      client.destroy(new Error(`no answer within ${(timeout ?? 0) / 1000} s`));
    const timer = timeout === undefined ? undefined : setTimeout(stop, timeout);
    let refused: readonly [status: number, body: string];
    try {
      client.end(body === undefined ? undefined : JSON.stringify(body));
      const [response] = (await once(client, 'response')) as [IncomingMessage];
      const status = response.statusCode ?? 0;
      if (status < 400) return await read(response);
      refused = [status, await readText(response)];
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      // A connection that breaks within the answer is no error of the request.
      throw failure === undefined
        ? lost(this.endpoint, doing, error)
        : unreachable(this.endpoint, failure);
    } finally {
      clearTimeout(timer);
    }
    throw refusal({ kind, doing }, this.endpoint, ...refused);
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>)
    if ((text += chunk).length > MAX_ANSWER) throw new Error('its answer is too long');
  return text;
}

function readHeaders(response: IncomingMessage): IncomingHttpHeaders {
  response.resume();
  return response.headers;
}

function hostHeader({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
