/**
 * Addresses of registries, and those that may be insecure. `docker.io` is registry-1.docker.io. Loopback addresses may
 * use plain HTTP, as with containerd and Docker.
 */
import { BlockList, isIP } from 'node:net';
import { isHub } from '../credentials/docker-config.js';
import { tryParseReference } from '../reference.js';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether a host name without port is `localhost`, `127.0.0.1`, `[::1]` or similar. */
export function isLoopback(hostname: string): boolean {
  const name = withoutBrackets(hostname);
  const family = isIP(name);
  if (family === 0) return /^(?:.+\.)?localhost\.?$/i.test(name);
  return LOOPBACK.check(name, family === 6 ? 'ipv6' : 'ipv4');
}

/** Removes the brackets of an IPv6 address in a URL. */
export function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

export function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

/** A URL of HTTP or HTTPS; undefined for others. */
export function httpUrl(text: string, base?: URL): URL | undefined {
  if (!URL.canParse(text, base?.href)) return undefined;
  const url = new URL(text, base);
  // A user in the URL would become credentials.
  url.username = url.password = '';
  return /^https?:$/.test(url.protocol) ? url : undefined;
}

/**
 * The possible addresses of a registry, the likeliest first; several if plain HTTP is allowed.
 * @param trusted whether it has certificates of its own, and so TLS
 */
export function addressesOf(registry: string, insecure: boolean, trusted: boolean): readonly URL[] {
  const host = isHub(registry) ? 'registry-1.docker.io' : registry;
  const https = new URL(`https://${host}/`);
  const http = new URL(`http://${host}/`);
  if (trusted) return [https];
  // A URL has no default port.
  const port = /:(\d+)$/.exec(host)?.[1];
  if (isLoopback(https.hostname)) return port === '443' ? [https, http] : [http, https];
  if (!insecure) return [https];
  return port === '80' ? [http, https] : [https, http];
}

/** `true` for the registries in the other options, or hosts with their ports. */
export type Insecure = boolean | readonly string[];

/**
 * The insecure hosts.
 * @param references image names in the options; invalid names and Docker Hub are ignored
 */
export function insecureHosts(
  insecure: Insecure | undefined,
  references: readonly (string | undefined)[],
): readonly string[] {
  if (insecure === undefined || insecure === false) return [];
  if (insecure !== true) return insecure.map((host) => host.toLowerCase());
  const hosts = references.flatMap((reference) => {
    const name = (reference ?? '').replace(/^docker-image:\/\//, '');
    const { registry = 'docker.io' } = tryParseReference(name) ?? {};
    return isHub(registry) ? [] : [registry.toLowerCase()];
  });
  return [...new Set(hosts)];
}

export function isInsecure(registry: string, hosts: readonly string[]): boolean {
  return hosts.includes(registry.toLowerCase());
}

/** Whether a URL leads to one of these hosts, on any port: its token server or its storage. */
export function isInsecureMachine(url: URL, hosts: readonly string[]): boolean {
  return hosts.some((host) => httpUrl(`https://${host}/`)?.hostname === url.hostname);
}
