/** Durations in the format of Go's time.ParseDuration and Duration.String: `1h30m`, `1.5s`, `100ms`. */
import { quote } from './go.js';

const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** The largest duration, 2^63 - 1. */
const MAX = 9223372036854775807n;

/** Nanoseconds, exact below 2^53. Throws an Error with Go's message. */
export function parseDuration(text: string): number {
  const invalid = new Error(`time: invalid duration ${quote(text)}`);
  const sign = /^[-+]/.exec(text)?.[0] ?? '';
  let rest = text.slice(sign.length);
  if (rest === '0') return 0;
  if (rest === '') throw invalid;
  let total = 0n;
  while (rest !== '') {
    const number = /^(\d*)(?:\.(\d*))?/.exec(rest);
    const [whole = '', digits = '', fraction = ''] = number ?? [];
    if (digits === '' && fraction === '') throw invalid;
    const name = /^[^.\d]*/.exec(rest.slice(whole.length))?.[0] ?? '';
    if (name === '') throw new Error(`time: missing unit in duration ${quote(text)}`);
    const unit = Object.hasOwn(UNITS, name) ? UNITS[name] : undefined;
    if (unit === undefined)
      throw new Error(`time: unknown unit ${quote(name)} in duration ${quote(text)}`);
    total += BigInt(digits) * BigInt(unit) + BigInt(Math.trunc(Number(`0.${fraction}0`) * unit));
    if (total > MAX) throw invalid;
    rest = rest.slice(whole.length + name.length);
  }
  return sign === '-' ? -Number(total) : Number(total);
}

/** As Go prints it: `1m30s`, `1.5s`, `100ms`, `0s`. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds < 0) return `-${formatDuration(-nanoseconds)}`;
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${decimal(nanoseconds, 1e3)}µs`;
  if (nanoseconds < 1e9) return `${decimal(nanoseconds, 1e6)}ms`;
  const minutes = Math.floor(nanoseconds / 60e9);
  const seconds = `${decimal(nanoseconds - minutes * 60e9, 1e9)}s`;
  if (minutes === 0) return seconds;
  const hours = Math.floor(minutes / 60);
  return `${hours === 0 ? '' : `${hours}h`}${minutes % 60}m${seconds}`;
}

function decimal(value: number, unit: number): string {
  const fraction = String(Math.round(value % unit)).padStart(String(unit).length - 1, '0');
  const shown = fraction.replace(/0+$/, '');
  return `${Math.floor(value / unit)}${shown === '' ? '' : `.${shown}`}`;
}
