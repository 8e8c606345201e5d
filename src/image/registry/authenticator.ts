/**
 * Authentication with one registry, as it requests it: none, Basic (RFC 7617), or Bearer tokens for sets of scopes from
 * its token server (distribution, "Token Authentication Specification" and "OAuth2"). The token server may be another
 * host, as with Docker, but gets no credentials over plain HTTP if the registry has TLS.
 */
import { addSecrets, basicAuthorization } from '../../text/redact.js';
import type { Credential, CredentialStore } from '../credentials/credentials.js';
import { tryParseJson } from '../document.js';
import { ContentFailure } from './errors.js';
import { httpUrl, isLoopback } from './host.js';
import {
  type Answer,
  bytesBody,
  followRedirects,
  readBody,
  refusal,
  type Request,
} from './http.js';

export class Authenticator {
  readonly #tokens = new Map<string, Promise<Token>>();
  #challenge: Challenge | undefined;
  #credential: Promise<Credential | undefined> | undefined;

  constructor(
    private readonly registry: string,
    private readonly credentials: CredentialStore,
    private readonly send: (request: Request) => Promise<Answer>,
  ) {}

  /**
   * Reads the challenges of a 401.
   * @returns whether another attempt can succeed with the available credentials
   */
  async challenged(answer: Answer, sent: string | undefined): Promise<boolean> {
    const challenges = parseChallenges(answer.headers['www-authenticate']);
    this.#challenge =
      challenges.find(({ scheme }) => scheme === 'bearer') ??
      challenges.find(({ scheme }) => scheme === 'basic');
    if (this.#challenge?.scheme === 'bearer') {
      // The refused token may have expired; newer ones have not.
      for (const [key, token] of this.#tokens) {
        const known = await token.catch(() => undefined);
        if (`Bearer ${known?.value}` === sent) this.#tokens.delete(key);
      }
      const credential = await this.#lookUp();
      return !credential?.registryToken || sent === undefined;
    }
    if (this.#challenge === undefined || sent?.startsWith('Basic ')) return false;
    return basic(await this.#lookUp()) !== undefined;
  }

  /**
   * The value of `Authorization` for these scopes; undefined if the registry has not requested any.
   * @throws as {@link fetchToken} and the credentials do
   */
  async authorization(
    scopes: readonly string[],
    mayBePlain: (url: URL) => boolean,
  ): Promise<string | undefined> {
    const challenge = this.#challenge;
    if (!challenge) return undefined;
    const credential = await this.#lookUp();
    if (challenge.scheme === 'basic') return basic(credential);
    if (credential?.registryToken) return `Bearer ${credential.registryToken}`;
    const { realm = '', service, scope } = challenge.parameters;
    const wanted = scopes.length === 0 && scope !== undefined ? [scope] : scopes;
    const key = wanted.join(' ');
    const known = await this.#tokens.get(key);
    if (known && known.expires > performance.now()) return `Bearer ${known.value}`;
    const token = fetchToken({ realm, service, scopes: wanted, credential, mayBePlain }, this.send);
    this.#tokens.set(key, token);
    token.catch(() => this.#tokens.delete(key));
    return `Bearer ${(await token).value}`;
  }

  async anonymous(): Promise<boolean> {
    return (await this.#lookUp()) === undefined;
  }

  #lookUp(): Promise<Credential | undefined> {
    return (this.#credential ??= this.credentials.get(this.registry));
  }
}

/** An authentication scheme of `WWW-Authenticate` (RFC 9110, section 11.3). */
interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** By names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
/** A parameter, or a scheme: a token without `=`. */
const PART = new RegExp(
  `[\\s,]*(?:(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]*))|(${TOKEN})(?=[\\s,]|$))`,
  'gy',
);

/** The challenges of a header in their order, up to the first invalid character. */
export function parseChallenges(header: string | undefined): readonly Challenge[] {
  const found: { scheme: string; parameters: Record<string, string> }[] = [];
  for (const [, name, quoted, plain, scheme] of (header ?? '').matchAll(PART)) {
    if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), parameters: {} });
    const current = found.at(-1);
    if (name === undefined || !current) continue;
    current.parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
  }
  return found;
}

const MAX_ANSWER = 1 << 20;
/** The minimum lifetime of a token, in milliseconds. */
const LIFETIME = 60_000;
const CLIENT = 'dockerception';

interface Token {
  readonly value: string;
  /** On the clock of `performance.now()`. */
  readonly expires: number;
}

interface TokenRequest {
  readonly realm: string;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  readonly credential: Credential | undefined;
  /** Whether a server may get credentials without TLS. */
  readonly mayBePlain: (url: URL) => boolean;
}

/**
 * Requests a token.
 * @throws HttpFailure, ConnectionFailure; ContentFailure for an answer without a token
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
  // A refresh token is not sent to the target of a redirect.
  const answer =
    request.method === 'POST'
      ? await send(request)
      : await followRedirects(request, send, mayBePlain(realm));
  if (answer.status !== 200) throw await refusal(answer);
  return parseToken(await readBody(answer, MAX_ANSWER), realm);
}

function parseRealm({ realm, credential, mayBePlain }: TokenRequest): URL {
  const url = httpUrl(realm);
  if (!url) throw new ContentFailure('its token server’s address is not a URL');
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
  const authorization = basic(credential);
  return {
    method: 'GET',
    url,
    ...(authorization !== undefined && { headers: { Authorization: authorization } }),
  };
}

function oauthRequest(url: URL, { service, scopes }: TokenRequest, refresh: string): Request {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: refresh,
    client_id: CLIENT,
    ...(service !== undefined && { service }),
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
  });
  return {
    method: 'POST',
    url,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: bytesBody(Buffer.from(form.toString())),
  };
}

/** Basic authentication; undefined without a user and a password. */
function basic(credential: Credential | undefined): string | undefined {
  const { username = '', password = '' } = credential ?? {};
  return username === '' && password === '' ? undefined : basicAuthorization(username, password);
}

function parseToken(body: Buffer, { host }: URL): Token {
  const json = tryParseJson(body.toString('utf8'));
  const { token, access_token, expires_in } = (json ?? {}) as Record<string, unknown>;
  const value = token || access_token;
  // Other characters would break the header.
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value))
    throw new ContentFailure(`the answer of its token server ${host} has no token in it`);
  addSecrets(value);
  const seconds = typeof expires_in === 'number' ? expires_in : 0;
  // The token needs time to arrive.
  return { value, expires: performance.now() + Math.max(LIFETIME, seconds * 1000) * 0.9 };
}
