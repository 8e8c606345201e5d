/** Connects to an endpoint: a socket, TCP, TLS or ssh, all of them one duplex stream. */
import { spawn } from 'node:child_process';
import { Agent } from 'node:http';
import { connect as connectPlain } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { shellQuote } from '../../text/shell-quote.js';
import type { Address } from './address.js';
import type { Endpoint, Environment } from './endpoint.js';

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

/** Seconds that ssh may take to reach the other machine. */
const CONNECT_TIMEOUT = 30;
/** Characters of ssh's standard error that are kept: its end has the reason. */
const KEPT_ERRORS = 4096;

/**
 * The arguments of `ssh`: no part of the address is taken for an option of ssh, or for a command by the shell that
 * runs the words after the host on the other machine.
 */
export function sshArguments(address: Extract<Address, { kind: 'ssh' }>): string[] {
  const remote = address.path === undefined ? [] : [shellQuote(`--host=unix://${address.path}`)];
  return [
    ...['-o', `ConnectTimeout=${CONNECT_TIMEOUT}`, '-T'],
    ...(address.user === undefined ? [] : ['-l', address.user]),
    ...(address.port === undefined ? [] : ['-p', address.port]),
    ...['--', address.host, 'docker', ...remote, 'system', 'dial-stdio'],
  ];
}

/**
 * Starts the system's `ssh`, so that the user's configuration, keys and agent count, with `docker system dial-stdio` on
 * the other machine, as the docker CLI does (docker/cli, cli/connhelper). One process a connection; both directions are one stream. Destroyed with an error that quotes ssh when ssh ends
 * before the other side has said all; destroying it ends ssh.
 */
function dialSsh(address: Extract<Address, { kind: 'ssh' }>, env: Environment): Duplex {
  // Its own process group: an interrupt from the terminal reaches us, and we end ssh in our order.
  const child = spawn('ssh', sshArguments(address), {
    env: { ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-KEPT_ERRORS);
  });
  const stream = new Duplex({
    write(chunk: Buffer, _encoding, done) {
      // A reader that is gone isn't a failure yet: what it has answered is still to be read.
      if (child.stdin.destroyed || child.stdin.write(chunk)) done();
      else onceFree(done);
    },
    final(done) {
      if (!child.stdin.destroyed) child.stdin.end();
      done();
    },
    read() {
      child.stdout.resume();
    },
    destroy(error, done) {
      child.kill();
      done(error);
    },
  });
  const onceFree = (done: () => void): void => {
    const settle = (): void => {
      child.stdin.off('drain', settle).off('close', settle);
      done();
    };
    child.stdin.on('drain', settle).on('close', settle);
  };
  child.stdin.on('error', () => {});
  child.stdout.on('error', (error) => stream.destroy(error));
  child.stdout.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) child.stdout.pause();
  });
  child.on('error', (error) => stream.destroy(error));
  child.on('close', (code, signal) => {
    if (stream.destroyed) return;
    if (code === 0) stream.push(null);
    else {
      const said = errors.trim().split('\n').slice(-3).join(' / ');
      stream.destroy(new Error(`ssh ended with ${code ?? signal}: ${said || 'it said nothing'}`));
    }
  });
  return stream;
}
