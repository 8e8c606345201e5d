/**
 * Credential helpers: `docker-credential-NAME get` reads an address from standard input and writes `{"Username",
 * "Secret"}`; the user name `<token>` marks an identity token (docker/docker-credential-helpers).
 */
import { execFile, type ExecFileException } from 'node:child_process';
import { promisify } from 'node:util';
import { DockerceptionError, messageOf } from '../../errors.js';
import { isObject, type JsonObject, tryParseJson } from '../document.js';
import type { Credential } from './credentials.js';

/** Milliseconds, enough for a password prompt. */
const TIMEOUT = 120_000;
/** Bytes of a helper's output. */
const MAX_OUTPUT = 1 << 20;
const TOKEN_USER = '<token>';
/** The message for a missing credential. */
const NOT_FOUND = 'credentials not found in native keychain';

const run = promisify(execFile);

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
export async function listHelper(name: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
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
  const running = run(`docker-credential-${name}`, [verb], { env, ...limits });
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
