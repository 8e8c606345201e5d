/** Signals of STOPSIGNAL, as moby/sys/signal reads them on Linux: `SIGTERM`, `term`, `15`. */
import { Reason } from '../reason.js';

const NAMES: readonly string[] = [
  ...['ABRT', 'ALRM', 'BUS', 'CHLD', 'CLD', 'CONT', 'FPE', 'HUP', 'ILL', 'INT', 'IO', 'IOT'],
  ...['KILL', 'PIPE', 'POLL', 'PROF', 'PWR', 'QUIT', 'SEGV', 'STKFLT', 'STOP', 'SYS', 'TERM'],
  ...['TRAP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'USR1', 'USR2', 'VTALRM', 'WINCH', 'XCPU', 'XFSZ'],
];
const REAL_TIME = /^(RTMIN(\+([1-9]|1[0-5]))?|RTMAX(-([1-9]|1[0-4]))?)$/;

/** Throws a {@link Reason} for what isn't a signal; any number but 0 is one. */
export function checkSignal(text: string): void {
  if (/^[-+]?\d+$/.test(text) && Number(text) !== 0) return;
  const name = text.toUpperCase().replace(/^SIG/, '');
  if (!NAMES.includes(name) && !REAL_TIME.test(name)) throw new Reason(`invalid signal: ${text}`);
}
