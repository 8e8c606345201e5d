/**
 * Credentials for registries as `docker login` stores them: `DOCKER_AUTH_CONFIG`, the helper in `credHelpers`,
 * `credsStore`, or `auths` in config.json (docker/cli, cli/config/configfile/file.go). Only the helper of the registry
 * is run: `docker-credential-NAME get` reads an address from standard input and writes `{"Username", "Secret"}`; the
 * user name `<token>` marks an identity token (docker/docker-credential-helpers).
 */
import { execFile, type ExecFileException } from 'node:child_process';
import { promisify } from 'node:util';
import { DockerceptionError, messageOf } from '../../errors.js';
import { addSecrets } from '../../text/redact.js';
import { trimEnd } from '../../text/trim.js';
import { isObject, type JsonObject, tryParseJson } from '../document.js';
import {
  configFolder,
  credentialKey,
  type DockerConfig,
  hostOfKey,
  parseDockerConfig,
  readDockerConfig,
  type StoredAuth,
} from './docker-config.js';

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
  const folder = configFolder(env);
  let config: Promise<DockerConfig> | undefined;
  const read = (): Promise<DockerConfig> => (config ??= readDockerConfig(folder));
  /** Only its `auths` count. */
  const inline = (): DockerConfig => {
    const config = parseDockerConfig(env['DOCKER_AUTH_CONFIG'] || '{}', 'DOCKER_AUTH_CONFIG');
    return { ...config, credsStore: undefined, credHelpers: {} };
  };
  const configFor = async (host: string): Promise<DockerConfig> =>
    findAuth(inline(), host) ? inline() : read();
  return {
    async get(host) {
      const config = await configFor(host);
      const helper = helperFor(config, host);
      const stored = findAuth(config, host);
      const found = helper
        ? await askHelper(helper.name, helper.key, env)
        : stored && decode(stored, host, config.file);
      if (found) addSecrets(found.password, found.identityToken, found.registryToken);
      return found;
    },
    async where(host) {
      const config = await configFor(host);
      const helper = helperFor(config, host);
      const auths = `auths in ${config.file}`;
      return helper ? `docker-credential-${helper.name} (${config.file})` : auths;
    },
    async keys() {
      const file = await read();
      const known = [file.auths, file.credHelpers, inline().auths].flatMap(Object.keys);
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

function findAuth({ auths }: DockerConfig, host: string): StoredAuth | undefined {
  const key = keyFor(auths, host);
  return key === undefined ? undefined : auths[key];
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

/** Milliseconds, enough for a password prompt. */
const TIMEOUT = 120_000;
/** Bytes of a helper's output. */
const MAX_OUTPUT = 1 << 20;
const TOKEN_USER = '<token>';
/** The message for a missing credential. */
const NOT_FOUND = 'credentials not found in native keychain';

const runFile = promisify(execFile);

/**
 * Asks a helper for the credential of a registry; undefined if it has none.
 * @param name without `docker-credential-`
 * @param server the key in config.json
 * @throws DockerceptionError of kind engine, code CREDENTIAL_HELPER
 */
export async function askHelper(
  name: string,
  server: string,
  env: NodeJS.ProcessEnv,
  timeout = TIMEOUT,
): Promise<Credential | undefined> {
  const fail = failing(`asking docker-credential-${name} for the credentials of ${server}`);
  const answer = await runHelper(name, 'get', server, env, timeout, fail);
  if (answer === undefined) return undefined;
  const { Username: username, Secret: secret } = answer;
  if (typeof username !== 'string' || typeof secret !== 'string')
    throw fail('its answer has no Username and Secret');
  if (username === '' && secret === '') return undefined;
  return username === TOKEN_USER
    ? { username: '', password: '', identityToken: secret, registryToken: '' }
    : { username, password: secret, identityToken: '', registryToken: '' };
}

/** Asks a helper for its registries. Throws as {@link askHelper}. */
async function listHelper(name: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const fail = failing(`asking docker-credential-${name} for its registries`);
  return Object.keys((await runHelper(name, 'list', '', env, TIMEOUT, fail)) ?? {});
}

type Fail = (why: string, cause?: unknown) => DockerceptionError;

function failing(doing: string): Fail {
  return (why, cause) =>
    new DockerceptionError('engine', 'CREDENTIAL_HELPER', `${doing}: ${why}`, {
      cause,
      hint: 'config.json names it as credsStore or in credHelpers',
    });
}

/** A helper's answer; undefined if it has no credential. */
async function runHelper(
  name: string,
  verb: 'get' | 'list',
  input: string,
  env: NodeJS.ProcessEnv,
  timeout: number,
  fail: Fail,
): Promise<JsonObject | undefined> {
  // The name must not lead to another folder.
  if (!/^[\w.-]+$/.test(name)) throw fail('not a helper’s name');
  const limits = { timeout, maxBuffer: MAX_OUTPUT, killSignal: 'SIGKILL' } as const;
  const running = runFile(`docker-credential-${name}`, [verb], { env, ...limits });
  // A helper may close its input early; its exit code reports failures.
  running.child.stdin?.on('error', () => {}).end(`${input}\n`);
  try {
    const json = tryParseJson((await running).stdout);
    if (json === undefined) throw fail('its answer is not JSON');
    return isObject(json) ? json : {};
  } catch (error) {
    if (error instanceof DockerceptionError) throw error;
    const { code, killed, stdout = '', stderr = '' } = error as ExecFileException;
    if (killed === true) throw fail(`no answer within ${timeout / 1000} s`, error);
    if (typeof code === 'string')
      throw fail(code === 'ENOENT' ? 'no such program on PATH' : messageOf(error), error);
    if (stdout.includes(NOT_FOUND)) return undefined;
    const line = stdout.trim().split('\n')[0] || stderr.trim().split('\n').at(-1);
    throw fail(line || `it exited with ${code ?? 'a signal'}`);
  }
}
