/**
 * Proves to one registry who we are, in the way it asks for: not at all, with a user and a password
 * (RFC 7617), or with tokens, one for each set of scopes. Credentials are looked up when they are
 * asked for, never before.
 */
import type { Credential, CredentialStore } from '../credentials/credentials.js';
import { type Challenge, parseChallenges } from './challenge.js';
import type { Answer, Request } from './exchange.js';
import { basic, fetchToken, hasPassword, type Token } from './token.js';

/** What one registry asks of us, and what it was given. */
export class Authenticator {
  readonly #registry: string;
  readonly #credentials: CredentialStore;
  readonly #send: (request: Request) => Promise<Answer>;
  readonly #tokens = new Map<string, Promise<Token>>();
  #challenge: Challenge | undefined;
  #credential: Promise<Credential | undefined> | undefined;

  /** @param send how requests to the token server are made. */
  constructor(
    registry: string,
    credentials: CredentialStore,
    send: (request: Request) => Promise<Answer>,
  ) {
    this.#registry = registry;
    this.#credentials = credentials;
    this.#send = send;
  }

  /**
   * Takes what a 401 asks for.
   *
   * @returns whether it is worth another try: false when we have nothing that it wants, or when what
   *   was refused is the best we have.
   */
  async challenged(answer: Answer, sent: string | undefined): Promise<boolean> {
    const challenges = parseChallenges(answer.headers['www-authenticate']);
    const usable = (name: string): Challenge | undefined =>
      challenges.find(({ scheme }) => scheme === name);
    this.#challenge = usable('bearer') ?? usable('basic');
    if (this.#challenge?.scheme === 'bearer') {
      // A token may have expired; what was asked for meanwhile has not.
      for (const [key, token] of this.#tokens) {
        const value = await token.then(
          (known) => known.value,
          () => undefined,
        );
        if (`Bearer ${value}` === sent) this.#tokens.delete(key);
      }
      const credential = await this.#lookUp();
      return !credential?.registryToken || sent === undefined;
    }
    if (this.#challenge === undefined || sent?.startsWith('Basic ')) return false;
    const credential = await this.#lookUp();
    return credential !== undefined && hasPassword(credential);
  }

  /**
   * The value of `Authorization` for requests of these scopes; undefined when none was asked for.
   *
   * @throws what {@link fetchToken} and the credentials throw.
   */
  async authorization(
    scopes: readonly string[],
    mayBePlain: (url: URL) => boolean,
  ): Promise<string | undefined> {
    const challenge = this.#challenge;
    if (!challenge) return undefined;
    const credential = await this.#lookUp();
    if (challenge.scheme === 'basic')
      return credential && hasPassword(credential) ? basic(credential) : undefined;
    if (credential?.registryToken) return `Bearer ${credential.registryToken}`;
    const { realm = '', service, scope } = challenge.parameters;
    const wanted = scopes.length > 0 ? scopes : scope === undefined ? [] : [scope];
    const key = wanted.join(' ');
    const known = await this.#tokens.get(key);
    if (known && known.expires > performance.now()) return `Bearer ${known.value}`;
    const token = fetchToken(
      { realm, service, scopes: wanted, credential, mayBePlain },
      this.#send,
    );
    this.#tokens.set(key, token);
    // What failed is asked for again.
    token.catch(() => this.#tokens.delete(key));
    return `Bearer ${(await token).value}`;
  }

  /** Whether there are credentials, for a message. */
  async anonymous(): Promise<boolean> {
    return (await this.#lookUp()) === undefined;
  }

  #lookUp(): Promise<Credential | undefined> {
    return (this.#credential ??= this.#credentials.get(this.#registry));
  }
}
