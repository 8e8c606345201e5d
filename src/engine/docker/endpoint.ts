/**
 * Which engine is meant. The order is the docker CLI's (cli/command/cli.go): `DOCKER_HOST`, then
 * `DOCKER_CONTEXT`, then `currentContext` of config.json, then the default socket.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readDockerConfig } from '../../image/credentials/docker-config.js';
import { redactAddress } from '../../text/redact.js';
import { type Address, DEFAULT_SOCKET, parseAddress } from './address.js';
import { readContext, readTls, type TlsMaterial } from './context-store.js';

/** An environment, as `process.env` is one. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The engine to use, and what names it. Nothing has been connected to yet. */
export interface Endpoint {
  /** The address as a message shows it, without a password: `unix:///var/run/docker.sock`. */
  readonly url: string;
  /** What named it: `DOCKER_HOST`, `context NAME (DOCKER_CONTEXT)`, `default socket`. */
  readonly origin: string;
  /** Whether the environment or a docker context names it; false for the default socket. */
  readonly named: boolean;
  readonly address: Address;
  readonly tls: TlsMaterial | undefined;
  /** Other engines' sockets that exist on this machine, for a hint; never used silently. */
  readonly others: readonly string[];
  /** `v1.41`, when `DOCKER_API_VERSION` asks for it. */
  readonly apiVersion: string | undefined;
}

/** Where the engine is looked for. */
export interface EndpointOptions {
  /** The user's home folder. */
  readonly home: string;
  /** The socket to use when nothing names an engine. @default /var/run/docker.sock */
  readonly defaultSocket?: string | undefined;
}

/**
 * Finds the engine that the environment names.
 *
 * @param env the environment: DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG, DOCKER_TLS_VERIFY,
 *   DOCKER_TLS, DOCKER_CERT_PATH, DOCKER_API_VERSION, XDG_RUNTIME_DIR are read.
 * @throws DockerceptionError of kind engine: ENGINE_ADDRESS, ENGINE_CONTEXT, ENGINE_TLS; kind
 *   usage, DOCKER_CONFIG_INVALID, when config.json is damaged.
 */
export async function resolveEndpoint(
  env: Environment,
  { home, defaultSocket = DEFAULT_SOCKET }: EndpointOptions,
): Promise<Endpoint> {
  const found = await nameEngine(env, home);
  const { origin, tls } = found;
  const named = origin !== DEFAULT_ORIGIN;
  const host = named ? found.host : `unix://${defaultSocket}`;
  const address = parseAddress(host, origin, tls !== undefined);
  const api = env['DOCKER_API_VERSION'];
  return {
    url:
      redactAddress(host.trim()) ||
      (address.kind === 'unix' ? `unix://${address.path}` : 'tcp://localhost:2376'),
    origin,
    named,
    address,
    // As in the docker CLI, the certificates are for TCP; a socket or ssh needs none.
    tls: address.kind === 'tcp' ? tls : undefined,
    others: await otherSockets(env, home, address),
    apiVersion: api ? `v${api.replace(/^v/, '')}` : undefined,
  };
}

const DEFAULT_ORIGIN = 'default socket';

interface Named {
  readonly host: string;
  readonly origin: string;
  readonly tls: TlsMaterial | undefined;
}

async function nameEngine(env: Environment, home: string): Promise<Named> {
  const folder = env['DOCKER_CONFIG'] || join(home, '.docker');
  const host = env['DOCKER_HOST'];
  if (!host) {
    const fromEnv = env['DOCKER_CONTEXT'];
    const name = fromEnv || (await readDockerConfig(folder)).currentContext;
    if (name && name !== 'default') {
      const by = fromEnv ? 'DOCKER_CONTEXT' : `currentContext of ${join(folder, 'config.json')}`;
      const context = await readContext(folder, name, by);
      return { ...context, origin: `context ${name} (${by})` };
    }
  }
  const tls = await tlsOfEnvironment(env, folder);
  if (host) return { host, origin: 'DOCKER_HOST', tls };
  return { host: '', origin: tls ? 'default TLS address' : DEFAULT_ORIGIN, tls };
}

/** `DOCKER_TLS_VERIFY` and `DOCKER_TLS` count when they are not empty, whatever they say. */
async function tlsOfEnvironment(
  env: Environment,
  folder: string,
): Promise<TlsMaterial | undefined> {
  const verify = Boolean(env['DOCKER_TLS_VERIFY']);
  if (!verify && !env['DOCKER_TLS']) return undefined;
  const byPath = env['DOCKER_CERT_PATH'];
  const origin = byPath ? 'DOCKER_CERT_PATH' : 'DOCKER_TLS_VERIFY';
  return readTls(byPath || folder, origin, verify, verify ? ['ca.pem'] : []);
}

async function otherSockets(env: Environment, home: string, used: Address): Promise<string[]> {
  const runtime = env['XDG_RUNTIME_DIR'];
  const candidates = [
    DEFAULT_SOCKET,
    ...(runtime ? [join(runtime, 'docker.sock'), join(runtime, 'podman', 'podman.sock')] : []),
    join(home, '.docker', 'run', 'docker.sock'),
    '/run/podman/podman.sock',
  ];
  const found: string[] = [];
  for (const path of candidates) {
    if (used.kind === 'unix' && used.path === path) continue;
    // Not there, or not ours to see: then it is no hint either.
    const socket = await stat(path).then(
      (entry) => entry.isSocket(),
      () => false,
    );
    if (socket) found.push(`unix://${path}`);
  }
  return found;
}
