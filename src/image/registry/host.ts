/**
 * Where a registry's API is: `docker.io` answers as registry-1.docker.io; a loopback address speaks
 * plain HTTP more often than not (containerd and Docker take it for insecure, too).
 */
import { BlockList, isIP } from 'node:net';
import { isHub } from '../credentials/docker-config.js';
import { tryParseReference } from '../reference.js';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** A host name or address without its port: `localhost`, `127.0.0.1`, `[::1]` and their like. */
export function isLoopback(hostname: string): boolean {
  const name = bare(hostname);
  const family = isIP(name);
  if (family === 0) return /^(?:.+\.)?localhost\.?$/i.test(name);
  return LOOPBACK.check(name, family === 6 ? 'ipv6' : 'ipv4');
}

/** An IPv6 address without the brackets that a URL puts around it. */
export function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** The port of a URL, its scheme's own when it has none. */
export function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

/**
 * The addresses that a registry may answer at, the likeliest first. More than one means that it has
 * to be found out, and that plain HTTP is allowed.
 *
 * @param trusted whether certificates were set up for it: then TLS is meant.
 */
export function addressesOf(registry: string, insecure: boolean, trusted: boolean): readonly URL[] {
  const host = isHub(registry) ? 'registry-1.docker.io' : registry;
  const https = new URL(`https://${host}/`);
  const http = new URL(`http://${host}/`);
  if (trusted) return [https];
  // A URL drops its scheme's own port.
  const port = /:(\d+)$/.exec(host)?.[1];
  if (isLoopback(https.hostname)) return port === '443' ? [https, http] : [http, https];
  if (!insecure) return [https];
  return port === '80' ? [http, https] : [https, http];
}

/** `true` for the registries that the other options name, or hosts, as image names have them. */
export type Insecure = boolean | readonly string[];

/**
 * The hosts.
 *
 * @param references names of images that the options have; what is no name counts for nothing, and so does Docker Hub.
 */
export function insecureHosts(
  insecure: Insecure | undefined,
  references: readonly (string | undefined)[],
): readonly string[] {
  if (insecure === undefined || insecure === false) return [];
  if (insecure !== true) return insecure.map((host) => host.toLowerCase());
  const hosts = references.flatMap((reference) => {
    const registry = tryParseReference(
      (reference ?? '').replace(/^docker-image:\/\//, ''),
    )?.registry;
    return registry === undefined || isHub(registry) ? [] : [registry.toLowerCase()];
  });
  return [...new Set(hosts)];
}

/** Whether a registry is one of these hosts. */
export function isInsecure(registry: string, hosts: readonly string[]): boolean {
  return hosts.includes(registry.toLowerCase());
}

/** Whether a URL leads to the machine of one of these hosts, on any port: its token server, its storage. */
export function isInsecureMachine(url: URL, hosts: readonly string[]): boolean {
  return hosts.some((host) => {
    const base = `https://${host}/`;
    return URL.canParse(base) && bare(new URL(base).hostname) === bare(url.hostname);
  });
}
