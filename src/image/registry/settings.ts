/** What every dealing with a registry needs to know. Plain data, defaulted once. */
import { type CredentialStore, credentialStore } from '../credentials/credentials.js';
import type { TransferReport } from './transfers.js';

/** An environment, as `process.env` is one. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * How registries are dealt with. Connections and tokens are shared by all that is done with the same
 * signal and otherwise the same settings.
 */
export interface RegistrySettings {
  /** `HTTPS_PROXY` and its like, `DOCKER_CONFIG`, `HOME`, `NODE_EXTRA_CA_CERTS`. */
  readonly env: Environment;
  /**
   * Hosts for which plain HTTP will do, and TLS with a certificate that can't be verified.
   * @default none; on loopback addresses both always will
   */
  readonly insecure?: readonly string[];
  /** Stops everything at once; what is under way rejects with its reason. */
  readonly signal: AbortSignal;
  /** Addresses of hosts by name, as `--add-host` has them. @default all are looked up */
  readonly hosts?: ReadonlyMap<string, string>;
  /** @default nothing is told */
  readonly report?: TransferReport;
  /** @default those of `env` */
  readonly credentials?: CredentialStore;
  /** @default {@link TIMING} */
  readonly timing?: Partial<Timing>;
}

/** How patient we are. */
export interface Timing {
  /** Milliseconds without a byte in either direction, after which a connection is given up. */
  readonly silence: number;
  /** Milliseconds before the second try; each further one waits twice as long. */
  readonly delay: number;
  /** Milliseconds at most that a `Retry-After` is waited for. */
  readonly longest: number;
  /** How often a thing is tried. */
  readonly tries: number;
}

const TIMING: Timing = { silence: 60_000, delay: 500, longest: 30_000, tries: 5 };

/** The settings with their defaults. */
export interface Resolved extends Required<Omit<RegistrySettings, 'timing'>> {
  readonly timing: Timing;
}

export function withDefaults(settings: RegistrySettings): Resolved {
  const { insecure = [], hosts = new Map(), report = () => {}, timing } = settings;
  const credentials = settings.credentials ?? credentialStore(settings.env);
  return { ...settings, insecure, hosts, report, credentials, timing: { ...TIMING, ...timing } };
}
