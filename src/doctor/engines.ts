/** The engines that this machine knows: the one that the environment names, those of docker contexts, other sockets. */
import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { chooseBackend } from '../engine/docker/build-options.js';
import { Connection } from '../engine/docker/connection.js';
import { contextNames, type Endpoint, resolveEndpoint } from '../engine/docker/endpoint.js';
import type { DockerceptionError } from '../errors.js';
import { formatPermissions } from '../text/format.js';
import { failureOf } from './failure.js';

/** An engine, and what it answers. */
export interface EngineReport {
  /** Without a password; undefined if the setting is invalid. */
  readonly address?: string;
  /** The setting that names it: `DOCKER_HOST`, `context NAME (DOCKER_CONTEXT)`, `default socket`. */
  readonly origin: string;
  /** Whether it is the one that the environment names; the default socket if none is named. */
  readonly isDefault: boolean;
  readonly socket?: SocketReport;
  readonly product?: 'Docker' | 'Podman';
  readonly version?: string;
  readonly apiVersion?: string;
  /** The one that builds. */
  readonly builder?: (typeof BUILDERS)[keyof typeof BUILDERS];
  /** Why there is no answer. */
  readonly error?: DockerceptionError;
}

/** A socket of this machine. */
interface SocketReport {
  /** `rw-rw----`. */
  readonly permissions: string;
  readonly owner: string;
  readonly group: string;
  /** Whether this process may connect. */
  readonly isAccessible: boolean;
}

const BUILDERS = { buildkit: 'BuildKit', classic: 'classic builder', podman: 'Buildah' } as const;

/** Settings that name an engine, or belong to one that is named. */
const NAMING = /^DOCKER_(?:HOST|CONTEXT|TLS|TLS_VERIFY|CERT_PATH)$/;

/** The default one comes first. Only that one is asked through ssh. */
export async function engineReports(
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  defaultSocket?: string,
): Promise<EngineReport[]> {
  const plain = Object.fromEntries(Object.entries(env).filter(([name]) => !NAMING.test(name)));
  const used = await resolved(env, 'the environment', defaultSocket);
  const contexts = await Promise.all(
    (await contextNames(env)).map((name) =>
      resolved({ ...plain, DOCKER_CONTEXT: name }, `context ${name}`),
    ),
  );
  const isKnown = (url: string): boolean =>
    [used, ...contexts].some(({ endpoint }) => endpoint?.url === url);
  const sockets = (used.endpoint?.others ?? []).filter((url) => !isKnown(url));
  const others = await Promise.all(
    sockets.map((url) => resolved({ ...plain, DOCKER_HOST: url }, 'another socket')),
  );
  const isOther = ({ endpoint, error }: Resolved): boolean =>
    endpoint === undefined
      ? error?.message !== used.error?.message
      : endpoint.url !== used.endpoint?.url;
  return Promise.all([
    report(used, true, env, signal),
    ...[...contexts.filter(isOther), ...others].map((one) => report(one, false, env, signal)),
  ]);
}

/** An engine's endpoint, or the error of its settings. */
interface Resolved {
  readonly endpoint?: Endpoint;
  readonly origin: string;
  readonly error?: DockerceptionError;
}

async function resolved(
  env: NodeJS.ProcessEnv,
  origin: string,
  defaultSocket?: string,
): Promise<Resolved> {
  try {
    const endpoint = await resolveEndpoint(env, undefined, defaultSocket);
    return { endpoint, origin: origin === 'the environment' ? endpoint.origin : origin };
  } catch (error) {
    return { origin, error: failureOf(error) };
  }
}

async function report(
  { endpoint, origin, error }: Resolved,
  isDefault: boolean,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<EngineReport> {
  if (endpoint === undefined) return { origin, isDefault, ...(error && { error }) };
  const { address, url } = endpoint;
  const socket = address.kind === 'unix' ? await socketReport(address.path) : undefined;
  const found = { address: url, origin, isDefault, ...(socket && { socket }) };
  // ssh may wait for a person.
  if (!isDefault && address.kind === 'ssh') return found;
  try {
    return { ...found, ...(await ask(new Connection(endpoint, env), env, signal)) };
  } catch (error) {
    return { ...found, error: failureOf(error, signal, `reaching the engine at ${endpoint.name}`) };
  }
}

async function ask(
  connection: Connection,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Partial<EngineReport>> {
  const ping = await connection.ping(signal);
  const answer = await connection.json({ method: 'GET', path: '/version' }, signal);
  const { Version, ApiVersion } = (answer ?? {}) as Record<string, unknown>;
  return {
    product: ping.isPodman ? 'Podman' : 'Docker',
    ...(typeof Version === 'string' && { version: Version }),
    ...(typeof ApiVersion === 'string' && { apiVersion: ApiVersion }),
    builder: BUILDERS[chooseBackend(env, ping)],
  };
}

async function socketReport(path: string): Promise<SocketReport | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  const isAccessible = await access(path, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  return {
    permissions: formatPermissions(found.mode),
    owner: await nameOf('/etc/passwd', found.uid),
    group: await nameOf('/etc/group', found.gid),
    isAccessible,
  };
}

/** The name of an id in /etc/passwd or /etc/group, else the id. */
async function nameOf(file: string, id: number): Promise<string> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  const line = lines.find((one) => one.split(':')[2] === String(id));
  return line?.split(':')[0] ?? String(id);
}
