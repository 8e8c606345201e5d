/**
 * Credentials on their way to an engine: JSON in URL-safe base64 in a header (moby, api/types/registry).
 * Engines decode with the URL-safe alphabet and take anything else for no credentials at all, without
 * a word.
 */
import { messageOf } from '../../errors.js';
import type { Credential, CredentialStore } from '../../image/credentials/credentials.js';
import { credentialKey, hostOfKey, HUB_KEY } from '../../image/credentials/host.js';
import { addSecrets } from '../../text/redact.js';

/** What `X-Registry-Auth` of one push says: nothing but that registry's credential. */
export function registryAuth(host: string, credential: Credential | undefined): string {
  return encode(credential === undefined ? {} : authConfig(credentialKey(host), credential));
}

/**
 * What `X-Registry-Config` of a classic build says. Which registries a build will ask is known to the
 * engine alone, once it has the Dockerfile; as the docker CLI does, all there are go to the engine,
 * which sends each only to its registry. `only`, when given, narrows them down.
 *
 * @param warn told of a helper that failed: its registry may not be needed.
 * @returns undefined when there is nothing to send.
 */
export async function registryConfig(
  credentials: CredentialStore,
  warn: (message: string) => void,
  only?: readonly string[],
): Promise<string | undefined> {
  const config: Record<string, AuthConfig> = {};
  const keys = await credentials.keys().catch((error: unknown) => {
    warn(messageOf(error));
    return [];
  });
  for (const key of keys) {
    const host = key === HUB_KEY ? 'docker.io' : hostOfKey(key);
    if (only && !only.includes(host)) continue;
    const name = credentialKey(host);
    if (Object.hasOwn(config, name)) continue;
    try {
      const credential = await credentials.get(host);
      if (credential) config[name] = authConfig(name, credential);
    } catch (error) {
      warn(messageOf(error));
    }
  }
  return Object.keys(config).length === 0 ? undefined : encode(config);
}

interface AuthConfig {
  readonly username?: string;
  readonly password?: string;
  readonly serveraddress: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

function authConfig(serveraddress: string, credential: Credential): AuthConfig {
  const { username, password, identityToken, registryToken } = credential;
  return {
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    serveraddress,
    ...(identityToken === '' ? {} : { identitytoken: identityToken }),
    ...(registryToken === '' ? {} : { registrytoken: registryToken }),
  };
}

function encode(value: unknown): string {
  // With its padding: the engines decode strictly.
  const base64 = Buffer.from(JSON.stringify(value), 'utf8').toString('base64');
  const header = base64.replaceAll('+', '-').replaceAll('/', '_');
  addSecrets(header, base64);
  return header;
}

const REFUSED =
  /unauthorized|authentication required|no basic auth credentials|access denied|authorization failed|access to the resource is denied|403 forbidden/i;
/** A host with a dot, or localhost, where an image's or a registry's address begins; BuildKit 0.8 says `from host HOST`. */
const HOST = /(?:^|[\s"'/])((?:[\w-]+(?:\.[\w-]+)+|localhost)(?::\d+)?)\/|from host (\S+)/;

/** Whether an engine's message says that a registry refused us. */
export function isRefused(message: string): boolean {
  return REFUSED.test(message);
}

/**
 * A hint that names the registry, and where credentials were looked for; undefined for other errors.
 *
 * @param registry the registry's host, when it is known without reading the message.
 */
export async function credentialHint(
  message: string,
  credentials: CredentialStore,
  registry?: string,
): Promise<string | undefined> {
  if (!isRefused(message)) return undefined;
  const found = HOST.exec(message);
  const host = registry ?? found?.[1] ?? found?.[2] ?? 'docker.io';
  const login = host === 'docker.io' ? 'docker login' : `docker login ${host}`;
  const where = await credentials.where(host);
  return `credentials for ${host} were looked for in ${where}; \`${login}\` adds them`;
}
