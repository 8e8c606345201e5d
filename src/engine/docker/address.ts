/**
 * The address of an engine, as `DOCKER_HOST` and contexts write it: in goes
 * `unix:///run/docker.sock`, `tcp://host:2375`, `ssh://user@host`, …, out comes where to connect.
 * Defaults are those of the docker CLI (docker/cli, opts/hosts.go; ssh: cli/connhelper/ssh).
 */
import { DockerceptionError } from '../../errors.js';
import { redactAddress } from '../../text/redact.js';
import { trimEnd } from '../../text/trim.js';

/** Where an engine listens. */
export type Address =
  | { readonly kind: 'unix'; readonly path: string }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      /** What every request's path begins with: empty, or `/prefix`. */
      readonly prefix: string;
      /** Whether the address itself asks for TLS (`https://`). */
      readonly secure: boolean;
    }
  | {
      readonly kind: 'ssh';
      readonly user: string | undefined;
      readonly host: string;
      readonly port: string | undefined;
      /** The engine's socket on the other machine, when it isn't the default one there. */
      readonly path: string | undefined;
    };

export const DEFAULT_SOCKET = '/var/run/docker.sock';
const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/**
 * Reads an engine's address.
 *
 * @param origin where the text comes from, for the error message: `DOCKER_HOST`, `context NAME`.
 * @throws DockerceptionError of kind engine, code ENGINE_ADDRESS.
 */
export function parseAddress(text: string, origin: string, tls = false): Address {
  const trimmed = text.trim();
  if (trimmed === '')
    return tls ? tcp('', origin, 'tcp', TLS_PORT) : { kind: 'unix', path: DEFAULT_SOCKET };
  const [, scheme, rest] = /^([a-z]+):\/\/(.*)$/is.exec(trimmed) ?? [];
  switch (scheme?.toLowerCase()) {
    case undefined:
      // As in the docker CLI: a path is a socket, anything else host:port.
      if (/^\.?\//.test(trimmed)) return { kind: 'unix', path: trimmed };
      return tcp(trimmed, origin, 'tcp', PLAIN_PORT);
    case 'unix':
      return { kind: 'unix', path: rest === '' || rest === undefined ? DEFAULT_SOCKET : rest };
    case 'tcp':
    case 'http':
      return tcp(rest ?? '', origin, 'tcp', PLAIN_PORT);
    case 'https':
      return tcp(rest ?? '', origin, 'https', TLS_PORT);
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

/** What a user or a host may not contain: ssh's own configuration can pass both to a shell (`ProxyCommand`, `Match exec`). */
const UNSAFE_NAME = /^-|[\s\0-\x1f\x7f'"`$&;<>|(){}*?!#\\]/;

function ssh(text: string, origin: string): Address {
  const url = parseUrl(text);
  if (!url) throw refused(origin, text, 'it is not ssh://[USER@]HOST[:PORT][/SOCKET]');
  if (url.hostname === '') throw refused(origin, text, 'it has no host');
  if (url.password !== '')
    throw refused(
      origin,
      text,
      'a password in the address is not supported',
      'use a key or an agent',
    );
  if (url.search !== '' || url.hash !== '')
    throw refused(origin, text, 'it has a query or a fragment');
  const [user, host, path] = [url.username, url.hostname, url.pathname].map((part) =>
    decode(part, text, origin),
  ) as [string, string, string];
  const name = host.replace(/^\[(.*)\]$/, '$1');
  for (const part of [user, name])
    if (UNSAFE_NAME.test(part))
      throw refused(origin, text, 'ssh cannot be given such a user or host safely');
  return {
    kind: 'ssh',
    user: user === '' ? undefined : user,
    host: name,
    port: url.port === '' ? undefined : url.port,
    path: /^\/*$/.test(path) ? undefined : path,
  };
}

function decode(part: string, text: string, origin: string): string {
  try {
    const decoded = decodeURIComponent(part);
    if (!decoded.includes('\0')) return decoded;
  } catch {
    // Not UTF-8: the same error.
  }
  throw refused(origin, text, 'it has an invalid percent escape');
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function refused(origin: string, text: string, why: string, hint?: string): DockerceptionError {
  return new DockerceptionError(
    'engine',
    'ENGINE_ADDRESS',
    `reading the engine's address ${redactAddress(text)} (${origin}): ${why}`,
    {
      hint:
        hint ?? 'an address is unix:///path, tcp://host:2375, https://host:2376 or ssh://user@host',
    },
  );
}
