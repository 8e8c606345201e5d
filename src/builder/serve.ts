/**
 * A builder that serves while an image is built: how long it takes until it does, and under which address the
 * build reaches it. With a HEALTHCHECK its image says so itself; otherwise the port has to be open.
 */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Container, ContainerState } from '../engine/docker/index.js';
import { DockerceptionError } from '../errors.js';
import { plainText } from '../text/terminal.js';
import type { Run } from './run.js';

/** How it is waited for. */
export interface ServeOptions {
  readonly port: number;
  /** Milliseconds. */
  readonly timeout: number;
  /** What messages call the builder. */
  readonly name: string;
  readonly signal: AbortSignal;
}

const ASK_EVERY = 200;
/** Milliseconds for one attempt; the network is the machine's own. */
const CONNECTING = 1000;

/**
 * Resolves to the builder's address, on the engine's default network, when it serves.
 *
 * @throws DockerceptionError of kind builder: SERVE_TIMEOUT, SERVE_UNHEALTHY, SERVE_ENDED, SERVE_ADDRESS; what
 *   the builder has failed with; the signal's reason
 */
export async function untilServing(
  run: Run,
  container: Container,
  { port, timeout, name, signal }: ServeOptions,
): Promise<string> {
  const until = performance.now() + timeout;
  const ended = run.complete.then(() => {
    throw failed('SERVE_ENDED', `${name} has ended with 0, and doesn't serve`, FOREGROUND);
  });
  ended.catch(() => undefined);
  for (;;) {
    const state = await Promise.race([container.inspect(signal), ended]);
    if (!state.running) await Promise.race([ended, sleep(CONNECTING, undefined, { signal })]);
    const { address } = state;
    if (address === undefined) throw withoutAddress(name);
    if (state.health === 'unhealthy') throw unhealthy(name, state);
    const serves =
      state.health === undefined
        ? await answers(container, address, port, signal)
        : state.health === 'healthy';
    if (serves) return address;
    if (performance.now() > until) throw tooLate(name, port, timeout, state);
    await Promise.race([sleep(ASK_EVERY, undefined, { signal }), ended]);
  }
}

const FOREGROUND = 'its command has to stay in the foreground: httpd -f, nginx -g "daemon off;"';

/** Whether the port is open: from here, or where the engine's network isn't ours, by the builder's own list. */
async function answers(
  container: Container,
  address: string,
  port: number,
  signal: AbortSignal,
): Promise<boolean> {
  const reached = await canConnect(address, port, signal);
  if (reached !== undefined) return reached;
  const lists = await container
    .output(['cat', '/proc/net/tcp', '/proc/net/tcp6'], signal)
    .catch(() => '');
  return listens(lists, port);
}

/** Undefined when the address can't be reached from here at all. */
function canConnect(host: string, port: number, signal: AbortSignal): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal, timeout: CONNECTING });
    const settle = (reached: boolean | undefined): void => {
      socket.destroy();
      resolve(reached);
    };
    socket.on('connect', () => settle(true));
    socket.on('timeout', () => settle(undefined));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      settle(error.code === 'ECONNREFUSED' ? false : undefined),
    );
  });
}

/** 127.0.0.0/8, the same in IPv6, and ::1, as /proc/net/tcp has them: words in the machine's order. */
const LOOPBACK = '(?:0{16}F{4}0{4})?[0-9A-F]{6}7F|0{24}01000000';

/**
 * Reads /proc/net/tcp (proc(5)): a local address in hexadecimal, and 0A for a socket that listens. Who listens on
 * the loopback alone serves nobody else.
 */
export function listens(lists: string, port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const line = `^[ \\t]*\\d+: (?!(?:${LOOPBACK}):)[0-9A-F]+:${hex} [0-9A-F:]+ 0A `;
  return new RegExp(line, 'm').test(lists);
}

function unhealthy(name: string, { healthOutput }: ContainerState): DockerceptionError {
  const said = healthOutput === undefined ? '' : `: ${plainText(healthOutput)}`;
  return failed('SERVE_UNHEALTHY', `${name} is not healthy${said}`, 'see its HEALTHCHECK');
}

function tooLate(
  name: string,
  port: number,
  timeout: number,
  { health, wasChecked }: ContainerState,
): DockerceptionError {
  const checks = health !== undefined;
  const what = checks ? 'it isn’t healthy' : `port ${port} doesn't answer`;
  const never = checks && !wasChecked ? ': its HEALTHCHECK was never run' : '';
  return failed(
    'SERVE_TIMEOUT',
    `${name}: ${what} after ${timeout / 1000} s${never}`,
    never === ''
      ? '--serve-timeout gives it longer; does it listen on all addresses, 0.0.0.0?'
      : 'a shorter --interval runs it sooner; Podman leaves it to systemd, which may not be there',
  );
}

function withoutAddress(name: string): DockerceptionError {
  const why = `${name} has no address that a build could reach: the engine gives it no network`;
  return failed('SERVE_ADDRESS', why, 'see the engine’s own log');
}

/** Rootless Podman gives each container a network that no other container is in. */
export async function refuseRootless(connection: Connection, signal: AbortSignal): Promise<void> {
  const info = await connection.json({ method: 'GET', path: '/info' }, signal);
  if ((info as { readonly Rootless?: boolean }).Rootless !== true) return;
  throw new DockerceptionError(
    'usage',
    'SERVE_ROOTLESS',
    'reading --serve: with rootless Podman, a build can’t reach another container',
    { hint: 'use Docker or Podman as root, or take files with --artifacts' },
  );
}

function failed(code: string, why: string, hint: string): DockerceptionError {
  return new DockerceptionError('builder', code, `waiting for the builder to serve: ${why}`, {
    hint,
  });
}
