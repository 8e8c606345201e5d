/** The errors of an engine, with their kinds and codes: it cannot be reached, breaks the connection, or refuses a request. */
import { connectionReason, DockerceptionError, type ErrorKind, systemCode } from '../../errors.js';
import { redact } from '../../text/redact.js';
import { joinLines } from '../../text/trim.js';
import type { Endpoint } from './endpoint.js';

const SEE_LOG = 'see the engine’s own log';
const NOT_FOUND = 'ENGINE_NOT_FOUND';
/** Codes of a connection to a socket that does not exist, or that no process listens on. */
const NOT_RUNNING = new Set(['ENOENT', 'ENOTDIR', 'ECONNREFUSED']);

/** There is no answer. */
export function unreachable(endpoint: Endpoint, cause: unknown): DockerceptionError {
  const code = systemCode(cause) ?? '';
  const isWithoutSsh = code === 'ENOENT' && endpoint.address.kind === 'ssh';
  const why = isWithoutSsh ? 'there is no ssh program on PATH' : connectionReason(cause);
  const message = `reaching the engine at ${endpoint.name}: ${why}`;
  const hint = unreachableHint(endpoint, code);
  return new DockerceptionError('engine', 'ENGINE_UNREACHABLE', message, { cause, hint });
}

function unreachableHint({ others: [other] }: Endpoint, code: string): string {
  if (code === 'EACCES' || code === 'EPERM')
    return (
      'run it with sudo, or join the group that owns the socket, as a rule docker ' +
      '(`sudo usermod -aG docker $USER`, then log in again), or name another engine with DOCKER_HOST'
    );
  if (other !== undefined)
    return `there is a socket that isn’t used by default: DOCKER_HOST=${other}`;
  return (
    'start it, or name another with DOCKER_HOST or `docker context use`; ' +
    'without RUN, `outputs: FILE` needs none, and `dockerception filter` never does'
  );
}

/** The connection broke while `doing`. */
export function lost(endpoint: Endpoint, doing: string, cause?: unknown): DockerceptionError {
  const why = cause === undefined ? 'it closed the connection' : connectionReason(cause);
  const message = `${doing}: the engine at ${endpoint.name} went away in the middle: ${why}`;
  const hint = `${SEE_LOG}, then try again`;
  return new DockerceptionError('engine', 'ENGINE_GONE', message, { cause, hint });
}

/** {@link unreachable} if the error is of a system call, TLS, or ssh before there was a connection, else {@link lost}. */
export function broken(endpoint: Endpoint, doing: string, cause: unknown): DockerceptionError {
  const { syscall, code = '' } = (cause ?? {}) as NodeJS.ErrnoException;
  const isConnecting =
    syscall === undefined
      ? cause !== undefined && !['ECONNRESET', 'EPIPE'].includes(code)
      : /^(?:connect|getaddrinfo|spawn)/.test(syscall);
  return isConnecting ? unreachable(endpoint, cause) : lost(endpoint, doing, cause);
}

/** The answer is not in the form that the API specifies. */
export function malformed(doing: string, why: string, cause?: unknown): DockerceptionError {
  return new DockerceptionError('engine', 'ENGINE_ANSWER', `${doing}: ${why}`, { cause });
}

/**
 * The HTTP status is 400 or more. Docker's body is `{"message"}`, Podman's `{"cause", "message"}`; Podman sends no body
 * if it fails before a build starts. The cause of the error is the engine's message.
 *
 * @param hint for an answer without a reason.
 */
export function refusal(
  { kind, doing, hint = SEE_LOG }: { kind: ErrorKind; doing: string; hint?: string | undefined },
  endpoint: Endpoint,
  status: number,
  body: string,
): DockerceptionError {
  const reason = reasonOf(body);
  const cause = reason ?? `the engine at ${endpoint.name} answered ${status} and gave no reason`;
  const refused = reason === undefined ? 'ENGINE_NO_REASON' : 'ENGINE_REFUSED';
  const code = status === 404 ? NOT_FOUND : refused;
  const details = { cause, hint: reason === undefined ? hint : undefined };
  const error = new DockerceptionError(kind, code, `${doing}: ${cause}`, details);
  const useTls = 'this engine speaks TLS: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH';
  const needsTls = /HTTP request to an HTTPS server/i.test(cause);
  return needsTls ? error.with({ kind: 'engine', hint: useTls }) : error;
}

/** Characters of a body in another format than JSON that a message quotes. */
const MAX_QUOTE = 300;

function reasonOf(body: string): string | undefined {
  // Redacted before it is cut, which could leave the first half of a secret.
  let reason: unknown = redact(body.trim()).slice(0, MAX_QUOTE);
  try {
    const json = JSON.parse(body) as { message?: unknown; cause?: unknown; error?: unknown } | null;
    const values = [json?.message, json?.cause, json?.error];
    reason = values.find((value) => typeof value === 'string' && value.trim() !== '');
  } catch {
    // Another format than JSON.
  }
  return typeof reason === 'string' ? joinLines(reason.trim(), ' / ') || undefined : undefined;
}

/** What Docker's classic builder and Podman report if an image of their cache is removed while they look for one. */
const REMOVED = /^unable to find image "sha256:|: layer not known$/;

/** The engine reports that a build has failed. */
export function buildFailed(reason: string): DockerceptionError {
  const removed = 'another process removed an image during the build: try again';
  const hint = REMOVED.test(reason) ? removed : undefined;
  return new DockerceptionError('build', 'BUILD_FAILED', `building the image: ${reason}`, { hint });
}

/** The engine reports neither a failure nor an image. */
export function withoutImage(): DockerceptionError {
  const message = 'building the image: the engine reported no failure, but gave no image ID';
  return new DockerceptionError('build', 'BUILD_NO_IMAGE', message, { hint: SEE_LOG });
}

export const isUnreachable = codeTest('ENGINE_UNREACHABLE');
export const isNotFound: (error: unknown) => boolean = codeTest(NOT_FOUND);

/** Whether the engine has refused the request with a reason, or does not have what was requested. */
export const isRefusal = codeTest(NOT_FOUND, 'ENGINE_REFUSED');

/** Whether no engine runs at the address, in contrast to one that refuses, hangs, or breaks the connection. */
export function isNotRunning(error: unknown): boolean {
  return isUnreachable(error) && NOT_RUNNING.has(systemCode(error.cause) ?? '');
}

function codeTest(...codes: readonly string[]): (error: unknown) => error is DockerceptionError {
  return (error): error is DockerceptionError =>
    error instanceof DockerceptionError && codes.includes(error.code);
}
