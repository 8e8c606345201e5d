/**
 * A connection to an engine over ssh: the system's `ssh`, so that the user's configuration, keys and
 * agent count, runs `docker system dial-stdio` on the other machine, as the docker CLI does
 * (docker/cli, cli/connhelper). One process a connection.
 */
import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { shellQuote } from '../../text/shell-quote.js';
import type { Address } from './address.js';
import type { Environment } from './endpoint.js';

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
 * Starts ssh; both directions are one stream. Destroyed with an error that quotes ssh when ssh ends
 * before the other side has said all; destroying it ends ssh.
 */
export function dialSsh(address: Extract<Address, { kind: 'ssh' }>, env: Environment): Duplex {
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
