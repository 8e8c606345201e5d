/** Settings of registry clients. */
import { type CredentialStore, credentialStore } from '../credentials/credentials.js';
import type { TransferReport } from './transfers.js';

/** The clients of one settings object share connections and tokens. */
export interface RegistrySettings {
  /** `HTTPS_PROXY` and its like, `DOCKER_CONFIG`, `HOME`, `NODE_EXTRA_CA_CERTS`. */
  readonly env: NodeJS.ProcessEnv;
  /** Hosts that may use plain HTTP or an unverified certificate, as loopback addresses always may. @default none */
  readonly insecure?: readonly string[];
  /** Aborts everything; pending calls reject with its reason. */
  readonly signal: AbortSignal;
  /** Addresses of hosts by name. @default all are looked up */
  readonly hosts?: ReadonlyMap<string, string>;
  /** @default no reports */
  readonly report?: TransferReport;
  /** @default those of `env` */
  readonly credentials?: CredentialStore;
  /** @default {@link TIMING} */
  readonly timing?: Partial<Timing>;
}

/** Timeouts and retries. */
export interface Timing {
  /** Milliseconds without a byte in either direction before a connection is closed. */
  readonly silence: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly delay: number;
  /** The longest `Retry-After` to wait for, in milliseconds. */
  readonly longest: number;
  /** Attempts. */
  readonly tries: number;
}

const TIMING: Timing = { silence: 60_000, delay: 500, longest: 30_000, tries: 5 };

export interface CompleteSettings extends Required<RegistrySettings> {
  readonly timing: Timing;
}

export function withDefaults(settings: RegistrySettings): CompleteSettings {
  const { env, insecure = [], hosts = new Map(), report = () => {} } = settings;
  const { credentials = credentialStore(env) } = settings;
  const timing = { ...TIMING, ...settings.timing };
  return { ...settings, insecure, hosts, report, credentials, timing };
}
