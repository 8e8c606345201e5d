/** A client of one registry (OCI distribution-spec 1.1): its address, authentication and retries. */
import type { RepositoryName } from '../manifest.js';
import { Agents } from './agents.js';
import { Authenticator } from './authenticator.js';
import { certificatesFor } from './certificates.js';
import { ConnectionFailure, describeFailure, HttpFailure } from './errors.js';
import { addressesOf, httpUrl, isInsecure, isInsecureMachine } from './host.js';
import { type Answer, discard, exchange, followRedirects, refusal, type Request } from './http.js';
import { retry } from './retry.js';
import { type CompleteSettings, type RegistrySettings, withDefaults } from './settings.js';

/** Idle connections that may be closed at once. */
const MAX_IDLE = 8;

/** A request about a repository. */
interface RepositoryRequest extends Omit<Request, 'url'> {
  /** Relative to the repository: `manifests/latest`. */
  readonly path?: string;
  /** The complete URL, such as the location of an upload. @default from `path` */
  readonly url?: URL;
  /** Scopes in addition to the repository's own. */
  readonly scopes?: readonly string[];
}

/** A client of one repository, for one purpose. Clients of a registry share its connections and tokens. */
export class RepositoryClient implements RepositoryName {
  readonly registry: string;
  readonly repository: string;
  readonly settings: CompleteSettings;
  readonly #registry: RegistryClient;
  readonly #scope: string;

  /** @param doing a gerund and its subject, for messages: `pulling debian:12` */
  constructor(
    { registry, repository }: RepositoryName,
    readonly doing: string,
    access: 'pull' | 'pull,push',
    settings: RegistrySettings,
  ) {
    this.registry = registry;
    this.repository = repository;
    this.#registry = clientFor(registry, settings);
    this.settings = this.#registry.settings;
    this.#scope = `repository:${repository}:${access}`;
  }

  /**
   * Runs `attempt`, again after transient failures, and describes its failure.
   * @param signal aborts retries; `attempt` passes it to its own requests
   * @throws DockerceptionError of kind engine: REGISTRY_DENIED, REGISTRY_BUSY, REGISTRY_FAILED, REGISTRY_UNREACHABLE,
   * REGISTRY_ANSWER; what `attempt` itself throws; the signal's reason
   */
  async attempt<T>(
    attempt: (number: number) => Promise<T>,
    signal = this.settings.signal,
  ): Promise<T> {
    try {
      return await retry(attempt, () => this.#registry.hasAnswered, this.settings, signal);
    } catch (error) {
      throw await describeFailure(error, this);
    }
  }

  /** Whether there are no credentials for the registry. */
  anonymous(): Promise<boolean> {
    return this.#registry.authenticator.anonymous();
  }

  /**
   * Sends a request, follows redirects and authenticates when challenged.
   * @param statuses those that are a success
   * @throws HttpFailure for any other status; ConnectionFailure, ContentFailure
   */
  async send(
    { path = '', url, scopes = [], ...rest }: RepositoryRequest,
    statuses: readonly number[],
  ): Promise<Answer> {
    const base = await this.#registry.address();
    const to = url ?? new URL(`v2/${this.repository}/${path}`, base);
    return this.#registry.send({ ...rest, url: to }, base, [this.#scope, ...scopes], statuses);
  }

  /**
   * Resolves a location from the registry. Registries after a proxy that ends TLS give http locations: https is used
   * instead.
   */
  async resolve(location: string, from: URL): Promise<URL | undefined> {
    const url = httpUrl(location, from);
    const base = await this.#registry.address();
    const isSame = url?.hostname === base.hostname;
    if (isSame && url.protocol === 'http:' && base.protocol === 'https:') {
      if (url.port === '80') url.port = '';
      url.protocol = 'https:';
      if (url.port === '') url.port = base.port;
    }
    return url;
  }
}

/** The address, the connections and the tokens of one registry. */
class RegistryClient {
  readonly authenticator: Authenticator;
  hasAnswered = false;
  readonly #agents: Agents;
  #address: Promise<URL> | undefined;

  constructor(
    private readonly registry: string,
    readonly settings: CompleteSettings,
  ) {
    this.#agents = new Agents(settings);
    this.authenticator = new Authenticator(registry, settings.credentials, (request) =>
      this.#exchange(request),
    );
  }

  address(): Promise<URL> {
    return (this.#address ??= this.#find().catch((error: unknown) => {
      this.#address = undefined;
      throw error;
    }));
  }

  /** Throws as {@link RepositoryClient.send}. */
  async send(
    request: Request,
    base: URL,
    scopes: readonly string[],
    statuses: readonly number[],
  ): Promise<Answer> {
    const hosts = this.settings.insecure;
    const insecure = base.protocol === 'http:' || isInsecure(this.registry, hosts);
    // Only the registry's own host and insecure hosts get credentials in plain text.
    const mayBePlain = (to: URL): boolean =>
      (insecure && to.hostname === base.hostname) || isInsecureMachine(to, hosts);
    const isOwn = request.url.origin === base.origin;
    for (let challenged = false; ; challenged = true) {
      const authorization = isOwn
        ? await this.authenticator.authorization(scopes, mayBePlain)
        : undefined;
      const headers = {
        ...request.headers,
        ...(authorization !== undefined && { Authorization: authorization }),
      };
      const answer = await followRedirects(
        { ...request, headers },
        (next) => this.#exchange(next),
        insecure,
      );
      if (statuses.includes(answer.status)) return answer;
      const asks = answer.status === 401 && isOwn && answer.url.origin === base.origin;
      const another =
        asks &&
        !challenged &&
        (await this.authenticator
          .challenged(answer, authorization)
          .catch(async (error: unknown) => {
            // An answer that is not read keeps the process alive.
            await discard(answer);
            throw error;
          }));
      if (!another) throw await refusal(answer);
      await discard(answer);
    }
  }

  async #exchange(request: Request): Promise<Answer> {
    for (let count = 1; ; count++) {
      try {
        const answer = await exchange(this.#agents, request, this.settings);
        this.hasAnswered = true;
        return answer;
      } catch (error) {
        // The server may have closed all idle connections. Uploads begin again with a new session instead.
        const stale = error instanceof ConnectionFailure && error.stale && !request.body?.size;
        if (!stale || count === MAX_IDLE) throw error;
      }
    }
  }

  async #find(): Promise<URL> {
    const { insecure, env } = this.settings;
    const { ca } = await certificatesFor(this.registry, env);
    const isLoose = isInsecure(this.registry, insecure);
    const [first, second] = addressesOf(this.registry, isLoose, ca !== undefined) as [URL, URL?];
    return second === undefined || (await this.#answers(first, second)) ? first : second;
  }

  /** Whether the registry answers at `first` with the right protocol. Sends no credentials. */
  async #answers(first: URL, second: URL): Promise<boolean> {
    const speaks = async (base: URL): Promise<boolean> => {
      const url = new URL('v2/', base);
      const answer = await exchange(this.#agents, { method: 'GET', url }, this.settings);
      await discard(answer);
      // A TLS server answers plain HTTP with 400.
      return answer.status !== 400;
    };
    try {
      return (await speaks(first)) || !(await speaks(second).catch(() => false));
    } catch (error) {
      if (!(error instanceof ConnectionFailure)) throw error;
      if (await speaks(second).catch(() => false)) return false;
      throw error;
    }
  }
}

/** The clients of registries, for each settings object. */
const known = new WeakMap<RegistrySettings, Map<string, RegistryClient>>();

function clientFor(registry: string, settings: RegistrySettings): RegistryClient {
  const clients = known.get(settings) ?? new Map<string, RegistryClient>();
  known.set(settings, clients);
  const client = clients.get(registry) ?? new RegistryClient(registry, withDefaults(settings));
  clients.set(registry, client);
  return client;
}

/** Whether an error is this HTTP status. */
export function isStatus(error: unknown, ...statuses: readonly number[]): error is HttpFailure {
  return error instanceof HttpFailure && statuses.includes(error.status);
}
