/**
 * Credentials for a registry, from where `docker login` leaves them: `DOCKER_AUTH_CONFIG`, then the
 * registry's helper of `credHelpers`, or `credsStore`, or `auths` in config.json
 * (docker/cli, cli/config/configfile/file.go). One registry is looked up at a time: the others'
 * helpers are not run.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DockerceptionError } from '../../errors.js';
import { addSecrets } from '../../text/redact.js';
import { trimEnd } from '../../text/trim.js';
import {
  credentialKey,
  type DockerConfig,
  hostOfKey,
  isHub,
  parseDockerConfig,
  readDockerConfig,
  type StoredAuth,
} from './docker-config.js';
import { askHelper, listHelper } from './helper.js';

/** How to prove who we are to one registry. Empty strings are absent. */
export interface Credential {
  readonly username: string;
  readonly password: string;
  /** A refresh token, used in place of the password. */
  readonly identityToken: string;
  /** A bearer token, sent as it is. */
  readonly registryToken: string;
}

/** The credentials of one environment. Reads files and runs helpers when asked, never before. */
export interface CredentialStore {
  /**
   * @param host the registry's host with its port; `docker.io` is Docker Hub.
   * @returns undefined when there are none.
   * @throws DockerceptionError: CREDENTIAL_HELPER, DOCKER_CONFIG_INVALID, CREDENTIAL_INVALID.
   */
  get(host: string): Promise<Credential | undefined>;
  /** Where `get` looks, or has found them, for a message: `auths in /root/.docker/config.json`. */
  where(host: string): Promise<string>;
  /**
   * The registries that credentials may exist for, under their keys in config.json.
   * @throws DockerceptionError: CREDENTIAL_HELPER, when `credsStore` can't list its own.
   */
  keys(): Promise<readonly string[]>;
}

/** An environment, as `process.env` is one. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Opens the credentials of an environment: `DOCKER_CONFIG`, `DOCKER_AUTH_CONFIG`, `HOME`, `PATH`. */
export function credentialStore(env: Environment): CredentialStore {
  const folder = env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker');
  let config: Promise<DockerConfig> | undefined;
  const read = (): Promise<DockerConfig> => (config ??= readDockerConfig(folder));
  const inline = (): DockerConfig | undefined => {
    const text = env['DOCKER_AUTH_CONFIG'];
    return text ? parseDockerConfig(text, 'DOCKER_AUTH_CONFIG') : undefined;
  };
  const get = async (host: string): Promise<Credential | undefined> => {
    const given = findAuth(inline(), host);
    if (given) return decode(given, host, 'DOCKER_AUTH_CONFIG');
    const file = await read();
    const helper = helperFor(file, host);
    if (helper) {
      const answer = await askHelper(helper.name, helper.key, env);
      return answer && { ...answer, registryToken: '' };
    }
    const stored = findAuth(file, host);
    return stored && decode(stored, host, file.file);
  };
  return {
    async get(host) {
      const found = await get(host);
      if (found) addSecrets(found.password, found.identityToken, found.registryToken);
      return found;
    },
    async where(host) {
      if (findAuth(inline(), host)) return 'auths in DOCKER_AUTH_CONFIG';
      const file = await read();
      const helper = helperFor(file, host);
      return helper ? `docker-credential-${helper.name} (${file.file})` : `auths in ${file.file}`;
    },
    async keys() {
      const file = await read();
      const known = [file.auths, file.credHelpers, inline()?.auths ?? {}].flatMap(Object.keys);
      const stored = file.credsStore === undefined ? [] : await listHelper(file.credsStore, env);
      return [...new Set([...known, ...stored])];
    },
  };
}

/** The helper that is in charge of a host, and the key that it knows the host by. */
function helperFor(
  config: DockerConfig,
  host: string,
): { readonly name: string; readonly key: string } | undefined {
  const key = keyFor(Object.keys(config.credHelpers), host);
  const own = key === undefined ? undefined : config.credHelpers[key];
  if (key !== undefined && own !== undefined) return { name: own, key };
  return config.credsStore === undefined
    ? undefined
    : { name: config.credsStore, key: credentialKey(host) };
}

function findAuth(config: DockerConfig | undefined, host: string): StoredAuth | undefined {
  const key = config && keyFor(Object.keys(config.auths), host);
  return key === undefined ? undefined : config?.auths[key];
}

/** The key itself comes first, then one that is a URL of the same host. */
function keyFor(keys: readonly string[], host: string): string | undefined {
  const key = credentialKey(host);
  if (keys.includes(key)) return key;
  const same = (other: string): boolean =>
    isHub(host) ? isHub(hostOfKey(other)) : hostOfKey(other) === host;
  return keys.find(same);
}

function decode(stored: StoredAuth, host: string, file: string): Credential | undefined {
  let { username = '', password = '' } = stored;
  if (stored.auth !== undefined) {
    const text = Buffer.from(stored.auth, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon < 1)
      throw new DockerceptionError(
        'usage',
        'CREDENTIAL_INVALID',
        `reading the credentials of ${host} in ${file}: auth is not base64 of user:password`,
        { hint: `docker login ${host} writes them anew` },
      );
    username = text.slice(0, colon);
    password = trimEnd(text.slice(colon + 1), '\0');
  }
  const { identitytoken: identityToken = '', registrytoken: registryToken = '' } = stored;
  if (username === '' && password === '' && identityToken === '' && registryToken === '')
    return undefined;
  return { username, password, identityToken, registryToken };
}
