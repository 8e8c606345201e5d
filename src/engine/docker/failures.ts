/** Errors of an engine: it can't be reached, breaks the connection, or refuses a request. */
import { DockerceptionError, type ErrorKind, messageOf, systemCode } from '../../errors.js';
import { redact } from '../../text/redact.js';
import { joinLines } from '../../text/trim.js';
import type { Endpoint } from './endpoint.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such socket',
  ECONNREFUSED: 'connection refused, nothing listens there',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host’s name can’t be looked up',
  ETIMEDOUT: 'no answer',
  ENOTSOCK: 'not a socket',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
};

/** `unix:///var/run/docker.sock (default socket)` */
export function describe(endpoint: Endpoint): string {
  return `${endpoint.url} (${endpoint.origin})`;
}

/** An engine that didn't answer at all. */
export function unreachable(endpoint: Endpoint, error: unknown): DockerceptionError {
  const code = systemCode(error) ?? '';
  let why = REASONS[code] ?? messageOf(error);
  if (code === 'ENOENT' && endpoint.address.kind === 'ssh') why = 'there is no ssh program on PATH';
  return new DockerceptionError(
    'engine',
    'ENGINE_UNREACHABLE',
    `reaching the engine at ${describe(endpoint)}: ${why}`,
    { cause: error, hint: hintFor(endpoint, code) },
  );
}

/** Codes of a connection to a socket that does not exist, or that no process listens on. */
const NOT_RUNNING = new Set(['ENOENT', 'ENOTDIR', 'ECONNREFUSED']);

/** Whether an error says that no engine runs at its address: not one that refuses, hangs, or breaks the connection. */
export function isNotRunning(error: unknown): boolean {
  return (
    error instanceof DockerceptionError &&
    error.code === 'ENGINE_UNREACHABLE' &&
    NOT_RUNNING.has(systemCode(error.cause) ?? '')
  );
}

/** An engine that went away in the middle of something. */
export function vanished(endpoint: Endpoint, doing: string, error?: unknown): DockerceptionError {
  const why =
    REASONS[systemCode(error) ?? ''] ??
    (error === undefined ? 'it closed the connection' : messageOf(error));
  return new DockerceptionError(
    'engine',
    'ENGINE_GONE',
    `${doing}: the engine at ${describe(endpoint)} went away in the middle: ${why}`,
    { cause: error, hint: 'see the engine’s own log, then try again' },
  );
}

function hintFor(endpoint: Endpoint, code: string): string {
  if (code === 'EACCES' || code === 'EPERM')
    return (
      'run it with sudo, or join the group that owns the socket, as a rule docker ' +
      '(`sudo usermod -aG docker $USER`, then log in again), or name another engine with DOCKER_HOST'
    );
  const [other] = endpoint.others;
  if (other !== undefined)
    return `there is a socket that isn’t used by default: DOCKER_HOST=${other}`;
  return (
    'start it, or name another with DOCKER_HOST or `docker context use`; ' +
    'without RUN, -o FILE needs none, and `dockerception filter` never does'
  );
}

/** Characters of a body that isn't JSON which a message quotes. */
const QUOTED = 300;

const NOT_FOUND = 'ENGINE_NOT_FOUND';

/**
 * The error of an answer with an HTTP status of 400 or more: `{"message"}` from Docker, `{"cause", "message"}` from
 * Podman, no body from Podman when it fails before the build begins.
 *
 * @param doing the gerund that the message begins with.
 */
export function refusal(
  endpoint: Endpoint,
  kind: ErrorKind,
  doing: string,
  status: number,
  body: string,
  mute = 'see the engine’s own log',
): DockerceptionError {
  const reason = reasonOf(body);
  if (reason === undefined)
    return new DockerceptionError(
      kind,
      status === 404 ? NOT_FOUND : 'ENGINE_NO_REASON',
      `${doing}: the engine at ${describe(endpoint)} answered ${status} and gave no reason`,
      { hint: mute },
    );
  const hint = /HTTP request to an HTTPS server/i.test(reason)
    ? 'this engine speaks TLS: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH'
    : undefined;
  return new DockerceptionError(
    hint === undefined ? kind : 'engine',
    status === 404 ? NOT_FOUND : 'ENGINE_REFUSED',
    `${doing}: ${reason}`,
    { hint },
  );
}

function reasonOf(body: string): string | undefined {
  const text = body.trim();
  if (text === '') return undefined;
  try {
    const json = JSON.parse(text) as { message?: unknown; cause?: unknown; error?: unknown } | null;
    for (const value of [json?.message, json?.cause, json?.error])
      if (typeof value === 'string' && value.trim() !== '') return oneLine(value);
    return undefined;
  } catch {
    // Redacted first: the cut must not leave the first half of a secret.
    return oneLine(redact(text).slice(0, QUOTED));
  }
}

function oneLine(text: string): string {
  return joinLines(text.trim(), ' / ');
}

/** Whether an engine has said that it has no such thing. */
export function isNotFound(error: unknown): boolean {
  return error instanceof DockerceptionError && error.code === NOT_FOUND;
}
