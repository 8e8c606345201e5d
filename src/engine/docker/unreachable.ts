/** What is said when an engine can't be reached, or goes away: which one, why, what to do. */
import { DockerceptionError, messageOf, systemCode } from '../../errors.js';
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
