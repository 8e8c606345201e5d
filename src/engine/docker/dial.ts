/** Connects to an endpoint: a socket, TCP, TLS or ssh, all of them one duplex stream. */
import { Agent } from 'node:http';
import { connect as connectPlain } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Endpoint, Environment } from './endpoint.js';
import { dialSsh } from './ssh.js';

/** Opens one connection; an error comes as the stream's. */
function dial(endpoint: Endpoint, env: Environment): Duplex {
  const { address, tls } = endpoint;
  if (address.kind === 'unix') return connectPlain({ path: address.path });
  if (address.kind === 'ssh') return dialSsh(address, env);
  const { host, port } = address;
  if (!tls && !address.secure) return connectPlain({ host, port, noDelay: true });
  const { ca, cert, key, verify = true } = tls ?? {};
  return connectTls({
    host,
    port,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    rejectUnauthorized: verify,
    // An IP address is not a server name (RFC 6066, section 3); Node warns about it.
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
  });
}

/**
 * An HTTP agent whose every connection is a fresh one of `dial`: a build's connection is closed to
 * stop it, so there is nothing to keep alive.
 */
export class DialAgent extends Agent {
  readonly #endpoint: Endpoint;
  readonly #env: Environment;

  constructor(endpoint: Endpoint, env: Environment) {
    super({ keepAlive: false });
    this.#endpoint = endpoint;
    this.#env = env;
  }

  override createConnection(): Duplex {
    return dial(this.#endpoint, this.#env);
  }
}
