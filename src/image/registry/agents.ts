/**
 * HTTP agents with connections that are kept alive, one for each server: direct, through a proxy that forwards (plain
 * HTTP), or through its tunnel (RFC 9110, section 9.3.6, CONNECT).
 */
import {
  Agent as HttpAgent,
  type OutgoingHttpHeaders,
  request as httpRequest,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { printable } from '../../text/printable.js';
import { type Certificates, certificatesFor } from './certificates.js';
import { ProxyError } from './errors.js';
import { isInsecureMachine, isLoopback, portOf, withoutBrackets } from './host.js';
import { proxyAuthorization, proxyFor } from './proxy.js';
import type { CompleteSettings } from './settings.js';

/** The arguments of `http.request` or `https.request` for a URL. */
interface Route {
  readonly secure: boolean;
  readonly options: RequestOptions;
}

export class Agents {
  readonly #agents = new Map<string, Promise<HttpAgent> | HttpAgent>();

  constructor(private readonly settings: CompleteSettings) {}

  /** @throws DockerceptionError of kind usage: PROXY_INVALID, CERTIFICATE_INVALID. */
  async route(url: URL): Promise<Route> {
    const known = this.settings.hosts.get(url.hostname);
    const proxy = known === undefined ? proxyFor(url, this.settings.env) : undefined;
    const secure = url.protocol === 'https:';
    const path = `${url.pathname}${url.search}`;
    if (proxy && !secure) return this.#forwarded(url, path, proxy);
    const agent = await this.#agent(url.origin, () => this.#direct(url, proxy));
    const lookup = known === undefined ? {} : { lookup: lookupOf(known) };
    return { secure, options: { ...addressOf(url), path, agent, ...lookup } };
  }

  async #direct(url: URL, proxy: URL | undefined): Promise<HttpAgent> {
    if (url.protocol !== 'https:') return new HttpAgent({ keepAlive: true });
    const certificates = await certificatesFor(url.host, this.settings.env);
    const loose =
      isInsecureMachine(url, this.settings.insecure) ||
      (isLoopback(url.hostname) && !certificates.ca);
    const tls = { ...certificates, rejectUnauthorized: !loose };
    if (!proxy) return new HttpsAgent({ keepAlive: true, ...tls });
    return new TunnelAgent(proxy, tls, this.settings);
  }

  async #forwarded(url: URL, path: string, proxy: URL): Promise<Route> {
    const secure = proxy.protocol === 'https:';
    const agent = await this.#agent(`proxy ${proxy.origin}`, () =>
      secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true }),
    );
    const headers = proxyHeaders(proxy, url.host);
    return {
      secure,
      options: { ...addressOf(proxy), path: `${url.origin}${path}`, agent, headers },
    };
  }

  #agent(key: string, make: () => Promise<HttpAgent> | HttpAgent): Promise<HttpAgent> | HttpAgent {
    const agent = this.#agents.get(key) ?? make();
    this.#agents.set(key, agent);
    return agent;
  }
}

function addressOf(url: URL): { readonly host: string; readonly port: number } {
  return { host: withoutBrackets(url.hostname), port: portOf(url) };
}

function proxyHeaders(proxy: URL, host: string): OutgoingHttpHeaders {
  const authorization = proxyAuthorization(proxy);
  return {
    Host: host,
    ...(authorization !== undefined && { 'Proxy-Authorization': authorization }),
  };
}

/** TLS in a tunnel through a proxy. */
class TunnelAgent extends HttpsAgent {
  constructor(
    private readonly proxy: URL,
    private readonly tls: Certificates & { readonly rejectUnauthorized: boolean },
    private readonly settings: CompleteSettings,
  ) {
    super({ keepAlive: true });
  }

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const host = String(options.host);
    this.#tunnel(host, Number(options.port)).then(
      (socket) => {
        const servername = isIP(host) === 0 ? { servername: host } : {};
        callback?.(null, connectTls({ socket, ...this.tls, ...servername }));
      },
      (error: Error) => callback?.(error, undefined as unknown as Duplex),
    );
  }

  #tunnel(host: string, port: number): Promise<Socket> {
    const { proxy, settings } = this;
    const target = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
    const request = (proxy.protocol === 'https:' ? httpsRequest : httpRequest)({
      ...addressOf(proxy),
      method: 'CONNECT',
      path: target,
      agent: false,
      headers: proxyHeaders(proxy, target),
      signal: settings.signal,
    });
    return new Promise((resolve, reject) => {
      const { silence } = settings.timing;
      const fail = (why: unknown): void => {
        request.destroy(new ProxyError(proxy, why));
      };
      const timer = setTimeout(fail, silence, `no answer within ${silence / 1000} s`);
      request.on('connect', (response, socket: Socket) => {
        const { statusCode = 0, statusMessage = '' } = response;
        if (statusCode === 200) return resolve(socket);
        socket.destroy();
        reject(new ProxyError(proxy, `${statusCode} ${printable(statusMessage)}`, statusCode));
      });
      request.on('error', (error) => {
        reject(error instanceof ProxyError ? error : new ProxyError(proxy, error));
      });
      request.on('response', () => fail('it doesn’t know CONNECT'));
      request.on('close', () => clearTimeout(timer));
      request.end();
    });
  }
}

/** Host names and their addresses, from a list of `HOST:IP`. */
export function hostsOf(list: readonly string[]): ReadonlyMap<string, string> {
  const pairs = list.map((text): [string, string] => {
    const colon = text.indexOf(':');
    return [text.slice(0, colon).toLowerCase(), text.slice(colon + 1)];
  });
  return new Map(pairs);
}

function lookupOf(address: string): LookupFunction {
  const family = isIP(address);
  return (_name, options, callback) => {
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}
