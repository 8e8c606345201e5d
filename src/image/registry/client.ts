/** A client of one registry (OCI distribution-spec 1.1): its address, authentication and retries. */
import { Agents } from './agents.js';
import { Authenticator } from './authenticator.js';
import { certificatesFor } from './certificates.js';
import { ConnectionFailure, describeFailure, HttpFailure } from './errors.js';
import { addressesOf, isInsecure, isInsecureMachine } from './host.js';
import { type Answer, discard, exchange, followRedirects, refusal, type Request } from './http.js';
import { retry } from './retry.js';
import { type CompleteSettings, type RegistrySettings, withDefaults } from './settings.js';

/** Idle connections that may be closed at once. */
const MAX_IDLE = 8;

/** A request: `path` is relative to the address (`v2/…`), `url` a location from the registry. */
export interface RegistryRequest extends Omit<Request, 'url'> {
  readonly path?: string;
  readonly url?: URL;
  /** The scopes of the token, such as `repository:library/debian:pull`. */
  readonly scopes: readonly string[];
}

export class RegistryClient {
  readonly registry: string;
  readonly settings: CompleteSettings;
  readonly #agents: Agents;
  readonly #authenticator: Authenticator;
  #address: Promise<URL> | undefined;
  #known = false;

  constructor(registry: string, settings: CompleteSettings, agents: Agents) {
    this.registry = registry;
    this.settings = settings;
    this.#agents = agents;
    this.#authenticator = new Authenticator(registry, settings.credentials, (request) =>
      this.#exchange(request),
    );
  }

  /**
   * Runs `attempt`, again after transient failures, and describes its failure.
   * @param doing a gerund and its subject
   * @param signal aborts retries; `attempt` passes it to its own requests
   * @throws DockerceptionError of kind engine: REGISTRY_DENIED, REGISTRY_BUSY, REGISTRY_FAILED, REGISTRY_UNREACHABLE,
   * REGISTRY_ANSWER; what `attempt` itself throws; the signal's reason
   */
  async attempt<T>(
    doing: string,
    repository: string,
    attempt: (number: number) => Promise<T>,
    signal = this.settings.signal,
  ): Promise<T> {
    try {
      return await retry(attempt, () => this.#known, this.settings, signal);
    } catch (error) {
      const { registry, settings } = this;
      throw await describeFailure(error, {
        doing,
        registry,
        repository,
        credentials: settings.credentials,
        anonymous: () => this.#authenticator.anonymous(),
      });
    }
  }

  /**
   * Sends a request, follows redirects and authenticates when challenged.
   * @param statuses those that are a success
   * @throws HttpFailure for any other status; ConnectionFailure, ContentFailure
   */
  async send(request: RegistryRequest, statuses: readonly number[]): Promise<Answer> {
    const base = await (this.#address ??= this.#find());
    const { path = '', scopes, url = new URL(path, base), ...rest } = request;
    const hosts = this.settings.insecure;
    const insecure = base.protocol === 'http:' || isInsecure(this.registry, hosts);
    // Only the registry's own host and insecure hosts get credentials in plain text.
    const mayBePlain = (to: URL): boolean =>
      (insecure && to.hostname === base.hostname) || isInsecureMachine(to, hosts);
    for (let challenged = false; ; challenged = true) {
      const ours = url.origin === base.origin;
      const authorization = ours
        ? await this.#authenticator.authorization(scopes, mayBePlain)
        : undefined;
      const headers = {
        ...rest.headers,
        ...(authorization === undefined ? {} : { Authorization: authorization }),
      };
      const answer = await followRedirects(
        { ...rest, url, headers },
        (next) => this.#exchange(next),
        insecure,
      );
      if (statuses.includes(answer.status)) return answer;
      const asks = answer.status === 401 && ours && answer.url.origin === base.origin;
      if (!asks || challenged || !(await this.#authenticator.challenged(answer, authorization)))
        throw await refusal(answer);
      await discard(answer);
    }
  }

  /**
   * Resolves a location from the registry. Registries after a proxy that ends TLS give http locations: https is used
   * instead.
   */
  async resolve(location: string, from: URL): Promise<URL | undefined> {
    if (!URL.canParse(location, from.href)) return undefined;
    const url = new URL(location, from);
    const base = await (this.#address ??= this.#find());
    const same = url.hostname === base.hostname;
    if (same && url.protocol === 'http:' && base.protocol === 'https:') {
      if (url.port === '80') url.port = '';
      url.protocol = 'https:';
      if (url.port === '') url.port = base.port;
    }
    url.username = url.password = '';
    return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
  }

  async #exchange(request: Request): Promise<Answer> {
    for (let count = 1; ; count++) {
      try {
        const answer = await exchange(this.#agents, request, this.settings);
        this.#known = true;
        return answer;
      } catch (error) {
        // The server may have closed all idle connections. Uploads begin again with a new session instead.
        const stale = error instanceof ConnectionFailure && error.stale && !request.body?.size;
        if (!stale || count === MAX_IDLE) throw error;
      }
    }
  }

  async #find(): Promise<URL> {
    try {
      const { insecure, env } = this.settings;
      const certificates = await certificatesFor(this.registry, env);
      const addresses = addressesOf(
        this.registry,
        isInsecure(this.registry, insecure),
        certificates.ca !== undefined,
      );
      const [first, second] = addresses as [URL, URL?];
      if (second === undefined || (await this.#answers(first, second))) return first;
      return second;
    } catch (error) {
      this.#address = undefined;
      throw error;
    }
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

/** By the signal of a build, then by the other settings. */
const clients = new WeakMap<AbortSignal, Shared[]>();

interface Shared {
  readonly settings: RegistrySettings;
  readonly of: (registry: string) => RegistryClient;
}

/** The client of a registry, shared by equal settings. */
export function clientFor(registry: string, settings: RegistrySettings): RegistryClient {
  const known = clients.get(settings.signal) ?? [];
  clients.set(settings.signal, known);
  let shared = known.find((other) => isSame(other.settings, settings));
  if (!shared) known.push((shared = share(settings)));
  return shared.of(registry);
}

function share(settings: RegistrySettings): Shared {
  const resolved = withDefaults(settings);
  const agents = new Agents(resolved);
  const known = new Map<string, RegistryClient>();
  const of = (registry: string): RegistryClient => {
    let client = known.get(registry);
    if (!client) known.set(registry, (client = new RegistryClient(registry, resolved, agents)));
    return client;
  };
  return { settings, of };
}

function isSame(one: RegistrySettings, other: RegistrySettings): boolean {
  return (['env', 'insecure', 'report', 'credentials', 'timing'] as const).every(
    (key) => one[key] === other[key],
  );
}

/** Whether an error is this HTTP status. */
export function isStatus(error: unknown, ...statuses: readonly number[]): error is HttpFailure {
  return error instanceof HttpFailure && statuses.includes(error.status);
}
