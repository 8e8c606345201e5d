/**
 * Bearer tokens of a registry's token server (distribution, "Token Authentication Specification" and
 * "OAuth2"): a GET with the credentials as Basic, or a POST when there is an identity token.
 *
 * The server is the one that the registry names as its realm, and as with docker it may be another
 * host: it gets the registry's credentials, but not over plain HTTP where the registry has TLS.
 */
import { Readable } from 'node:stream';
import { addSecrets, basicAuthorization } from '../../text/redact.js';
import type { Credential } from '../credentials/credentials.js';
import { readBody, refusal } from './answer.js';
import type { Answer, Request } from './exchange.js';
import { ContentFailure } from './failure.js';
import { follow } from './follow.js';
import { isLoopback } from './host.js';

const MAX_ANSWER = 1 << 20;
/** Milliseconds that a token is good for at least; what is told in seconds is less exact. */
const LIFETIME = 60_000;
const CLIENT = 'dockerception';

export interface Token {
  readonly value: string;
  /** On the clock of `performance.now()`. */
  readonly expires: number;
}

/** What a challenge asks for. */
export interface TokenRequest {
  readonly realm: string;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  readonly credential: Credential | undefined;
  /** Whether credentials may go to this server without TLS. */
  readonly mayBePlain: (url: URL) => boolean;
}

/**
 * @throws HttpFailure, ConnectionFailure; ContentFailure when the answer has no token in it.
 */
export async function fetchToken(
  wanted: TokenRequest,
  send: (request: Request) => Promise<Answer>,
): Promise<Token> {
  const { credential, mayBePlain } = wanted;
  const realm = parseRealm(wanted);
  const request = credential?.identityToken
    ? oauthRequest(realm, wanted, credential.identityToken)
    : plainRequest(realm, wanted);
  // A form with a refresh token in it goes nowhere else.
  const answer =
    request.method === 'POST'
      ? await send(request)
      : await follow(request, send, mayBePlain(realm));
  if (answer.status !== 200) throw await refusal(answer);
  return parseToken(await readBody(answer, MAX_ANSWER), realm);
}

function parseRealm({ realm, credential, mayBePlain }: TokenRequest): URL {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new ContentFailure('its token server’s address is not a URL');
  if (credential && url.protocol === 'http:' && !mayBePlain(url) && !isLoopback(url.hostname))
    throw new ContentFailure(
      `its token server ${url.host} is not encrypted, it gets no credentials`,
    );
  return url;
}

function plainRequest(realm: URL, { service, scopes, credential }: TokenRequest): Request {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  url.searchParams.set('client_id', CLIENT);
  if (credential?.username) url.searchParams.set('account', credential.username);
  if (!credential || !hasPassword(credential)) return { method: 'GET', url };
  return { method: 'GET', url, headers: { Authorization: basic(credential) } };
}

function oauthRequest(url: URL, { service, scopes }: TokenRequest, refresh: string): Request {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: refresh,
    client_id: CLIENT,
    ...(service === undefined ? {} : { service }),
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
  });
  const bytes = Buffer.from(form.toString(), 'utf8');
  return {
    method: 'POST',
    url,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: { size: bytes.length, open: () => Promise.resolve(Readable.from([bytes])) },
  };
}

export function hasPassword({ username, password }: Credential): boolean {
  return username !== '' || password !== '';
}

/** The value of `Authorization` (RFC 7617). */
export function basic({ username, password }: Credential): string {
  return basicAuthorization(username, password);
}

function parseToken(body: Buffer, { host }: URL): Token {
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    // The parser's message would quote a token.
  }
  const { token, access_token, expires_in } = (json ?? {}) as Record<string, unknown>;
  const value = token || access_token;
  // What would break the header was never a token.
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value))
    throw new ContentFailure(`the answer of its token server ${host} has no token in it`);
  addSecrets(value);
  const seconds = typeof expires_in === 'number' ? expires_in : 0;
  // A little less: the token has a way to go.
  return { value, expires: performance.now() + Math.max(LIFETIME, seconds * 1000) * 0.9 };
}
