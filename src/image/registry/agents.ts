/**
 * HTTP agents with connections that are kept alive, one for each server: direct, through a proxy that forwards (plain
 * HTTP), or through its tunnel (RFC 9110, section 9.3.6, CONNECT).
 */
import { once } from 'node:events';
import {
  Agent as HttpAgent,
  type AgentOptions,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { printable } from '../../text/printable.js';
import { type Certificates, certificatesFor } from './certificates.js';
import { ProxyError } from './errors.js';
import { isInsecureMachine, isLoopback, portOf, withoutBrackets } from './host.js';
import { proxyAuthorization, proxyFor } from './proxy.js';
import type { CompleteSettings } from './settings.js';

/** Without it, a server that keeps idle connections open would keep those of all builds of a process. As Node's own agent. */
const REUSE = { keepAlive: true, timeout: 5000 };

export class Agents {
  readonly #agents = new Map<string, Promise<HttpAgent> | HttpAgent>();

  constructor(private readonly settings: CompleteSettings) {}

  /**
   * The options of `http.request` for a URL of HTTP or HTTPS.
   * @throws DockerceptionError of kind usage: PROXY_INVALID, CERTIFICATE_INVALID.
   */
  async route(url: URL): Promise<RequestOptions> {
    const known = this.settings.hosts.get(url.hostname);
    const proxy = known === undefined ? proxyFor(url, this.settings.env) : undefined;
    const path = `${url.pathname}${url.search}`;
    if (proxy && url.protocol === 'http:') {
      const agent = await this.#agent(`proxy ${proxy.origin}`, () => agentFor(proxy, REUSE));
      const headers = proxyHeaders(proxy, url.host);
      return { ...addressOf(proxy), path: `${url.origin}${path}`, agent, headers };
    }
    const agent = await this.#agent(url.origin, () => this.#direct(url, proxy));
    const lookup = known === undefined ? {} : { lookup: lookupOf(known) };
    return { ...addressOf(url), path, agent, ...lookup };
  }

  async #direct(url: URL, proxy: URL | undefined): Promise<HttpAgent> {
    if (url.protocol !== 'https:') return agentFor(url, REUSE);
    const certificates = await certificatesFor(url.host, this.settings.env);
    const loose =
      isInsecureMachine(url, this.settings.insecure) ||
      (isLoopback(url.hostname) && !certificates.ca);
    const tls = { ...certificates, rejectUnauthorized: !loose };
    if (!proxy) return new HttpsAgent({ ...REUSE, ...tls });
    return new TunnelAgent(proxy, tls, this.settings);
  }

  #agent(key: string, make: () => Promise<HttpAgent> | HttpAgent): Promise<HttpAgent> | HttpAgent {
    const agent = this.#agents.get(key) ?? make();
    this.#agents.set(key, agent);
    return agent;
  }
}

function addressOf(url: URL): RequestOptions {
  return { protocol: url.protocol, host: withoutBrackets(url.hostname), port: portOf(url) };
}

function agentFor({ protocol }: URL, options: AgentOptions = {}): HttpAgent {
  return protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
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
    super(REUSE);
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

  async #tunnel(host: string, port: number): Promise<Socket> {
    const { proxy, settings } = this;
    const target = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
    const connecting = request({
      ...addressOf(proxy),
      method: 'CONNECT',
      path: target,
      agent: agentFor(proxy),
      headers: proxyHeaders(proxy, target),
      signal: settings.signal,
    });
    const { silence } = settings.timing;
    const fail = (why: unknown): unknown => connecting.destroy(new ProxyError(proxy, why));
    const timer = setTimeout(fail, silence, `no answer within ${silence / 1000} s`);
    connecting.on('response', () => fail('it doesn’t know CONNECT'));
    // After the first error, others may follow.
    connecting.on('error', () => {}).end();
    try {
      const connected = (await once(connecting, 'connect')) as [IncomingMessage, Socket];
      const [{ statusCode = 0, statusMessage = '' }, socket] = connected;
      if (statusCode === 200) return socket;
      socket.destroy();
      throw new ProxyError(proxy, `${statusCode} ${printable(statusMessage)}`, statusCode);
    } catch (error) {
      throw error instanceof ProxyError ? error : new ProxyError(proxy, error);
    } finally {
      clearTimeout(timer);
    }
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
