/** Failures of requests to registries, and their descriptions as errors of this package. */
import type { ErrorCode } from '../../error-codes.js';
import {
  connectionCode,
  connectionReason,
  DockerceptionError,
  messageOf,
  systemCode,
  UNTRUSTED,
} from '../../errors.js';
import { printable } from '../../text/printable.js';
import type { CredentialStore } from '../credentials/credentials.js';
import type { RepositoryName } from '../manifest.js';

/** An answer with an unexpected status. */
export class HttpFailure extends Error {
  /**
   * @param reason the printable message of the registry, may be empty
   * @param retryAfter milliseconds
   */
  constructor(
    readonly url: URL,
    readonly status: number,
    readonly reason: string,
    readonly retryAfter?: number,
  ) {
    super(`${status}${reason === '' ? '' : `: ${reason}`}`);
  }
}

/** No answer, or an incomplete one. */
export class ConnectionFailure extends Error {
  /** @param stale whether the connection was kept from an earlier request: its server may have closed it */
  constructor(
    readonly url: URL,
    override readonly cause: unknown,
    readonly stale: boolean,
  ) {
    super(messageOf(cause));
  }
}

/** An unreachable proxy, or one that refused to open a tunnel. */
export class ProxyError extends Error {
  constructor(
    readonly proxy: URL,
    override readonly cause: unknown,
    readonly status?: number,
  ) {
    super(messageOf(cause));
  }
}

/** An invalid answer; `isTransient` if another attempt may succeed. */
export class ContentFailure extends Error {
  constructor(
    message: string,
    readonly isTransient = false,
  ) {
    super(message);
  }
}

/** The code of the error for a server that is silent for too long. */
export const SILENCE = 'ERR_SILENCE';

const TRANSIENT_CODES = new Set([
  SILENCE,
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
  if (cause instanceof ProxyError) return cause.status === undefined ? known : cause.status >= 500;
  const code = systemCode(cause) ?? '';
  // A server that restarts refuses connections for a moment.
  return TRANSIENT_CODES.has(code) || code.startsWith('HPE_') || (code === 'ECONNREFUSED' && known);
}

/** The context of a failure: a client of a repository. */
interface FailureContext extends RepositoryName {
  readonly doing: string;
  readonly settings: { readonly credentials: CredentialStore };
  anonymous(): Promise<boolean>;
}

/** Describes a failure; other errors are returned unchanged. */
export async function describeFailure(error: unknown, about: FailureContext): Promise<unknown> {
  const fail = (code: ErrorCode, why: string, hint?: string): DockerceptionError => {
    const cause = error instanceof ConnectionFailure ? error.cause : error;
    return new DockerceptionError('engine', code, `${about.doing}: ${why}`, { cause, hint });
  };
  if (error instanceof HttpFailure) return httpError(error, about, fail);
  if (error instanceof ConnectionFailure) return connectionError(error, about.registry, fail);
  if (error instanceof ContentFailure)
    return fail('REGISTRY_ANSWER', `${about.registry}: ${error.message}`);
  return error;
}

type Fail = (code: ErrorCode, why: string, hint?: string) => DockerceptionError;

async function httpError(
  { status, reason, url, retryAfter }: HttpFailure,
  client: FailureContext,
  fail: Fail,
): Promise<DockerceptionError> {
  const { registry, repository } = client;
  const said = reason === '' ? `${status}` : `${status}, ${reason}`;
  if (status === 401 || status === 403) {
    const where = await client.settings.credentials
      .where(registry)
      .catch(() => 'a configuration that is broken');
    const isAnonymous = await client.anonymous().catch(() => false);
    const found = isAnonymous ? 'no credentials in' : 'with the credentials of';
    const login = registry === 'docker.io' ? 'docker login' : `docker login ${registry}`;
    const changed = where.endsWith(' DOCKER_AUTH_CONFIG')
      ? 'DOCKER_AUTH_CONFIG comes before what `docker login` has left'
      : `\`${login}\` changes the credentials`;
    return fail(
      'REGISTRY_DENIED',
      `${registry} denied access to ${repository} (${said}), ${found} ${where}`,
      isAnonymous ? `\`${login}\` adds credentials, unless the name is wrong` : changed,
    );
  }
  if (status === 429)
    return fail(
      'REGISTRY_BUSY',
      `${registry} has had too many requests (${said})`,
      retryAfter === undefined
        ? 'try again later'
        : `try again in ${Math.ceil(retryAfter / 1000)} s`,
    );
  const host = url.host === registry ? registry : `${registry} (${url.host})`;
  return fail('REGISTRY_FAILED', `${host} answered ${said}`);
}

function connectionError(
  { cause, url }: ConnectionFailure,
  registry: string,
  fail: Fail,
): DockerceptionError {
  if (cause instanceof ProxyError) {
    const why = cause.status === 407 ? 'it wants other credentials' : connectionReason(cause.cause);
    return fail(
      'REGISTRY_UNREACHABLE',
      `reaching ${url.host} through the proxy ${cause.proxy.host}: ${why}`,
      'HTTP_PROXY and HTTPS_PROXY name the proxy, NO_PROXY what is reached without',
    );
  }
  const host = url.host === registry ? registry : `${url.host} (for ${registry})`;
  if (UNTRUSTED.test(connectionCode(cause)))
    return fail(
      'REGISTRY_UNREACHABLE',
      `reaching ${host}: its certificate is not trusted: ${printable(messageOf(cause))}`,
      'its authority’s certificate goes into the file that NODE_EXTRA_CA_CERTS names, or ' +
        `into /etc/docker/certs.d/${url.host}/ca.crt; \`insecure: ${registry}\` does without`,
    );
  const why = connectionReason(cause);
  const hint = why.includes('TLS')
    ? `\`insecure: ${registry}\` allows plain HTTP`
    : registry === 'docker.io'
      ? 'a name without a registry is Docker Hub’s: others are named in front, as in registry:5000/app'
      : undefined;
  return fail('REGISTRY_UNREACHABLE', `reaching ${host}: ${why}`, hint);
}
