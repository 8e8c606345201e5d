/**
 * The address of an engine, as in `DOCKER_HOST` and docker contexts, and connections to it: sockets, TCP, TLS and ssh.
 * Defaults are those of the docker CLI (docker/cli, opts/hosts.go, cli/connhelper/ssh).
 */
import { Agent } from 'node:http';
import { connect as connectPlain } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { DockerceptionError } from '../../errors.js';
import { redactAddress } from '../../text/redact.js';
import { shellQuote } from '../../text/shell-quote.js';
import { trimEnd } from '../../text/trim.js';
import { programStream } from '../buildkit/program-stream.js';

/** Where an engine listens. */
export type Address =
  | { readonly kind: 'unix'; readonly path: string }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      /** Precedes the path of every request: empty, or `/prefix`. */
      readonly prefix: string;
      /** Whether the address requires TLS (`https://`). */
      readonly secure: boolean;
    }
  | {
      readonly kind: 'ssh';
      readonly user: string | undefined;
      readonly host: string;
      readonly port: string | undefined;
      /** The engine's socket on the other machine. @default the default socket there */
      readonly path: string | undefined;
    };

type SshAddress = Extract<Address, { kind: 'ssh' }>;

/** PEM texts for TLS; undefined if the file is missing. */
export interface TlsMaterial {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Whether the engine's certificate is verified. */
  readonly verify: boolean;
}

export const DEFAULT_SOCKET = '/var/run/docker.sock';
const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/**
 * Parses an address.
 *
 * @param origin names the text in messages: `DOCKER_HOST`, `context NAME`.
 * @throws DockerceptionError of kind engine, code ENGINE_ADDRESS.
 */
export function parseAddress(text: string, origin: string, tls = false): Address {
  const trimmed = text.trim();
  // As in the docker CLI: a path is a socket, anything else without a scheme host:port.
  if (/^\.?\//.test(trimmed)) return { kind: 'unix', path: trimmed };
  if (trimmed === '' && !tls) return { kind: 'unix', path: DEFAULT_SOCKET };
  const [, scheme = 'tcp', rest = trimmed] = /^([a-z]+):\/\/(.*)$/is.exec(trimmed) ?? [];
  switch (scheme.toLowerCase()) {
    case 'unix':
      return { kind: 'unix', path: rest || DEFAULT_SOCKET };
    case 'tcp':
    case 'http':
      return tcp(rest, origin, 'tcp', trimmed === '' ? TLS_PORT : PLAIN_PORT);
    case 'https':
      return tcp(rest, origin, 'https', TLS_PORT);
    case 'ssh':
      return ssh(trimmed, origin);
    case 'npipe':
      throw refused(origin, trimmed, 'named pipes are not supported', 'use tcp:// or ssh://');
    case 'fd':
      throw refused(origin, trimmed, 'fd:// is for the engine itself', 'use the path: unix:///…');
    default:
      throw refused(origin, trimmed, `the scheme ${scheme}:// is unknown`);
  }
}

function tcp(rest: string, origin: string, scheme: 'tcp' | 'https', port: number): Address {
  const url = parseUrl(`http://${rest === '' || rest.startsWith(':') ? 'localhost' : ''}${rest}`);
  if (!url || url.search !== '' || url.hash !== '')
    throw refused(origin, `${scheme}://${rest}`, 'it is not host:port');
  // URL drops the scheme's default port, which is not ours.
  const explicit = /:(\d+)(?:\/|$)/.exec(rest)?.[1];
  return {
    kind: 'tcp',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: explicit === undefined ? port : Number(explicit),
    prefix: trimEnd(url.pathname, '/'),
    secure: scheme === 'https',
  };
}

/** Not in a user or a host: the configuration of ssh can pass both to a shell (`ProxyCommand`, `Match exec`). */
const UNSAFE_NAME = /^-|[\s\0-\x1f\x7f'"`$&;<>|(){}*?!#\\]/;

function ssh(text: string, origin: string): Address {
  const refuse = (why: string, hint?: string): DockerceptionError =>
    refused(origin, text, why, hint);
  const decode = (part: string): string => {
    try {
      const decoded = decodeURIComponent(part);
      if (!decoded.includes('\0')) return decoded;
    } catch {
      // Not UTF-8.
    }
    throw refuse('it has an invalid percent escape');
  };
  const url = parseUrl(text);
  if (!url) throw refuse('it is not ssh://[USER@]HOST[:PORT][/SOCKET]');
  if (url.hostname === '') throw refuse('it has no host');
  if (url.password !== '')
    throw refuse('a password in the address is not supported', 'use a key or an agent');
  if (url.search !== '' || url.hash !== '') throw refuse('it has a query or a fragment');
  const user = decode(url.username);
  const host = decode(url.hostname).replace(/^\[(.*)\]$/, '$1');
  const path = decode(url.pathname);
  if (UNSAFE_NAME.test(user) || UNSAFE_NAME.test(host))
    throw refuse('ssh cannot be given such a user or host safely');
  return {
    kind: 'ssh',
    user: user || undefined,
    host,
    port: url.port || undefined,
    path: /^\/*$/.test(path) ? undefined : path,
  };
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function refused(
  origin: string,
  text: string,
  why: string,
  hint = 'an address is unix:///path, tcp://host:2375, https://host:2376 or ssh://user@host',
): DockerceptionError {
  const message = `reading the engine's address ${redactAddress(text)} (${origin}): ${why}`;
  return new DockerceptionError('engine', 'ENGINE_ADDRESS', message, { hint });
}

/** Opens a connection, whose stream emits all errors. */
function dial(address: Address, tls: TlsMaterial | undefined, env: NodeJS.ProcessEnv): Duplex {
  if (address.kind === 'unix') return connectPlain({ path: address.path });
  if (address.kind === 'ssh') return dialSsh(address, env);
  const { host, port } = address;
  if (!tls && !address.secure) return connectPlain({ host, port, noDelay: true });
  const { verify: rejectUnauthorized = true, ...material } = tls ?? {};
  // An IP address is not a server name (RFC 6066, section 3); Node warns about it.
  const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
  return connectTls({ host, port, ...material, rejectUnauthorized, ...servername });
}

/** An HTTP agent with one connection a request: a build is stopped by closing its connection. */
export function dialAgent(
  address: Address,
  tls: TlsMaterial | undefined,
  env: NodeJS.ProcessEnv,
): Agent {
  const agent = new Agent({ keepAlive: false });
  return Object.assign(agent, { createConnection: () => dial(address, tls, env) });
}

/** Seconds in which ssh must connect. */
const CONNECT_TIMEOUT = 30;

/**
 * The arguments of `ssh`. No part of the address can become an option of ssh, or a command of the shell that runs the
 * words after the host on the other machine.
 */
export function sshArguments(address: SshAddress): string[] {
  const remote = address.path === undefined ? [] : [shellQuote(`--host=unix://${address.path}`)];
  return [
    ...['-o', `ConnectTimeout=${CONNECT_TIMEOUT}`, '-T'],
    ...(address.user === undefined ? [] : ['-l', address.user]),
    ...(address.port === undefined ? [] : ['-p', address.port]),
    ...['--', address.host, 'docker', ...remote, 'system', 'dial-stdio'],
  ];
}

/**
 * Starts `ssh` with `docker system dial-stdio` on the other machine, as the docker CLI does (docker/cli,
 * cli/connhelper), so that the user's configuration, keys and agent are used.
 */
function dialSsh(address: SshAddress, env: NodeJS.ProcessEnv): Duplex {
  return programStream('ssh', sshArguments(address), env);
}
