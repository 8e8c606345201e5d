/** Failures of requests to registries, and their descriptions as errors of this package. */
import type { ErrorCode } from '../../error-codes.js';
import { DockerceptionError, messageOf, systemCode } from '../../errors.js';
import { printable } from '../../text/printable.js';
import type { CredentialStore } from '../credentials/credentials.js';

/** An answer with an unexpected status. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';

  /**
   * @param code the first code in the answer (`MANIFEST_UNKNOWN`, …), or an empty string
   * @param reason the printable message of the registry, may be empty
   * @param retryAfter milliseconds
   */
  constructor(
    readonly url: URL,
    readonly status: number,
    readonly code: string,
    readonly reason: string,
    readonly retryAfter: number | undefined,
  ) {
    super(`${status}${reason === '' ? '' : `: ${reason}`}`);
  }
}

/** No answer, or an incomplete one. */
export class ConnectionFailure extends Error {
  override readonly name = 'ConnectionFailure';

  /** @param stale whether the connection was kept from an earlier request: its server may have closed it */
  constructor(
    readonly url: URL,
    override readonly cause: unknown,
    readonly stale: boolean,
  ) {
    super(messageOf(cause));
  }
}

/** The server was silent for too long. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';
  constructor(milliseconds: number) {
    super(`nothing came for ${milliseconds / 1000} s`);
  }
}

/** An unreachable proxy, or one that refused to open a tunnel. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly host: string;
  readonly status: number | undefined;

  constructor(proxy: URL, why: unknown, status?: number) {
    super(typeof why === 'string' ? why : messageOf(why), { cause: why });
    this.host = proxy.host;
    this.status = status;
  }
}

/** An invalid answer; `isTransient` if another attempt may succeed. */
export class ContentFailure extends Error {
  override readonly name = 'ContentFailure';
  constructor(
    message: string,
    readonly isTransient = false,
  ) {
    super(message);
  }
}

const TRANSIENT_CODES = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** Whether the failure is transient; `known` if the registry has answered before. */
export function isTransient(error: unknown, known: boolean): boolean {
  if (error instanceof HttpFailure)
    return (
      error.status === 429 || error.status === 408 || (error.status >= 500 && error.status !== 501)
    );
  if (error instanceof ContentFailure) return error.isTransient;
  if (!(error instanceof ConnectionFailure)) return false;
  const { cause } = error;
  if (cause instanceof SilenceError) return true;
  if (cause instanceof ProxyError) return cause.status === undefined ? known : cause.status >= 500;
  const code = systemCode(cause) ?? '';
  // A server that restarts refuses connections for a moment.
  return TRANSIENT_CODES.has(code) || code.startsWith('HPE_') || (code === 'ECONNREFUSED' && known);
}

/** The context of a failure. */
interface FailureContext {
  /** A gerund and its subject: `pulling debian:12`. */
  readonly doing: string;
  readonly registry: string;
  readonly repository: string;
  readonly credentials: CredentialStore;
  readonly anonymous: () => Promise<boolean>;
}

/** Describes a failure; other errors are returned unchanged. */
export async function describeFailure(error: unknown, about: FailureContext): Promise<unknown> {
  if (error instanceof HttpFailure) return httpError(error, about);
  if (error instanceof ConnectionFailure) return connectionError(error, about);
  if (error instanceof ContentFailure)
    return new DockerceptionError(
      'engine',
      'REGISTRY_ANSWER',
      `${about.doing}: ${about.registry}: ${error.message}`,
      { cause: error },
    );
  return error;
}

async function httpError(error: HttpFailure, about: FailureContext): Promise<DockerceptionError> {
  const { doing, registry, repository, credentials } = about;
  const { status, reason, url } = error;
  const said = reason === '' ? `${status}` : `${status}, ${reason}`;
  const make = (code: ErrorCode, why: string, hint?: string): DockerceptionError =>
    new DockerceptionError('engine', code, `${doing}: ${why}`, {
      cause: error,
      hint,
    });
  if (status === 401 || status === 403) {
    const where = await credentials.where(registry).catch(() => 'a configuration that is broken');
    const anonymous = await about.anonymous().catch(() => false);
    const found = anonymous ? 'no credentials in' : 'with the credentials of';
    const login = registry === 'docker.io' ? 'docker login' : `docker login ${registry}`;
    const changed = where.endsWith(' DOCKER_AUTH_CONFIG')
      ? 'DOCKER_AUTH_CONFIG comes before what `docker login` has left'
      : `\`${login}\` changes the credentials`;
    return make(
      'REGISTRY_DENIED',
      `${registry} denied access to ${repository} (${said}), ${found} ${where}`,
      anonymous ? `\`${login}\` adds credentials, unless the name is wrong` : changed,
    );
  }
  if (status === 429) {
    const wait = error.retryAfter;
    return make(
      'REGISTRY_BUSY',
      `${registry} has had too many requests (${said})`,
      wait === undefined ? 'try again later' : `try again in ${Math.ceil(wait / 1000)} s`,
    );
  }
  const host = url.host === registry ? registry : `${registry} (${url.host})`;
  return make('REGISTRY_FAILED', `${host} answered ${said}`);
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused, nothing listens there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host’s name can’t be looked up',
  EHOSTUNREACH: 'no way to the host',
  ENETUNREACH: 'no way to the network',
  ETIMEDOUT: 'no answer',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it doesn’t speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it doesn’t speak TLS',
};

/** OpenSSL's and Node's codes for untrusted certificates. */
const CERTIFICATE =
  /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA)/;

function connectionError(error: ConnectionFailure, about: FailureContext): DockerceptionError {
  const { doing, registry } = about;
  const { cause, url } = error;
  const code = codeOf(cause);
  const make = (why: string, hint?: string): DockerceptionError =>
    new DockerceptionError('engine', 'REGISTRY_UNREACHABLE', `${doing}: ${why}`, {
      cause,
      hint,
    });
  if (cause instanceof ProxyError) {
    const why = cause.status === 407 ? 'it wants other credentials' : reasonOf(cause.cause);
    const hint = 'HTTP_PROXY and HTTPS_PROXY name the proxy, NO_PROXY what is reached without';
    return make(`reaching ${url.host} through the proxy ${cause.host}: ${why}`, hint);
  }
  const host = url.host === registry ? registry : `${url.host} (for ${registry})`;
  if (CERTIFICATE.test(code))
    return make(
      `reaching ${host}: its certificate is not trusted: ${printable(messageOf(cause))}`,
      'its authority’s certificate goes into the file that NODE_EXTRA_CA_CERTS names, or ' +
        `into /etc/docker/certs.d/${url.host}/ca.crt; --insecure=${registry} does without`,
    );
  const why = reasonOf(cause);
  const hint = why.includes('TLS')
    ? `--insecure=${registry} allows plain HTTP`
    : registry === 'docker.io'
      ? 'a name without a registry is Docker Hub’s: others are named in front, as in registry:5000/app'
      : undefined;
  return make(`reaching ${host}: ${why}`, hint);
}

/** A description of a connection's failure without system codes. */
export function reasonOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (error instanceof SilenceError) return error.message;
  return REASONS[codeOf(error)] ?? printable(messageOf(error));
}

/** The code of an error, or of the first error for several addresses of a host. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && systemCode(error) === undefined)
    return codeOf(error.errors[0]);
  const code = systemCode(error) ?? '';
  return code === 'EPROTO' && messageOf(error).includes('wrong version number')
    ? 'ERR_SSL_WRONG_VERSION_NUMBER'
    : code;
}
