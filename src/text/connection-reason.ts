/** Why a connection failed, without system codes. */
import { messageOf, systemCode } from '../errors.js';
import { printable } from './printable.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such socket',
  ECONNREFUSED: 'connection refused, nothing listens there',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host’s name can’t be looked up',
  EHOSTUNREACH: 'no way to the host',
  ENETUNREACH: 'no way to the network',
  ETIMEDOUT: 'no answer',
  ENOTSOCK: 'not a socket',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it doesn’t speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it doesn’t speak TLS',
};

/** OpenSSL's and Node's codes for untrusted certificates. */
export const UNTRUSTED =
  /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA)/;

/** A description of a connection's failure. */
export function connectionReason(error: unknown): string {
  return REASONS[connectionCode(error)] ?? printable(messageOf(error), 1000);
}

/** The code of an error, or of the first error for several addresses of a host. */
export function connectionCode(error: unknown): string {
  if (error instanceof AggregateError && systemCode(error) === undefined)
    return connectionCode(error.errors[0]);
  const code = systemCode(error) ?? '';
  return code === 'EPROTO' && messageOf(error).includes('wrong version number')
    ? 'ERR_SSL_WRONG_VERSION_NUMBER'
    : code;
}
