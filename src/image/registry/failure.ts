/**
 * What can go wrong between us and a registry, before it is put into words: an answer that is no
 * success, a connection that broke, a proxy that refused; and which of it may pass by itself.
 */
import { messageOf, systemCode } from '../../errors.js';

/** An answer with another status than was hoped for. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';

  /**
   * @param status the HTTP status.
   * @param code the registry's own first code (`MANIFEST_UNKNOWN`, …), or an empty string.
   * @param reason what it says, fit for a message; may be empty.
   * @param retryAfter milliseconds that it asks us to wait, when it does.
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

/** No answer, or a part of one. */
export class ConnectionFailure extends Error {
  override readonly name = 'ConnectionFailure';

  /**
   * @param stale whether the connection had been kept from an earlier request: its server may have
   *   closed it while it was idle, which says nothing about the server.
   */
  constructor(
    readonly url: URL,
    override readonly cause: unknown,
    readonly stale: boolean,
  ) {
    super(messageOf(cause));
  }
}

/** The server said nothing for too long. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';
  constructor(milliseconds: number) {
    super(`nothing came for ${milliseconds / 1000} s`);
  }
}

/** A proxy could not be reached, or refused to open a tunnel. */
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

/** A download whose bytes are too few, too many, or others. */
export class ContentFailure extends Error {
  override readonly name = 'ContentFailure';
  constructor(
    message: string,
    readonly passing = false,
  ) {
    super(message);
  }
}

const PASSING = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** Whether another try may do better. `known` tells that the registry has answered before. */
export function mayPass(error: unknown, known: boolean): boolean {
  if (error instanceof HttpFailure)
    return (
      error.status === 429 || error.status === 408 || (error.status >= 500 && error.status !== 501)
    );
  if (error instanceof ContentFailure) return error.passing;
  if (!(error instanceof ConnectionFailure)) return false;
  const { cause } = error;
  if (cause instanceof SilenceError) return true;
  if (cause instanceof ProxyError) return cause.status === undefined ? known : cause.status >= 500;
  const code = systemCode(cause) ?? '';
  // A server that is being restarted refuses for a moment.
  return PASSING.has(code) || code.startsWith('HPE_') || (code === 'ECONNREFUSED' && known);
}
