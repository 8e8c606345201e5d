/**
 * Credential helpers: `docker-credential-NAME get` reads an address from standard input and writes `{"Username",
 * "Secret"}`; the user name `<token>` marks an identity token (docker/docker-credential-helpers).
 */
import { spawn } from 'node:child_process';
import { DockerceptionError, messageOf, systemCode } from '../../errors.js';

/** Milliseconds, enough for a password prompt. */
const TIMEOUT = 120_000;
/** Bytes of a helper's output that are read. */
const MAX_OUTPUT = 1 << 20;
const TOKEN_USER = '<token>';
/** The message for a missing credential. */
const NOT_FOUND = 'credentials not found in native keychain';

/** A helper's credential. */
export interface HelperAnswer {
  readonly username: string;
  readonly password: string;
  readonly identityToken: string;
}

/**
 * Asks a helper for the credential of a registry; undefined if it has none.
 * @param name without `docker-credential-`
 * @param server the key in config.json
 * @throws DockerceptionError of kind engine, code CREDENTIAL_HELPER
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
    // The parser's message would contain a part of the secret.
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

/** Asks a helper for its registries. Throws as {@link askHelper}. */
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

/** A helper's output; undefined if it has no credential. */
async function runHelper(
  name: string,
  verb: 'get' | 'list',
  input: string,
  env: Readonly<Record<string, string | undefined>>,
  timeout: number,
  fail: Fail,
): Promise<string | undefined> {
  // The name must not lead to another folder.
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
      // A grandchild may keep the pipes open.
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
    // A helper may close its input early; its exit code reports failures.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** Keeps the beginning of a stream and discards the rest. */
function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    if (length < MAX_OUTPUT) chunks.push(chunk);
    length += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8', 0, MAX_OUTPUT);
}
