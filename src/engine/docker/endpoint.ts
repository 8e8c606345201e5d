/**
 * Finds the engine to use, in the order of the docker CLI (cli/command/cli.go): `DOCKER_HOST`, `DOCKER_CONTEXT`,
 * `currentContext` of config.json, the default socket.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DockerceptionError, messageOf, systemCode } from '../../errors.js';
import {
  configFolder,
  homeFolder,
  readDockerConfig,
} from '../../image/credentials/docker-config.js';
import { tryParseJson } from '../../image/document.js';
import { redactAddress } from '../../text/redact.js';
import { type Address, DEFAULT_SOCKET, parseAddress, type TlsMaterial } from './address.js';

/** The engine to use. There is no connection to it yet. */
export interface Endpoint {
  /** The address without a password: `unix:///var/run/docker.sock`. */
  readonly url: string;
  /** The setting that names it: `DOCKER_HOST`, `context NAME (DOCKER_CONTEXT)`, `default socket`. */
  readonly origin: string;
  /** The address and the setting, for messages. */
  readonly name: string;
  /** Whether the environment or a docker context names it; false for the default socket. */
  readonly named: boolean;
  readonly address: Address;
  readonly tls: TlsMaterial | undefined;
  /** Sockets of other engines on this machine, for a hint. */
  readonly others: readonly string[];
  /** `v1.41`, if `DOCKER_API_VERSION` is set. */
  readonly apiVersion: string | undefined;
}

/**
 * Finds the engine that the environment names.
 *
 * @param env the environment: DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG, DOCKER_TLS_VERIFY,
 *   DOCKER_TLS, DOCKER_CERT_PATH, DOCKER_API_VERSION, XDG_RUNTIME_DIR are read.
 * @param home the user's home folder.
 * @param defaultSocket the socket if no setting names an engine.
 * @throws DockerceptionError of kind engine: ENGINE_ADDRESS, ENGINE_CONTEXT, ENGINE_TLS; kind
 *   usage, DOCKER_CONFIG_INVALID, if config.json is damaged.
 */
export async function resolveEndpoint(
  env: NodeJS.ProcessEnv,
  home = homeFolder(env),
  defaultSocket = DEFAULT_SOCKET,
): Promise<Endpoint> {
  const { origin, tls, host: found } = await nameEngine(env, home);
  const named = origin !== DEFAULT_ORIGIN;
  const host = named ? found : `unix://${defaultSocket}`;
  const address = parseAddress(host, origin, tls !== undefined);
  const api = env['DOCKER_API_VERSION'];
  const url =
    redactAddress(host.trim()) ||
    (address.kind === 'unix' ? `unix://${address.path}` : 'tcp://localhost:2376');
  return {
    url,
    origin,
    name: `${url} (${origin})`,
    named,
    address,
    // As in the docker CLI, a socket or ssh needs no certificates.
    tls: address.kind === 'tcp' ? tls : undefined,
    others: await otherSockets(env, home, address),
    apiVersion: api ? `v${api.replace(/^v/, '')}` : undefined,
  };
}

const DEFAULT_ORIGIN = 'default socket';

/** The address of the engine, empty for the default socket, and the setting that names it. */
async function nameEngine(
  env: NodeJS.ProcessEnv,
  home: string,
): Promise<Pick<Endpoint, 'origin' | 'tls'> & { readonly host: string }> {
  const folder = configFolder(env, home);
  const host = env['DOCKER_HOST'];
  if (!host) {
    const fromEnv = env['DOCKER_CONTEXT'];
    const name = fromEnv || (await readDockerConfig(folder)).currentContext;
    if (name && name !== 'default') {
      const by = fromEnv ? 'DOCKER_CONTEXT' : `currentContext of ${join(folder, 'config.json')}`;
      return readContext(folder, name, by);
    }
  }
  // These variables are set by any value but an empty one.
  const verify = Boolean(env['DOCKER_TLS_VERIFY']);
  const byPath = env['DOCKER_CERT_PATH'];
  const by = byPath ? 'DOCKER_CERT_PATH' : 'DOCKER_TLS_VERIFY';
  const need = verify ? ['ca.pem'] : [];
  const usesTls = verify || Boolean(env['DOCKER_TLS']);
  const tls = usesTls ? await readTls(byPath || folder, by, verify, need) : undefined;
  if (host) return { host, origin: 'DOCKER_HOST', tls };
  return { host: '', origin: tls ? 'default TLS address' : DEFAULT_ORIGIN, tls };
}

async function otherSockets(
  env: NodeJS.ProcessEnv,
  home: string,
  used: Address,
): Promise<string[]> {
  const runtime = env['XDG_RUNTIME_DIR'];
  const candidates = [
    DEFAULT_SOCKET,
    ...(runtime ? [join(runtime, 'docker.sock'), join(runtime, 'podman', 'podman.sock')] : []),
    join(home, '.docker', 'run', 'docker.sock'),
    '/run/podman/podman.sock',
  ];
  const free = candidates.filter((path) => used.kind !== 'unix' || used.path !== path);
  const entries = await Promise.all(free.map((path) => stat(path).catch(() => undefined)));
  return free.filter((_path, index) => entries[index]?.isSocket()).map((path) => `unix://${path}`);
}

/** The names of the docker contexts of an environment, sorted. */
export async function contextNames(env: NodeJS.ProcessEnv): Promise<string[]> {
  const folder = join(configFolder(env), 'contexts', 'meta');
  const ids = await readdir(folder).catch(() => []);
  const names = ids.map(async (id) => {
    const text = await readFile(join(folder, id, 'meta.json'), 'utf8').catch(() => '');
    const { Name } = (tryParseJson(text) ?? {}) as { Name?: unknown };
    return typeof Name === 'string' ? [Name] : [];
  });
  return (await Promise.all(names)).flat().sort();
}

interface Meta {
  readonly Endpoints?: {
    readonly docker?: { readonly Host?: unknown; readonly SkipTLSVerify?: unknown };
  };
}

/**
 * Reads a docker context: `contexts/meta/ID/meta.json` and `contexts/tls/ID/docker/` in the configuration folder, where
 * ID is the SHA-256 of the name in hexadecimal (docker/cli, cli/context/store).
 */
async function readContext(
  folder: string,
  name: string,
  by: string,
): ReturnType<typeof nameEngine> {
  const origin = `context ${name} (${by})`;
  const contexts = join(folder, 'contexts');
  const id = createHash('sha256').update(name).digest('hex');
  const file = join(contexts, 'meta', id, 'meta.json');
  const meta = await readFile(file, 'utf8')
    .then((text) => JSON.parse(text) as Meta | null)
    .catch((error: unknown) => {
      const why = error instanceof SyntaxError ? `${file}: ${error.message}` : messageOf(error);
      const isMissing = systemCode(error) === 'ENOENT';
      throw unusable(origin, isMissing ? 'there is no such context' : why, error);
    });
  if (typeof meta !== 'object' || meta === null) throw unusable(origin, `${file} is not an object`);
  const docker = meta.Endpoints?.docker;
  if (!docker) throw unusable(origin, `${file} names no docker endpoint`);
  const host = typeof docker.Host === 'string' ? docker.Host : '';
  const verify = docker.SkipTLSVerify !== true;
  const tls = await readTls(join(contexts, 'tls', id, 'docker'), `context ${name}`, verify);
  const isUsed = !verify || (tls.ca ?? tls.cert ?? tls.key) !== undefined;
  return { host, origin, tls: isUsed ? tls : undefined };
}

function unusable(origin: string, why: string, cause?: unknown): DockerceptionError {
  const message = `reading the docker ${origin}: ${why}`;
  const hint = '`docker context ls` lists them; DOCKER_HOST overrules them';
  return new DockerceptionError('engine', 'ENGINE_CONTEXT', message, { cause, hint });
}

/** Reads `ca.pem`, `cert.pem` and `key.pem` of a folder. Only those in `need` have to exist. */
async function readTls(
  folder: string,
  origin: string,
  verify: boolean,
  need: readonly string[] = [],
): Promise<TlsMaterial> {
  const read = async (name: string): Promise<string | undefined> => {
    try {
      return await readFile(join(folder, name), 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT' && !need.includes(name)) return undefined;
      const message = `reading the certificate ${join(folder, name)} (${origin}): ${messageOf(error)}`;
      const hint = 'DOCKER_CERT_PATH names the folder of ca.pem, cert.pem and key.pem';
      throw new DockerceptionError('engine', 'ENGINE_TLS', message, { cause: error, hint });
    }
  };
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')]);
  return { ca, cert, key, verify };
}
