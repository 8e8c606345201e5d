/**
 * Credentials for registries as `docker login` stores them: `DOCKER_AUTH_CONFIG`, the helper in `credHelpers`,
 * `credsStore`, or `auths` in config.json (docker/cli, cli/config/configfile/file.go). Only the helper of the registry
 * is run.
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
  parseDockerConfig,
  readDockerConfig,
  type StoredAuth,
} from './docker-config.js';
import { askHelper, listHelper } from './helper.js';

/** The credential for a registry. Missing values are empty. */
export interface Credential {
  readonly username: string;
  readonly password: string;
  /** A refresh token, used instead of the password. */
  readonly identityToken: string;
  /** A bearer token. */
  readonly registryToken: string;
}

/** The credentials of an environment. Reads files and runs helpers on demand. */
export interface CredentialStore {
  /**
   * @param host with its port; `docker.io` is Docker Hub
   * @throws DockerceptionError: CREDENTIAL_HELPER, DOCKER_CONFIG_INVALID, CREDENTIAL_INVALID
   */
  get(host: string): Promise<Credential | undefined>;
  /** The source of a credential, for messages: `auths in /root/.docker/config.json`. */
  where(host: string): Promise<string>;
  /**
   * The keys of registries in config.json.
   * @throws DockerceptionError: CREDENTIAL_HELPER, if `credsStore` fails
   */
  keys(): Promise<readonly string[]>;
}

/** Opens the credentials of an environment: `DOCKER_CONFIG`, `DOCKER_AUTH_CONFIG`, `HOME`, `PATH`. */
export function credentialStore(env: NodeJS.ProcessEnv): CredentialStore {
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
    if (helper) return askHelper(helper.name, helper.key, env);
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

/** The helper for a host, and its key for the host. */
function helperFor(
  { credHelpers, credsStore }: DockerConfig,
  host: string,
): { readonly name: string; readonly key: string } | undefined {
  const key = keyFor(credHelpers, host) ?? credentialKey(host);
  const name = credHelpers[key] ?? credsStore;
  return name === undefined ? undefined : { name, key };
}

function findAuth(config: DockerConfig | undefined, host: string): StoredAuth | undefined {
  const key = config && keyFor(config.auths, host);
  return key === undefined ? undefined : config?.auths[key];
}

/** Prefers the key itself to a URL of the same host. */
function keyFor(table: Readonly<Record<string, unknown>>, host: string): string | undefined {
  const key = credentialKey(host);
  if (Object.hasOwn(table, key)) return key;
  return Object.keys(table).find((other) => credentialKey(hostOfKey(other)) === key);
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
        { hint: `docker login ${host} writes them again` },
      );
    username = text.slice(0, colon);
    password = trimEnd(text.slice(colon + 1), '\0');
  }
  const { identitytoken: identityToken = '', registrytoken: registryToken = '' } = stored;
  if (username === '' && password === '' && identityToken === '' && registryToken === '')
    return undefined;
  return { username, password, identityToken, registryToken };
}
