/**
 * Requests to an engine over `node:http`. dockerode is not used: its requests never settle if the connection breaks
 * within an answer (docs/dependencies.md).
 */
import { once } from 'node:events';
import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http';
import { homedir } from 'node:os';
import { type Duplex, Readable } from 'node:stream';
import { DockerceptionError, type ErrorKind } from '../../errors.js';
import { dialAgent } from './address.js';
import { type Endpoint, type Environment, resolveEndpoint } from './endpoint.js';
import { lost, malformed, refusal, unreachable } from './failures.js';

/** Milliseconds for a ping. ssh has its own limit, and may prompt for a password. */
const PING_TIMEOUT = 30_000;
/** Bytes of an answer that is read as a whole. */
const MAX_ANSWER = 16 << 20;

/** What an engine reports about itself. */
export interface Ping {
  /** The newest version of the Engine API that it supports: `1.41`. */
  readonly apiVersion: string | undefined;
  /** `2` if BuildKit is its default builder. */
  readonly builderVersion: string | undefined;
  readonly isPodman: boolean;
}

/** A request to the Engine API. */
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

/** An engine. It does not need to be closed: each request has its own connection. */
export interface Connection {
  readonly endpoint: Endpoint;
  /** @throws DockerceptionError of kind engine, code ENGINE_UNREACHABLE. */
  ping(signal?: AbortSignal): Promise<Ping>;
  /** Starts a request, which the caller writes and ends. It emits the errors of node:http. */
  open(request: ApiRequest): ClientRequest;
  /**
   * Resolves to the JSON answer, undefined if it is empty.
   *
   * @throws DockerceptionError of kind engine; of the kind of the request if the engine refuses, with the code
   *   ENGINE_NOT_FOUND for 404.
   */
  json(request: ApiRequest, signal?: AbortSignal): Promise<unknown>;
  /** Resolves to the text of the answer. @throws as `json` does. */
  text(request: ApiRequest, signal?: AbortSignal): Promise<string>;
  /**
   * Resolves to the body of the answer, which the caller reads or destroys. Its error is of kind engine, ENGINE_GONE, if
   * the connection breaks, or the reason of the signal. @throws as `json` does.
   */
  stream(request: ApiRequest, signal?: AbortSignal): Promise<Readable>;
  /** Resolves to the headers of the answer. @throws as `json` does. */
  head(request: ApiRequest, signal?: AbortSignal): Promise<IncomingHttpHeaders>;
  /** Resolves to a connection that was upgraded to the protocol. The caller destroys it. */
  upgrade(request: ApiRequest, protocol: string, signal?: AbortSignal): Promise<Duplex>;
}

/**
 * Connects to the engine that the environment names.
 *
 * @param defaultSocket the socket if it names none. @default /var/run/docker.sock
 * @throws as {@link resolveEndpoint}
 */
export async function connectTo(env: Environment, defaultSocket?: string): Promise<Connection> {
  const home = env['HOME'] ?? homedir();
  return connect(await resolveEndpoint(env, { home, defaultSocket }), { env });
}

/** @param options.env the environment of `ssh`. @default process.env */
export function connect(
  endpoint: Endpoint,
  options: { readonly env?: Environment } = {},
): Connection {
  const { address, tls } = endpoint;
  const agent = dialAgent(address, tls, options.env ?? process.env);
  const host = address.kind === 'tcp' ? hostHeader(address) : 'docker';
  const version = endpoint.apiVersion === undefined ? '' : `/${endpoint.apiVersion}`;
  const prefix = address.kind === 'tcp' ? address.prefix : '';

  const open = (
    { method, path, headers, body }: ApiRequest,
    signal?: AbortSignal,
    versioned = version,
  ): ClientRequest =>
    httpRequest({
      agent,
      method,
      path: `${prefix}${versioned}${path}`,
      headers: {
        Host: host,
        'User-Agent': 'dockerception',
        ...headers,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(signal && { signal }),
    });

  /** Sends a request and reads the answer. */
  const ask = async <T>(
    request: ApiRequest,
    signal: AbortSignal | undefined,
    read: (response: IncomingMessage) => T | Promise<T>,
    client = open(request, signal),
  ): Promise<T> => {
    const { body, timeout, doing = `asking ${client.path}`, kind = 'engine' } = request;
    let failure: unknown;
    client.on('error', (error) => (failure ??= error));
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => {
            client.destroy(new Error(`no answer within ${timeout / 1000} s`));
          }, timeout);
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
      throw failure === undefined ? lost(endpoint, doing, error) : unreachable(endpoint, failure);
    } finally {
      clearTimeout(timer);
    }
    throw refusal({ kind, doing }, endpoint, ...refused);
  };
  const text = (request: ApiRequest, signal?: AbortSignal): Promise<string> =>
    ask(request, signal, readText);

  return {
    endpoint,
    open: (request) => open(request),
    async ping(signal) {
      const timeout = address.kind === 'ssh' ? {} : { timeout: PING_TIMEOUT };
      const request = { method: 'GET', path: '/_ping', ...timeout } as const;
      const headers = await ask(request, signal, readHeaders, open(request, signal, ''));
      const header = (name: string): string | undefined => {
        const value = headers[name];
        return typeof value === 'string' && value !== '' ? value : undefined;
      };
      return {
        apiVersion: header('api-version'),
        builderVersion: header('builder-version'),
        isPodman: header('libpod-api-version') !== undefined,
      };
    },
    text,
    async json(request, signal) {
      const body = await text(request, signal);
      // Some empty answers of Podman have a line break.
      if (body.trim() === '') return undefined;
      try {
        return JSON.parse(body) as unknown;
      } catch (error) {
        const why = `${endpoint.name} doesn’t answer as an engine does`;
        throw malformed(`asking ${request.path}`, why, error);
      }
    },
    stream(request, signal) {
      const { doing = `asking ${request.path}` } = request;
      const failure = (error?: Error): unknown =>
        signal?.aborted ? signal.reason : lost(endpoint, doing, error);
      return ask(request, signal, (response) => new AnswerBody(response, failure));
    },
    head: (request, signal) => ask(request, signal, readHeaders),
    upgrade(request, protocol, signal) {
      const headers = { ...request.headers, Connection: 'Upgrade', Upgrade: protocol };
      const client = open({ ...request, headers }, signal);
      return new Promise((resolve, reject) => {
        client.on('error', (error) =>
          reject(signal?.aborted ? signal.reason : unreachable(endpoint, error)),
        );
        client.on('response', ({ statusCode }) => {
          const why = `the engine answered ${statusCode} and not with an upgrade`;
          client.destroy();
          reject(
            new DockerceptionError('engine', 'ENGINE_UPGRADE', `opening ${request.path}: ${why}`),
          );
        });
        client.on('upgrade', (_response, socket, head) => {
          if (head.length > 0) socket.unshift(head);
          resolve(socket);
        });
        client.end();
      });
    },
  };
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if ((length += chunk.length) > MAX_ANSWER) throw new Error('its answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readHeaders(response: IncomingMessage): IncomingHttpHeaders {
  response.resume();
  return response.headers;
}

function hostHeader({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The body of a response, with errors that name the engine. Destroying it destroys the response. */
class AnswerBody extends Readable {
  readonly #response: IncomingMessage;

  constructor(response: IncomingMessage, failure: (error?: Error) => unknown) {
    super();
    this.#response = response;
    const fail = (error?: Error): void => void this.destroy(failure(error) as Error);
    response.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) response.pause();
    });
    response.on('end', () => this.push(null));
    response.on('error', fail);
    response.on('close', () => {
      if (!response.complete) fail();
    });
  }

  override _read(): void {
    this.#response.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#response.destroy();
    callback(error);
  }
}
