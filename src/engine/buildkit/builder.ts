/**
 * Finds the BuildKit to use, and connects to it: an address as of `buildctl --addr` (moby/buildkit, client/connhelper), or the
 * name of a builder of buildx, which buildx itself connects to.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { DockerceptionError, messageOf, systemCode } from '../../errors.js';
import { redactAddress } from '../../text/redact.js';
import { GrpcClient, GrpcError } from './grpc.js';
import { programStream } from './program-stream.js';
import type { BuildkitConnection } from './session.js';

/** Paths of PEM files for `tcp://`, and the name in BuildKit's certificate. */
export interface BuildkitTls {
  readonly caCert?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly serverName?: string | undefined;
}

/** A BuildKit. There is no connection to it yet. */
export interface Builder {
  /** For messages: `builder farm (BUILDX_BUILDER)`, `tcp://buildkitd:1234 (BUILDKIT_HOST)`. */
  readonly name: string;
  /** The name of a builder of buildx; undefined for an address. */
  readonly buildxName: string | undefined;
  /** Connects. The stream emits errors that occur after it was opened. */
  dial(signal: AbortSignal): Promise<Duplex>;
}

/** Milliseconds to connect. */
const CONNECT_TIMEOUT = 30_000;
const ADDRESS = /^([a-z-]+):\/\/(.*)$/s;
/** Names of builders, containers and pods. None can be an option of a program. */
const NAME = /^[a-zA-Z0-9][\w.-]*$/;
const CONTROL = '/moby.buildkit.v1.Control';
const UNIMPLEMENTED = 12;

/**
 * The BuildKit that an option or the environment names: `BUILDX_BUILDER`, or `BUILDKIT_HOST`. The builder `default` of buildx is
 * the Docker Engine.
 *
 * @returns undefined if none is named.
 * @throws DockerceptionError of kind usage, BUILDER_ADDRESS.
 */
export function namedBuilder(
  option: string | undefined,
  env: NodeJS.ProcessEnv,
  tls: BuildkitTls = {},
): Builder | undefined {
  const { BUILDX_BUILDER: name, BUILDKIT_HOST: host } = env;
  const named = name === 'default' ? undefined : name;
  if (option) return builderAt(option, '`builder`', env, tls);
  if (named) return builderAt(named, 'BUILDX_BUILDER', env, tls);
  return host ? builderAt(host, 'BUILDKIT_HOST', env, tls) : undefined;
}

function builderAt(
  text: string,
  origin: string,
  env: NodeJS.ProcessEnv,
  tls: BuildkitTls,
): Builder {
  const [, scheme, rest = ''] = ADDRESS.exec(text) ?? [];
  const name = `${redactAddress(text)} (${origin})`;
  const refuse = (why: string, hint = ADDRESSES): DockerceptionError =>
    new DockerceptionError('usage', 'BUILDER_ADDRESS', `reading the builder ${name}: ${why}`, {
      hint,
    });
  const usesTls = Object.values(tls).some((value) => value !== undefined);
  if (usesTls && scheme !== 'tcp') throw refuse('only tcp:// has TLS', 'leave out --tls-…');
  if (scheme === undefined) {
    if (!NAME.test(text)) throw refuse('it is neither an address nor a name');
    const args = ['buildx', 'dial-stdio', '--builder', text];
    const dial = dialProgram('docker', args, env);
    return { name: `builder ${name}`, buildxName: text, dial };
  }
  const at = (dial: Builder['dial']): Builder => ({ name, buildxName: undefined, dial });
  if (scheme === 'unix') {
    if (rest === '') throw refuse('it has no path');
    return at((signal) => opened(connectPlain({ path: rest }), 'connect', signal));
  }
  if (scheme === 'tcp') {
    const [, host = '', port] = /^\[?([^[\]]+)\]?:(\d+)\/?$/.exec(rest) ?? [];
    if (port === undefined) throw refuse('it is not HOST:PORT');
    return at((signal) => dialTcp(host, Number(port), usesTls ? tls : undefined, signal));
  }
  const url = new URL(`x://${rest}`);
  const value = (key: string, option: string): string[] => {
    const found = url.searchParams.get(key);
    if (found === null) return [];
    if (!/^[\w.:@/][\w.:@/-]*$/.test(found)) throw refuse(`its ${key} is invalid`);
    return [option, found];
  };
  if (!NAME.test(url.hostname)) throw refuse('it has no valid name');
  const buildctl = ['buildctl', 'dial-stdio'];
  if (scheme === 'docker-container') {
    const context = value('context', '--context');
    return at(dialProgram('docker', [...context, 'exec', '-i', url.hostname, ...buildctl], env));
  }
  if (scheme === 'kube-pod') {
    const options = [
      ...value('context', '--context'),
      ...value('namespace', '--namespace'),
      ...value('container', '--container'),
    ];
    const args = [...options, 'exec', '-i', url.hostname, '--', ...buildctl];
    return at(dialProgram('kubectl', args, env));
  }
  throw refuse(`the scheme ${scheme}:// is unknown`);
}

const ADDRESSES =
  'unix:///path, tcp://host:1234, docker-container://NAME, kube-pod://NAME, or the name of a builder (docker buildx ls)';

function dialProgram(program: string, args: string[], env: NodeJS.ProcessEnv): Builder['dial'] {
  return () => Promise.resolve(programStream(program, args, env));
}

async function dialTcp(
  host: string,
  port: number,
  tls: BuildkitTls | undefined,
  signal: AbortSignal,
): Promise<Duplex> {
  if (tls === undefined)
    return opened(connectPlain({ host, port, noDelay: true }), 'connect', signal);
  const [ca, cert, key] = await Promise.all([tls.caCert, tls.cert, tls.key].map(readPem));
  const servername = tls.serverName ?? (isIP(host) === 0 ? host : undefined);
  const socket = connectTls({
    host,
    port,
    ALPNProtocols: ['h2'],
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(servername !== undefined && { servername }),
  });
  return opened(socket, 'secureConnect', signal);
}

async function readPem(path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  return readFile(path).catch((cause: unknown) => {
    const message = `reading the certificate ${path}: ${messageOf(cause)}`;
    throw new DockerceptionError('usage', 'CERTIFICATE_INVALID', message, { cause });
  });
}

async function opened(socket: Socket, event: string, signal: AbortSignal): Promise<Duplex> {
  const timeout = AbortSignal.timeout(CONNECT_TIMEOUT);
  try {
    await once(socket, event, { signal: AbortSignal.any([signal, timeout]) });
    return socket;
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    signal.throwIfAborted();
    throw timeout.aborted ? new Error('no answer') : error;
  }
}

/** Connections to a BuildKit. A build and its session share one. */
export function connectBuilder(builder: Builder): BuildkitConnection {
  return {
    async openControl(signal) {
      let client: GrpcClient | undefined;
      try {
        client = new GrpcClient(await builder.dial(signal));
        await client.call(`${CONTROL}/Info`, Buffer.alloc(0), () => undefined);
        return client;
      } catch (error) {
        // BuildKit before 0.11 has no Info.
        if (client && error instanceof GrpcError && error.status === UNIMPLEMENTED) return client;
        client?.close();
        signal.throwIfAborted();
        throw error instanceof DockerceptionError ? error : unreachable(builder, error);
      }
    },
    openSession(headers, _signal, control) {
      if (control === undefined) throw new Error('a session needs the connection of its build');
      return Promise.resolve(control.bytes(`${CONTROL}/Session`, headers));
    },
    lost(cause) {
      const message = `building the image: BuildKit at ${builder.name} went away in the middle: ${reasonOf(cause)}`;
      const hint = 'see the log of buildkitd, then try again';
      return new DockerceptionError('engine', 'ENGINE_GONE', message, { cause, hint });
    },
  };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such socket',
  ECONNREFUSED: 'connection refused, nothing listens there',
  EACCES: 'permission denied',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host’s name can’t be looked up',
  ETIMEDOUT: 'no answer',
  ECONNRESET: 'it closed the connection',
};

function reasonOf(error: unknown): string {
  const { code, path, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOENT' && syscall?.startsWith('spawn')) return `there is no ${path} on PATH`;
  return REASONS[systemCode(error) ?? ''] ?? messageOf(error);
}

function unreachable({ name, buildxName }: Builder, cause: unknown): DockerceptionError {
  const message = `reaching BuildKit at ${name}: ${reasonOf(cause)}`;
  const hint =
    buildxName === undefined
      ? 'is buildkitd running there? `buildctl --addr … debug workers` asks it'
      : '`docker buildx ls` lists the builders, `docker buildx inspect --bootstrap NAME` starts one';
  return new DockerceptionError('engine', 'ENGINE_UNREACHABLE', message, { cause, hint });
}
