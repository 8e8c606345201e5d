/** Waits until a builder serves: until its HEALTHCHECK reports that it is healthy, or without one, until its port is open. */
import { connect } from 'node:net';
import type { Connection } from '../engine/docker/connection.js';
import type { Container, ContainerState } from '../engine/docker/container.js';
import type { ErrorCode } from '../error-codes.js';
import { DockerceptionError, systemCode } from '../errors.js';
import { pause } from '../pause.js';
import { plainText } from '../text/terminal.js';
import type { Run, RunOptions } from './run.js';

interface ServeOptions extends Required<Pick<RunOptions, 'name' | 'timeout' | 'signal'>> {
  readonly port: number;
}

const INTERVAL = 200;
/** Milliseconds to connect in the local network. */
const CONNECT_TIMEOUT = 1000;

/**
 * Resolves to the address of the builder in the engine's default network when it serves.
 *
 * @throws DockerceptionError of kind builder: SERVE_TIMEOUT, SERVE_UNHEALTHY, SERVE_ENDED, SERVE_ADDRESS, the failure of
 *   the builder; the reason of the signal.
 */
export async function untilServing(
  run: Run,
  container: Container,
  { port, timeout, name, signal }: ServeOptions,
): Promise<string> {
  const until = performance.now() + timeout;
  const ended = run.complete.then(() => {
    const hint = 'its command has to stay in the foreground: httpd -f, nginx -g "daemon off;"';
    throw failed('SERVE_ENDED', `${name} has ended with 0, and doesn't serve`, hint);
  });
  ended.catch(() => undefined);
  for (;;) {
    const state = await Promise.race([container.inspect(signal), ended]);
    if (!state.running) await Promise.race([ended, pause(CONNECT_TIMEOUT, signal)]);
    const { address } = state;
    if (address === undefined) {
      const why = `${name} has no address that a build could reach: the engine gives it no network`;
      throw failed('SERVE_ADDRESS', why, 'see the engine’s own log');
    }
    if (state.health === 'unhealthy') {
      const said = state.healthOutput === undefined ? '' : `: ${plainText(state.healthOutput)}`;
      throw failed('SERVE_UNHEALTHY', `${name} is not healthy${said}`, 'see its HEALTHCHECK');
    }
    const health = state.health ?? (await answers(container, address, port, signal));
    if (health === true || health === 'healthy') return address;
    if (performance.now() > until) throw tooLate(name, port, timeout, state);
    await Promise.race([pause(INTERVAL, signal), ended]);
  }
}

/** Whether the port is open. If the network cannot be reached from here, the builder's list of sockets decides. */
async function answers(
  container: Container,
  address: string,
  port: number,
  signal: AbortSignal,
): Promise<boolean> {
  const reached = await canConnect(address, port, signal);
  if (reached !== undefined) return reached;
  const command = ['cat', '/proc/net/tcp', '/proc/net/tcp6'];
  return listens(await container.output(command, signal).catch(() => ''), port);
}

/** Undefined if the network cannot be reached from here. */
function canConnect(host: string, port: number, signal: AbortSignal): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal, timeout: CONNECT_TIMEOUT });
    const settle = (reached?: boolean): void => {
      socket.destroy();
      resolve(reached);
    };
    socket.on('connect', () => settle(true)).on('timeout', () => settle());
    socket.on('error', (error) => settle(systemCode(error) === 'ECONNREFUSED' ? false : undefined));
  });
}

/** 127.0.0.0/8, the same in IPv6, and ::1, in the byte order of /proc/net/tcp. */
const LOOPBACK = '(?:0{16}F{4}0{4})?[0-9A-F]{6}7F|0{24}01000000';

/** Whether /proc/net/tcp (proc(5)) has a listening socket (state 0A) at the port, on more than the loopback. */
export function listens(lists: string, port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const line = `^[ \\t]*\\d+: (?!(?:${LOOPBACK}):)[0-9A-F]+:${hex} [0-9A-F:]+ 0A `;
  return new RegExp(line, 'm').test(lists);
}

function tooLate(
  name: string,
  port: number,
  timeout: number,
  { health, wasChecked }: ContainerState,
): DockerceptionError {
  const isUnchecked = health !== undefined && !wasChecked;
  const what = health === undefined ? `port ${port} doesn't answer` : 'it isn’t healthy';
  const never = isUnchecked ? ': its HEALTHCHECK was never run' : '';
  const hint = isUnchecked
    ? 'a shorter --interval runs it sooner; Podman leaves it to systemd, which may not be there'
    : '`serveTimeout` gives it longer; does it listen on all addresses, 0.0.0.0?';
  return failed('SERVE_TIMEOUT', `${name}: ${what} after ${timeout / 1000} s${never}`, hint);
}

/** Throws for rootless Podman, where no container can reach another. */
export async function refuseRootless(connection: Connection, signal: AbortSignal): Promise<void> {
  const info = await connection.json({ method: 'GET', path: '/info' }, signal);
  if ((info as { readonly Rootless?: boolean }).Rootless !== true) return;
  const message =
    "reading the option 'serve': with rootless Podman, a build can’t reach another container";
  const hint = 'use Docker or Podman as root, or take files with `artifacts`';
  throw new DockerceptionError('usage', 'SERVE_ROOTLESS', message, { hint });
}

function failed(code: ErrorCode, why: string, hint: string): DockerceptionError {
  const message = `waiting for the builder to serve: ${why}`;
  return new DockerceptionError('builder', code, message, { hint });
}
