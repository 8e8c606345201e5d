/**
 * HTTP agents with connections that are kept alive, one for each server: direct, through a proxy that forwards (plain
 * HTTP), or through its tunnel (RFC 9110, section 9.3.6, CONNECT).
 */
import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from 'node:http';
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
  /** The proxy, for messages. */
  readonly proxy: URL | undefined;
}

export class Agents {
  readonly #settings: CompleteSettings;
  readonly #agents = new Map<string, Promise<HttpAgent>>();

  constructor(settings: CompleteSettings) {
    this.#settings = settings;
  }

  /** @throws DockerceptionError of kind usage: PROXY_INVALID, CERTIFICATE_INVALID. */
  async route(url: URL): Promise<Route> {
    const known = this.#settings.hosts.get(url.hostname);
    const proxy = known === undefined ? proxyFor(url, this.#settings.env) : undefined;
    const secure = url.protocol === 'https:';
    if (proxy && !secure) return this.#forwarded(url, proxy);
    const agent = await this.#agent(url.origin, async () => {
      if (!secure) return new HttpAgent({ keepAlive: true });
      const tls = await this.#tls(url);
      if (!proxy) return new HttpsAgent({ keepAlive: true, ...tls });
      return new TunnelAgent(proxy, tls, this.#settings);
    });
    const options = {
      host: withoutBrackets(url.hostname),
      port: portOf(url),
      path: pathOf(url),
      agent,
      ...(known !== undefined && { lookup: lookupOf(known) }),
    };
    return { secure, options, proxy };
  }

  async #forwarded(url: URL, proxy: URL): Promise<Route> {
    const secure = proxy.protocol === 'https:';
    const agent = await this.#agent(`proxy ${proxy.origin}`, () =>
      Promise.resolve(
        secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true }),
      ),
    );
    const authorization = proxyAuthorization(proxy);
    const options = {
      host: withoutBrackets(proxy.hostname),
      port: portOf(proxy),
      path: `${url.origin}${pathOf(url)}`,
      agent,
      headers: {
        Host: url.host,
        ...(authorization === undefined ? {} : { 'Proxy-Authorization': authorization }),
      },
    };
    return { secure, options, proxy };
  }

  async #tls(url: URL): Promise<TlsOptions> {
    const certificates = await certificatesFor(url.host, this.#settings.env);
    const loose =
      isInsecureMachine(url, this.#settings.insecure) ||
      (isLoopback(url.hostname) && !certificates.ca);
    return { ...certificates, rejectUnauthorized: !loose };
  }

  #agent(key: string, make: () => Promise<HttpAgent>): Promise<HttpAgent> {
    let agent = this.#agents.get(key);
    if (!agent) this.#agents.set(key, (agent = make()));
    return agent;
  }
}

function pathOf(url: URL): string {
  return `${url.pathname}${url.search}`;
}

type TlsOptions = Certificates & { readonly rejectUnauthorized: boolean };

/** TLS in a tunnel through a proxy. */
class TunnelAgent extends HttpsAgent {
  readonly #proxy: URL;
  readonly #tls: TlsOptions;
  readonly #settings: CompleteSettings;

  constructor(proxy: URL, tls: TlsOptions, settings: CompleteSettings) {
    super({ keepAlive: true });
    this.#proxy = proxy;
    this.#tls = tls;
    this.#settings = settings;
  }

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const host = String(options.host);
    this.#tunnel(host, Number(options.port)).then(
      (socket) => {
        const servername = isIP(host) === 0 ? { servername: host } : {};
        callback?.(null, connectTls({ socket, ...this.#tls, ...servername }));
      },
      (error: Error) => callback?.(error, undefined as unknown as Duplex),
    );
  }

  #tunnel(host: string, port: number): Promise<Socket> {
    const proxy = this.#proxy;
    const target = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
    const authorization = proxyAuthorization(proxy);
    const request = (proxy.protocol === 'https:' ? httpsRequest : httpRequest)({
      host: withoutBrackets(proxy.hostname),
      port: portOf(proxy),
      method: 'CONNECT',
      path: target,
      agent: false,
      headers: {
        Host: target,
        ...(authorization === undefined ? {} : { 'Proxy-Authorization': authorization }),
      },
      signal: this.#settings.signal,
    });
    return new Promise((resolve, reject) => {
      const { silence } = this.#settings.timing;
      const timer = setTimeout(() => {
        request.destroy(new ProxyError(proxy, `no answer within ${silence / 1000} s`));
      }, silence);
      request.on('connect', (response, socket: Socket) => {
        clearTimeout(timer);
        const { statusCode = 0, statusMessage = '' } = response;
        if (statusCode === 200) {
          resolve(socket);
          return;
        }
        socket.destroy();
        reject(new ProxyError(proxy, `${statusCode} ${printable(statusMessage)}`, statusCode));
      });
      request.on('error', (error) => {
        clearTimeout(timer);
        reject(error instanceof ProxyError ? error : new ProxyError(proxy, error));
      });
      request.on('response', () => {
        request.destroy(new ProxyError(proxy, 'it doesn’t know CONNECT'));
      });
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
