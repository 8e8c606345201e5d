/**
 * One engine, and how to talk to it. Requests whose headers, order or end matter (`/_ping`, `/build`,
 * `/session`) go over `node:http`: dockerode shows no response headers, reads the environment a second time,
 * and can't tell a context that broke from one that ended. Its import also costs more than a ping;
 * so it is loaded only for what it does well (push, save).
 */
import { request as httpRequest, type ClientRequest, type IncomingHttpHeaders } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { DockerceptionError, type ErrorKind } from '../../errors.js';
import { AnswerBody } from './answer-body.js';
import { ask, upgrade } from './ask.js';
import { DialAgent } from './dial.js';
import type { Endpoint, Environment } from './endpoint.js';
import { describe } from './unreachable.js';

/** Milliseconds for a short question. ssh has its own limit, and may ask a person for a password. */
const PING_TIMEOUT = 30_000;

/** What an engine says of itself. */
export interface Ping {
  /** The newest version of the Engine API that it speaks, `1.41`. */
  readonly apiVersion: string | undefined;
  /** `2` when BuildKit is its preferred builder. */
  readonly builderVersion: string | undefined;
  readonly osType: string | undefined;
  readonly isPodman: boolean;
}

/** A request for `open`: its body is written, and the request ended, by whoever opened it. */
export interface EngineRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  /** Path and query, without the API version. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Sent as JSON by everything but `open`. @default no body */
  readonly body?: object;
  /** The gerund that an error begins with. @default `asking PATH` */
  readonly doing?: string;
  /** Of the error when the engine refuses. @default 'engine' */
  readonly kind?: ErrorKind;
  /** Milliseconds until the whole answer has to be there. @default no limit */
  readonly timeout?: number;
}

/** An engine. Holds no connection open between two requests; nothing has to be closed. */
export interface Connection {
  readonly endpoint: Endpoint;
  /** Asks who is there. @throws DockerceptionError of kind engine, code ENGINE_UNREACHABLE. */
  ping(signal?: AbortSignal): Promise<Ping>;
  /** Starts a request; errors come as the request's, as node:http has them. */
  open(request: EngineRequest): ClientRequest;
  /**
   * A question and its JSON answer, undefined when it is empty.
   *
   * @throws DockerceptionError of kind engine; of the request's kind when the engine refuses, with the
   *   code ENGINE_NOT_FOUND for 404.
   */
  json(request: EngineRequest, signal?: AbortSignal): Promise<unknown>;
  /** The same, as the text that it is. */
  text(request: EngineRequest, signal?: AbortSignal): Promise<string>;
  /**
   * An answer as it comes; the caller reads or destroys it. When the connection breaks, its error is of kind engine,
   * ENGINE_GONE. The signal counts until the answer begins. @throws as `json` does.
   */
  stream(request: EngineRequest, signal?: AbortSignal): Promise<Readable>;
  /** The headers of an answer to HEAD. @throws as `json` does. */
  head(request: EngineRequest, signal?: AbortSignal): Promise<IncomingHttpHeaders>;
  /** A connection that becomes another protocol's; the caller destroys it. */
  upgrade(request: EngineRequest, protocol: string, signal?: AbortSignal): Promise<Duplex>;
  /** dockerode on the same endpoint, loaded when it is first asked for. */
  dockerode(): Promise<Dockerode>;
}

/**
 * Makes a connection to an endpoint; nothing is sent yet.
 *
 * @param options.env what `ssh` runs with. @default process.env
 */
export function connect(
  endpoint: Endpoint,
  options: { readonly env?: Environment } = {},
): Connection {
  const agent = new DialAgent(endpoint, options.env ?? process.env);
  const { address } = endpoint;
  const host = address.kind === 'tcp' ? hostHeader(address) : 'docker';
  const version = endpoint.apiVersion === undefined ? '' : `/${endpoint.apiVersion}`;
  const prefix = address.kind === 'tcp' ? address.prefix : '';
  let loaded: Promise<Dockerode> | undefined;

  const open = ({ method, path, headers }: EngineRequest, versioned = version): ClientRequest =>
    httpRequest({
      agent,
      method,
      path: `${prefix}${versioned}${path}`,
      headers: { Host: host, 'User-Agent': 'dockerception', ...headers },
    });

  const text = async (request: EngineRequest, signal?: AbortSignal): Promise<string> => {
    const { body } = await ask(endpoint, open(withBody(request)), { signal, ...request });
    return body;
  };

  return {
    endpoint,
    open,
    async ping(signal) {
      const timeout = address.kind === 'ssh' ? undefined : PING_TIMEOUT;
      const { response } = await ask(endpoint, open({ method: 'GET', path: '/_ping' }, ''), {
        signal,
        timeout,
      });
      const header = (name: string): string | undefined => {
        const value = response.headers[name];
        return typeof value === 'string' && value !== '' ? value : undefined;
      };
      return {
        apiVersion: header('api-version'),
        builderVersion: header('builder-version'),
        osType: header('ostype'),
        isPodman: header('libpod-api-version') !== undefined,
      };
    },
    text,
    async json(request, signal) {
      const body = await text(request, signal);
      // Podman answers some requests with a line break.
      if (body.trim() === '') return undefined;
      try {
        return JSON.parse(body) as unknown;
      } catch (error) {
        throw notAnEngine(endpoint, request.path, error);
      }
    },
    async stream(request, signal) {
      const { doing = `asking ${request.path}` } = request;
      const asked = withBody(request);
      const { response } = await ask(endpoint, open(asked), { signal, unread: true, ...asked });
      return new AnswerBody(response, endpoint, doing);
    },
    async head(request, signal) {
      const { response } = await ask(endpoint, open(request), { signal, ...request });
      return response.headers;
    },
    upgrade(request, protocol, signal) {
      const headers = { ...request.headers, Connection: 'Upgrade', Upgrade: protocol };
      return upgrade(endpoint, open({ ...request, headers }), request.path, signal);
    },
    dockerode() {
      return (loaded ??= load());
    },
  };

  async function load(): Promise<Dockerode> {
    const { default: Docker } = await import('dockerode');
    // Whatever the address is, the agent connects; docker-modem only has to write HTTP.
    const options = {
      protocol: 'http' as const,
      host: `http://${host}${prefix}`,
      port: address.kind === 'tcp' ? address.port : 80,
      // docker-modem takes an agent; the types of dockerode don't know.
      agent,
      ...(version === '' ? {} : { version: version.slice(1) }),
    };
    return new Docker(options);
  }
}

function withBody(request: EngineRequest): EngineRequest {
  const { body, headers } = request;
  if (body === undefined) return request;
  return { ...request, headers: { ...headers, 'Content-Type': 'application/json' } };
}

function hostHeader({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function notAnEngine(endpoint: Endpoint, path: string, cause: unknown): DockerceptionError {
  return new DockerceptionError(
    'engine',
    'ENGINE_ANSWER',
    `asking ${path}: ${describe(endpoint)} doesn’t answer as an engine does`,
    { cause },
  );
}
