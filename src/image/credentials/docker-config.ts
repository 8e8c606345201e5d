/**
 * The docker CLI's `config.json`: the current context, and credentials by registry (docker/cli,
 * cli/config/configfile/file.go). `auth` is base64 of `user:password`; older files have URLs as keys of `auths`.
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DockerceptionError, messageOf, systemCode } from '../../errors.js';
import { isObject } from '../document.js';

/** An entry of `auths`. */
export type StoredAuth = Readonly<
  Partial<Record<'auth' | 'username' | 'password' | 'identitytoken' | 'registrytoken', string>>
>;

/** The used parts of config.json. */
export interface DockerConfig {
  /** The path, for messages; the file may be missing. */
  readonly file: string;
  readonly currentContext: string | undefined;
  readonly auths: Readonly<Record<string, StoredAuth>>;
  readonly credsStore: string | undefined;
  readonly credHelpers: Readonly<Record<string, string>>;
}

/** The user's home folder: `/`, as in a container, for a user that the system does not know. */
export function homeFolder(env: NodeJS.ProcessEnv): string {
  try {
    return env['HOME'] || homedir();
  } catch {
    return '/';
  }
}

/** The folder of the docker CLI's configuration. */
export function configFolder(env: NodeJS.ProcessEnv, home = homeFolder(env)): string {
  return env['DOCKER_CONFIG'] || join(home, '.docker');
}

/**
 * Reads `config.json` in a folder; a missing file is empty.
 * @throws DockerceptionError of kind usage, code DOCKER_CONFIG_INVALID
 */
export async function readDockerConfig(folder: string): Promise<DockerConfig> {
  const file = join(folder, 'config.json');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return '{}';
    throw invalid(file, messageOf(error), error);
  });
  return parseDockerConfig(text, file);
}

/** Parses `config.json`; `file` is for messages. */
export function parseDockerConfig(text: string, file: string): DockerConfig {
  let json: unknown;
  try {
    json = JSON.parse(text.trim() === '' ? '{}' : text);
  } catch (error) {
    // The rest of the parser's message may quote passwords.
    const at = /at position \d+/.exec(messageOf(error))?.[0];
    throw invalid(file, `it is not JSON${at === undefined ? '' : ` (${at})`}`);
  }
  if (!isObject(json)) throw invalid(file, 'it is not a JSON object');
  return {
    file,
    currentContext: stringOf(json['currentContext']),
    auths: table(json['auths'], (value): StoredAuth => table(value, stringOf)),
    credsStore: stringOf(json['credsStore']),
    credHelpers: table(json['credHelpers'], stringOf),
  };
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The members of an object for which `read` returns a value. */
function table<T>(value: unknown, read: (value: unknown) => T | undefined): Record<string, T> {
  const members = Object.entries(isObject(value) ? value : {}).map(
    ([key, member]) => [key, read(member)] as const,
  );
  return Object.fromEntries(members.filter((member) => member[1] !== undefined)) as Record<
    string,
    T
  >;
}

function invalid(file: string, why: string, cause?: unknown): DockerceptionError {
  const message = `reading ${file}: ${why}`;
  return new DockerceptionError('usage', 'DOCKER_CONFIG_INVALID', message, { cause });
}

/** The key of Docker Hub's credentials. */
export const HUB_KEY = 'https://index.docker.io/v1/';

const HUB_HOSTS = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

export function isHub(host: string): boolean {
  return HUB_HOSTS.has(host) || host === HUB_KEY;
}

/** The key that `docker login HOST` writes. */
export function credentialKey(host: string): string {
  return isHub(host) ? HUB_KEY : host;
}

/** The host of a key of `auths`, which may be a URL (`https://host/v1/`). */
export function hostOfKey(key: string): string {
  return key.replace(/^[a-z]+:\/\//i, '').split('/', 1)[0] as string;
}
