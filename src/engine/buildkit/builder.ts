/**
 * Finds the BuildKit to use: an address as of `buildctl --addr` (moby/buildkit, client/connhelper), or the
 * name of a builder of buildx, which buildx itself connects to.
 */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { checkServerIdentity, connect as connectTls, createSecureContext } from 'node:tls';
import { DockerceptionError, readReason, systemCode } from '../../errors.js';
import { redactAddress } from '../../text/redact.js';
import { programStream } from './program-stream.js';

/** Paths of PEM files for `tcp://`, and the name in BuildKit's certificate. */
export interface BuildkitTls {
  readonly caCert?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly serverName?: string | undefined;
}

/** A BuildKit. There is no connection to it yet. */
export interface Builder {
  /** For messages: `builder farm`, `tcp://buildkitd:1234 (BUILDKIT_HOST)`. */
  readonly name: string;
  /** The name of a builder of buildx; undefined for an address. */
  readonly buildxName: string | undefined;
  /** The program that connects, and may start BuildKit first; undefined if this process connects. */
  readonly program?: string;
  /** Whether the connection has TLS; undefined for addresses without that choice. */
  readonly usesTls?: boolean;
  /**
   * Connects. The stream emits errors that occur after it was opened.
   * @param platform selects a node of a builder of buildx. @default the first
   */
  dial(signal: AbortSignal, platform?: string): Promise<Duplex>;
}

const ADDRESS = /^([a-z-]+):\/\/(.*)$/s;
/** Names of builders, containers and pods. None can be an option of a program. */
const NAME = /^[a-zA-Z0-9][\w.-]*$/;

/**
 * The BuildKit that an option or the environment names: `BUILDX_BUILDER`, else `BUILDKIT_HOST`.
 *
 * @returns undefined if none is named, or `default`, which is the Docker Engine.
 * @throws DockerceptionError of kind usage, BUILDER_ADDRESS.
 */
export function namedBuilder(
  option: string | undefined,
  env: NodeJS.ProcessEnv,
  tls: BuildkitTls = {},
): Builder | undefined {
  const { BUILDX_BUILDER: name, BUILDKIT_HOST: host } = env;
  const named = option || name;
  if (named === 'default') return undefined;
  if (named) return builderAt(named, option ? '' : ' (BUILDX_BUILDER)', env, tls);
  return host ? builderAt(host, ' (BUILDKIT_HOST)', env, tls) : undefined;
}

function builderAt(
  text: string,
  origin: string,
  env: NodeJS.ProcessEnv,
  tls: BuildkitTls,
): Builder {
  const [, scheme, rest = ''] = ADDRESS.exec(text) ?? [];
  const name = `${redactAddress(text)}${origin}`;
  const refuse = (why: string, hint = ADDRESSES): DockerceptionError =>
    new DockerceptionError('usage', 'BUILDER_ADDRESS', `reading the builder ${name}: ${why}`, {
      hint,
    });
  const usesTls = Object.values(tls).some((value) => value !== undefined);
  if (usesTls && scheme !== 'tcp')
    throw refuse(
      'only tcp:// has TLS',
      'leave out `tlsCaCert`, `tlsCert`, `tlsKey`, `tlsServerName`',
    );
  const through = (program: string, ...args: string[]): Builder => ({
    name: scheme === undefined ? `builder ${name}` : name,
    buildxName: scheme === undefined ? text : undefined,
    program,
    dial: (_signal, platform) => {
      const node = platform === undefined ? [] : ['--platform', platform];
      return Promise.resolve(programStream(program, [...args, ...node], env));
    },
  });
  if (scheme === undefined) {
    if (!NAME.test(text)) throw refuse('it is neither an address nor a name');
    return through('docker', 'buildx', 'dial-stdio', '--builder', text);
  }
  const at = { name, buildxName: undefined };
  if (scheme === 'unix') {
    if (!rest.startsWith('/')) throw refuse('it has no absolute path');
    return { ...at, dial: (signal) => opened(connectPlain({ path: rest }), 'connect', signal) };
  }
  if (scheme === 'tcp') {
    const [, v6, host = v6, port] =
      /^(?:\[([\da-f:.]+)\]|([^\s:/?#@[\]]+)):(\d+)\/?$/i.exec(rest) ?? [];
    if (host === undefined || Number(port) > 65535) throw refuse('it is not HOST:PORT');
    const address = { host, port: Number(port) };
    const dial: Builder['dial'] = usesTls
      ? (signal) => dialTls(address, tls, signal)
      : (signal) => opened(connectPlain({ ...address, noDelay: true }), 'connect', signal);
    return { ...at, usesTls, dial };
  }
  const isPod = scheme === 'kube-pod';
  if (!isPod && scheme !== 'docker-container') throw refuse(`the scheme ${scheme}:// is unknown`);
  const url = URL.canParse(`x://${rest}`) ? new URL(`x://${rest}`) : undefined;
  if (url === undefined || !NAME.test(url.host)) throw refuse('it has no valid name');
  const options = ['context', ...(isPod ? ['namespace', 'container'] : [])].flatMap((key) => {
    const value = url.searchParams.get(key);
    if (value === null) return [];
    if (!/^[\w.:@/][\w.:@/-]*$/.test(value)) throw refuse(`its ${key} is invalid`);
    return [`--${key}`, value];
  });
  const buildctl = ['buildctl', 'dial-stdio'];
  return isPod
    ? through('kubectl', ...options, 'exec', '-i', url.host, '--', ...buildctl)
    : through('docker', ...options, 'exec', '-i', url.host, ...buildctl);
}

const ADDRESSES =
  'unix:///path, tcp://host:1234, docker-container://NAME, kube-pod://NAME, or the name of a builder (docker buildx ls)';

/** Connects with TLS. @throws DockerceptionError of kind usage, CERTIFICATE_INVALID. */
async function dialTls(
  address: { readonly host: string; readonly port: number },
  { caCert, cert: certPath, key: keyPath, serverName = address.host }: BuildkitTls,
  signal: AbortSignal,
): Promise<Duplex> {
  if ((certPath === undefined) !== (keyPath === undefined))
    throw invalidPem('`tlsCert` and `tlsKey`', 'one needs the other');
  const ca = await readPem('tlsCaCert', caCert, (pem) => new X509Certificate(pem));
  const cert = await readPem('tlsCert', certPath, (pem) => new X509Certificate(pem));
  const key = await readPem('tlsKey', keyPath, (pem) => createSecureContext({ cert, key: pem }));
  const socket = connectTls({
    ...address,
    ALPNProtocols: ['h2'],
    ...{ ca, cert, key },
    // An IP address is not a server name (RFC 6066, section 3).
    ...(isIP(serverName) === 0 && { servername: serverName }),
    checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate),
  });
  return opened(socket.setNoDelay(), 'secureConnect', signal);
}

async function readPem(
  option: string,
  path: string | undefined,
  check: (pem: Buffer) => unknown,
): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  const subject = `\`${option}: ${path}\``;
  const pem = await readFile(path).catch((cause: unknown) => {
    throw invalidPem(subject, readReason(cause), cause);
  });
  try {
    check(pem);
    return pem;
  } catch (cause) {
    const isOther = systemCode(cause) === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH';
    const what = option === 'tlsKey' ? 'key without a password' : 'certificate';
    const why = isOther ? 'it is not the key of `tlsCert`' : `it has no ${what} in PEM`;
    throw invalidPem(subject, why, cause);
  }
}

function invalidPem(subject: string, why: string, cause?: unknown): DockerceptionError {
  const message = `reading ${subject}: ${why}`;
  return new DockerceptionError('usage', 'CERTIFICATE_INVALID', message, { cause });
}

async function opened(socket: Socket, event: string, signal: AbortSignal): Promise<Duplex> {
  try {
    await once(socket, event, { signal });
    return socket;
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    throw error;
  }
}
