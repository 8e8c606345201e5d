/** Connects to a BuildKit, or throws an error with the reason. */
import {
  connectionCode,
  connectionReason,
  DockerceptionError,
  messageOf,
  UNTRUSTED,
} from '../../errors.js';
import type { Report } from '../../progress/events.js';
import {
  type BuildkitOption,
  type BuildkitOptions,
  refuseBuildkitOptions,
  SINCE,
} from '../unsupported.js';
import type { Builder } from './builder.js';
import { GrpcClient, GrpcError, UNIMPLEMENTED } from './grpc.js';
import { CONTROL, InfoResponse } from './messages.js';
import type { BuildkitConnection } from './session.js';

/** Milliseconds until BuildKit must answer, unless a program connects. */
const CONNECT_TIMEOUT = 30_000;
/** Milliseconds before a message says what the build waits for. */
const NOTICE_DELAY = 1_000;
/** BuildKit 0.13 is the first version with several exporters. */
const SEVERAL_EXPORTERS = 13;

/** Connections to a BuildKit. A build and its session share one. */
export function connectBuilder(
  builder: Builder,
  request: BuildkitOptions & { readonly report: Report },
  exporters: number,
): BuildkitConnection {
  const { report } = request;
  const { name, program } = builder;
  return {
    async openControl(signal) {
      const message = `waiting for BuildKit at ${name}`;
      const notice = setTimeout(() => report({ kind: 'notice', message }), NOTICE_DELAY);
      const timeout = program === undefined ? [AbortSignal.timeout(CONNECT_TIMEOUT)] : [];
      const stop = AbortSignal.any([signal, ...timeout]);
      let client: GrpcClient | undefined;
      const close = (): void => client?.close();
      stop.addEventListener('abort', close, { once: true });
      try {
        client = new GrpcClient(await builder.dial(stop));
        checkVersion(await versionOf(client), request, exporters);
        return client;
      } catch (error) {
        close();
        signal.throwIfAborted();
        if (error instanceof DockerceptionError) throw error;
        throw unreachable(builder, stop.aborted ? new Error('no answer') : error);
      } finally {
        clearTimeout(notice);
        stop.removeEventListener('abort', close);
      }
    },
    openSession(headers, _signal, control) {
      if (control === undefined) throw new Error('a session needs the connection of its build');
      return Promise.resolve(control.bytes(`${CONTROL}/Session`, headers));
    },
    lost(cause) {
      const message = `building the image: BuildKit at ${name} went away in the middle: ${reasonOf(cause)}`;
      const hint = 'see the log of buildkitd, then try again';
      return new DockerceptionError('engine', 'ENGINE_GONE', message, { cause, hint });
    },
  };
}

/**
 * Connects and asks for the version of BuildKit; undefined before 0.11.
 * @throws DockerceptionError of kind engine, ENGINE_UNREACHABLE
 */
export async function askVersion(
  builder: Builder,
  request: BuildkitOptions & { readonly report: Report },
  signal: AbortSignal,
): Promise<string | undefined> {
  const client = await connectBuilder(builder, request, 1).openControl(signal);
  try {
    return await versionOf(client);
  } finally {
    client.close();
  }
}

/** The version of BuildKit; undefined before 0.11. */
async function versionOf(client: GrpcClient): Promise<string | undefined> {
  let version = '';
  try {
    await client.call(`${CONTROL}/Info`, Buffer.alloc(0), (message) => {
      version = InfoResponse.parse(message).buildkitVersion?.version ?? '';
    });
    return version;
  } catch (error) {
    if (error instanceof GrpcError && error.status === UNIMPLEMENTED) return undefined;
    throw error;
  }
}

/**
 * Refuses what this version would ignore: options, and all exporters but the first.
 *
 * @throws DockerceptionError of kind usage: BUILDKIT_ONLY, OUTPUT_TYPE.
 */
function checkVersion(
  version: string | undefined,
  options: BuildkitOptions,
  exporters: number,
): void {
  const isKnown = (option: BuildkitOption): boolean => !(option in SINCE);
  if (version === undefined)
    refuseBuildkitOptions(options, 'BuildKit before 0.11', 'update it', isKnown);
  const minor = version === undefined ? 0 : (/^v?0\.([1-9]\d*)\./.exec(version)?.[1] ?? Infinity);
  if (exporters < 2 || Number(minor) >= SEVERAL_EXPORTERS) return;
  const message = `choosing outputs: BuildKit ${version ?? 'before v0.11'} exports only one form of an image at a time`;
  const hint = `BuildKit from v0.${SEVERAL_EXPORTERS}.0 exports several; archives with the same attributes, \`push\` and \`load\` are one`;
  throw new DockerceptionError('usage', 'OUTPUT_TYPE', message, { hint });
}

/** Alerts of TLS (RFC 8446, section 6) about the certificate of the client, or the lack of it. */
const REFUSED = /^ERR_SSL_.*ALERT/;

/** Messages of a docker CLI without buildx, of several versions. */
const NO_BUILDX = /unknown command|is not a docker command|Usage: +docker \[OPTIONS\]/;

function reasonOf(error: unknown): string {
  const { path, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  const code = connectionCode(error);
  if (code === 'ENOENT' && syscall?.startsWith('spawn')) return `there is no ${path} on PATH`;
  if (NO_BUILDX.test(messageOf(error))) return 'the docker CLI on PATH has no buildx';
  if (REFUSED.test(code)) return 'it refused the client’s certificate, or requires one';
  if (UNTRUSTED.test(code)) return `its certificate is not trusted: ${messageOf(error)}`;
  return code.startsWith('ERR_HTTP2_')
    ? 'it doesn’t answer as BuildKit does'
    : connectionReason(error);
}

function unreachable(builder: Builder, cause: unknown): DockerceptionError {
  const message = `reaching BuildKit at ${builder.name}: ${reasonOf(cause)}`;
  const hint = unreachableHint(builder, connectionCode(cause), messageOf(cause));
  return new DockerceptionError('engine', 'ENGINE_UNREACHABLE', message, { cause, hint });
}

function unreachableHint(
  { buildxName, program, usesTls }: Builder,
  code: string,
  text: string,
): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return '`tlsServerName` is the name in its certificate';
  if (code === 'CERT_HAS_EXPIRED') return 'renew it, or the authority’s certificate of `tlsCaCert`';
  if (UNTRUSTED.test(code)) return '`tlsCaCert` names the certificate of its authority';
  if (code.startsWith('ERR_SSL_') && !REFUSED.test(code))
    return 'without `tlsCaCert`, `tlsCert`, `tlsKey` and `tlsServerName`, the connection has no TLS';
  const isClosed = /^(?:ECONNRESET|EPIPE|ERR_HTTP2_|ERR_SSL_|$)/.test(code);
  if (usesTls === true && isClosed)
    return '`tlsCert` and `tlsKey` are the client’s certificate and key';
  if (usesTls === false && isClosed)
    return 'if it has TLS: `tlsCaCert`, and `tlsCert` with `tlsKey`';
  if (NO_BUILDX.test(text) || (program !== undefined && code === 'ENOENT'))
    return 'the docker CLI with buildx connects by name, kubectl to pods; tcp:// and unix:// need neither';
  return buildxName === undefined
    ? 'is buildkitd running there? `buildctl --addr … debug workers` asks it'
    : '`docker buildx ls` lists the builders, `docker buildx inspect --bootstrap NAME` starts one';
}
