/**
 * Which registry a key of config.json means. Docker Hub goes by several names and has the key
 * `https://index.docker.io/v1/` (docker/cli, moby registry/config).
 */

/** The key that Docker Hub's credentials are kept under. */
export const HUB_KEY = 'https://index.docker.io/v1/';

const HUB_HOSTS = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/** Whether this host is Docker Hub, under whichever name. */
export function isHub(host: string): boolean {
  return HUB_HOSTS.has(host) || host === HUB_KEY;
}

/** The key that `docker login HOST` writes: the host, except for Docker Hub. */
export function credentialKey(host: string): string {
  return isHub(host) ? HUB_KEY : host;
}

/** The host of a key of `auths`: older files have URLs (`https://host/v1/`). */
export function hostOfKey(key: string): string {
  const withoutScheme = key.replace(/^[a-z]+:\/\//i, '');
  const slash = withoutScheme.indexOf('/');
  return slash === -1 ? withoutScheme : withoutScheme.slice(0, slash);
}
