/**
 * A credential helper: the program `docker-credential-NAME get`, the registry's address on its
 * standard input, `{"Username", "Secret"}` on its standard output; the user name `<token>` means
 * that the secret is an identity token (docker/docker-credential-helpers).
 */
import { spawn } from 'node:child_process';
import { DockerceptionError, messageOf, systemCode } from '../../errors.js';

/** Milliseconds; a helper may ask a person for the key's password. */
const TIMEOUT = 120_000;
/** Bytes of a helper's output that are looked at. */
const MAX_OUTPUT = 1 << 20;
const TOKEN_USER = '<token>';
/** What helpers print for "I have none", word for word in the protocol's library. */
const NOT_FOUND = 'credentials not found in native keychain';

/** What a helper knows of a registry. */
export interface HelperAnswer {
  readonly username: string;
  readonly password: string;
  readonly identityToken: string;
}

/**
 * Asks a helper for one registry's credential.
 *
 * @param name the part after `docker-credential-`.
 * @param server the registry, as config.json writes it.
 * @returns undefined when the helper has none.
 * @throws DockerceptionError of kind engine, code CREDENTIAL_HELPER: not installed, failed, mute.
 */
export async function askHelper(
  name: string,
  server: string,
  env: Readonly<Record<string, string | undefined>>,
  timeout = TIMEOUT,
): Promise<HelperAnswer | undefined> {
  const program = `docker-credential-${name}`;
  const fail = failing(`asking ${program} for the credentials of ${server}`);
  const output = await runHelper(name, 'get', server, env, timeout, fail);
  if (output === undefined) return undefined;
  let json: { Username?: unknown; Secret?: unknown } | null;
  try {
    json = JSON.parse(output) as typeof json;
  } catch {
    // Not quoted, and no cause: the parser's message would carry a part of the secret.
    throw fail('its answer is not JSON');
  }
  const { Username: username, Secret: secret } = json ?? {};
  if (typeof username !== 'string' || typeof secret !== 'string')
    throw fail('its answer has no Username and Secret');
  if (username === '' && secret === '') return undefined;
  return username === TOKEN_USER
    ? { username: '', password: '', identityToken: secret }
    : { username, password: secret, identityToken: '' };
}

/**
 * Asks a helper which registries it has credentials for; the names alone.
 *
 * @throws as {@link askHelper} does.
 */
export async function listHelper(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
  timeout = TIMEOUT,
): Promise<readonly string[]> {
  const fail = failing(`asking docker-credential-${name} for its registries`);
  const output = (await runHelper(name, 'list', '', env, timeout, fail)) ?? '{}';
  try {
    return Object.keys((JSON.parse(output) ?? {}) as object);
  } catch {
    throw fail('its answer is not JSON');
  }
}

type Fail = (why: string, cause?: unknown) => DockerceptionError;

function failing(doing: string): Fail {
  return (why, cause) =>
    new DockerceptionError('engine', 'CREDENTIAL_HELPER', `${doing}: ${why}`, {
      cause,
      hint: 'config.json names it as credsStore or in credHelpers',
    });
}

/** What a helper answers; undefined when it has nothing. */
async function runHelper(
  name: string,
  verb: 'get' | 'list',
  input: string,
  env: Readonly<Record<string, string | undefined>>,
  timeout: number,
  fail: Fail,
): Promise<string | undefined> {
  // The name is part of a program's: it must not lead to another folder.
  if (!/^[\w.-]+$/.test(name)) throw fail('not a helper’s name');
  const run = await spawnHelper(
    `docker-credential-${name}`,
    verb,
    `${input}\n`,
    env,
    timeout,
  ).catch((error: unknown) => {
    throw fail(
      systemCode(error) === 'ENOENT' ? 'no such program on PATH' : messageOf(error),
      error,
    );
  });
  if (run.code === 0) return run.output;
  if (run.output.includes(NOT_FOUND)) return undefined;
  const line = run.output.trim().split('\n')[0] || run.errors.trim().split('\n').at(-1);
  throw fail(line || `it exited with ${run.code ?? 'a signal'}`);
}

interface Run {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

function spawnHelper(
  program: string,
  verb: string,
  input: string,
  env: Readonly<Record<string, string | undefined>>,
  timeout: number,
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [verb], { env: { ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      // A grandchild may hold the pipes open: don't wait for them.
      child.stdout.destroy();
      child.stderr.destroy();
      reject(new Error(`no answer within ${timeout / 1000} s`));
    }, timeout);
    const output = collect(child.stdout);
    const errors = collect(child.stderr);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output: output(), errors: errors() });
    });
    // A helper that doesn't read its input closes the pipe; its exit code and output tell.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** Keeps the beginning of a stream and reads the rest away. */
function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    if (length < MAX_OUTPUT) chunks.push(chunk);
    length += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8', 0, MAX_OUTPUT);
}
