/**
 * Registries that may be reached over plain HTTP, or with a certificate that can't be verified. They are named one by one:
 * an option for one registry must not weaken the way to another.
 */
import { isHub } from '../credentials/host.js';
import { tryParseReference } from '../reference.js';
import { bare } from './host.js';

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
