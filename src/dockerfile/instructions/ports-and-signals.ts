/** Arguments of EXPOSE and STOPSIGNAL. */
import { isIP } from 'node:net';
import { quote } from '../../text/go.js';
import { Reason } from '../reason.js';

/** The ports of `80`, `53/udp`, `8000-8010` or `IP:HOST:CONTAINER`, as `80/tcp`. Throws a {@link Reason}. */
export function parsePorts(text: string): string[] {
  const parts = text.split(':');
  const container = parts.pop() ?? '';
  const host = parts.pop() ?? '';
  const address = parts.join(':').replace(/^\[(.*)\]$/, '$1');
  const [, port = '', protocol = ''] = /^([^/]*)\/?([^]*)$/.exec(container) ?? [];
  const invalid = (why: string): Reason => new Reason(`invalid port: ${quote(text)}: ${why}`);
  if (port === '') throw invalid('no port specified');
  const name = protocol === '' ? 'tcp' : protocol.toLowerCase();
  if (!['tcp', 'udp', 'sctp'].includes(name)) throw invalid(`invalid proto: ${name}`);
  if (address !== '' && isIP(address) === 0) throw new Reason(`invalid IP address: ${address}`);
  const inside = range(port);
  if (!inside) throw new Reason(`invalid containerPort: ${port}`);
  const outside = host === '' ? inside : range(host);
  if (!outside) throw new Reason(`invalid hostPort: ${host}`);
  const [first, last] = inside;
  if (last !== first && last - first !== outside[1] - outside[0]) {
    const why = `invalid ranges specified for container and host Ports: ${port} and ${host}`;
    throw new Reason(why);
  }
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${name}`);
}

function range(text: string): readonly [number, number] | undefined {
  const match = /^\+?(\d+)(?:-\+?(\d+))?$/.exec(text);
  if (!match) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first <= last && last <= 65535 ? [first, last] : undefined;
}

const SIGNALS: readonly string[] = [
  ...['ABRT', 'ALRM', 'BUS', 'CHLD', 'CLD', 'CONT', 'FPE', 'HUP', 'ILL', 'INT', 'IO', 'IOT'],
  ...['KILL', 'PIPE', 'POLL', 'PROF', 'PWR', 'QUIT', 'SEGV', 'STKFLT', 'STOP', 'SYS', 'TERM'],
  ...['TRAP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'USR1', 'USR2', 'VTALRM', 'WINCH', 'XCPU', 'XFSZ'],
];
const REAL_TIME = /^(RTMIN(\+([1-9]|1[0-5]))?|RTMAX(-([1-9]|1[0-4]))?)$/;

/** Checks a signal as moby/sys/signal does on Linux: `SIGTERM`, `term`, any number but 0. Throws a {@link Reason}. */
export function checkSignal(text: string): void {
  if (/^[-+]?\d+$/.test(text) && Number(text) !== 0) return;
  const name = text.toUpperCase().replace(/^SIG/, '');
  if (!SIGNALS.includes(name) && !REAL_TIME.test(name)) throw new Reason(`invalid signal: ${text}`);
}
