/**
 * The docker CLI's `config.json`: the current context, and credentials by registry (docker/cli,
 * cli/config/configfile/file.go). `auth` is base64 of `user:password`; older files have URLs as keys of `auths`.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DockerceptionError, messageOf, systemCode } from '../../errors.js';

/** An entry of `auths`. */
export interface StoredAuth {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

/** The used parts of config.json. */
export interface DockerConfig {
  /** The path, for messages; the file may be missing. */
  readonly file: string;
  readonly currentContext: string | undefined;
  readonly auths: Readonly<Record<string, StoredAuth>>;
  readonly credsStore: string | undefined;
  readonly credHelpers: Readonly<Record<string, string>>;
}

/**
 * Reads `config.json` in a folder; a missing file is empty.
 * @throws DockerceptionError of kind usage, code DOCKER_CONFIG_INVALID
 */
export async function readDockerConfig(folder: string): Promise<DockerConfig> {
  const file = join(folder, 'config.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR')
      throw invalid(file, messageOf(error), error);
    text = '{}';
  }
  return parseDockerConfig(text, file);
}

/** Parses `config.json`; `file` is for messages. */
export function parseDockerConfig(text: string, file: string): DockerConfig {
  let json: unknown;
  try {
    json = JSON.parse(text.trim() === '' ? '{}' : text);
  } catch (error) {
    // The parser's message may quote passwords.
    throw invalid(file, 'it is not JSON', undefined, error);
  }
  if (!isObject(json)) throw invalid(file, 'it is not a JSON object');
  return {
    file,
    currentContext: stringOf(json['currentContext']),
    auths: table(json['auths'], (value) => (isObject(value) ? (strings(value) as StoredAuth) : {})),
    credsStore: stringOf(json['credsStore']),
    credHelpers: table(json['credHelpers'], (value) => stringOf(value)),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The members of an object for which `read` returns a value. */
function table<T>(value: unknown, read: (value: unknown) => T | undefined): Record<string, T> {
  const result: Record<string, T> = {};
  if (!isObject(value)) return result;
  for (const [key, member] of Object.entries(value)) {
    const made = read(member);
    if (made !== undefined) result[key] = made;
  }
  return result;
}

function strings(value: Record<string, unknown>): Record<string, string> {
  return table(value, stringOf);
}

function invalid(
  file: string,
  why: string,
  cause?: unknown,
  position?: unknown,
): DockerceptionError {
  const at = /at position \d+/.exec(messageOf(position))?.[0];
  return new DockerceptionError(
    'usage',
    'DOCKER_CONFIG_INVALID',
    `reading ${file}: ${why}${at === undefined ? '' : ` (${at})`}`,
    { cause },
  );
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
  const withoutScheme = key.replace(/^[a-z]+:\/\//i, '');
  const slash = withoutScheme.indexOf('/');
  return slash === -1 ? withoutScheme : withoutScheme.slice(0, slash);
}
