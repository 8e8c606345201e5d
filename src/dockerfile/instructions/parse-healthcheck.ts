/** HEALTHCHECK: NONE, or CMD with its intervals (BuildKit, instructions/parse.go). */
import { parseDuration } from '../../text/duration.js';
import { quote } from '../../text/go.js';
import { Reason } from '../reason.js';
import { readFlags } from '../syntax/flags.js';
import type { PlacedStatement } from '../syntax/statements.js';
import type { HealthcheckInstruction, InstructionBase } from './instruction.js';

/** Shorter ones than a millisecond are refused. */
const MIN_INTERVAL = 1e6;

/** Throws a {@link Reason}. */
export function parseHealthcheck(
  statement: PlacedStatement,
  base: InstructionBase,
): HealthcheckInstruction {
  const [type, ...command] = statement.args;
  if (type === undefined) throw new Reason('HEALTHCHECK requires at least one argument');
  const kind = 'healthcheck';
  if (type.toUpperCase() === 'NONE') {
    if (command.length > 0) throw new Reason('HEALTHCHECK NONE takes no arguments');
    return { ...base, kind, test: ['NONE'], ...UNSET };
  }
  const flags = readFlags(statement.flags, {
    interval: 'string',
    timeout: 'string',
    'start-period': 'string',
    'start-interval': 'string',
    retries: 'string',
  });
  if (type.toUpperCase() !== 'CMD')
    throw new Reason(`Unknown type ${quote(type.toUpperCase())} in HEALTHCHECK (try CMD)`);
  if (command.length === 0) throw new Reason('Missing command after HEALTHCHECK CMD');
  return {
    ...base,
    kind,
    test: statement.json ? ['CMD', ...command] : ['CMD-SHELL', ...command],
    interval: interval('interval', flags.string('interval')),
    timeout: interval('timeout', flags.string('timeout')),
    startPeriod: interval('start-period', flags.string('start-period')),
    startInterval: interval('start-interval', flags.string('start-interval')),
    retries: retries(flags.string('retries')),
  };
}

const UNSET = { interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0 };

function interval(name: string, text: string): number {
  let duration: number;
  try {
    duration = text === '' ? 0 : parseDuration(text);
  } catch (error) {
    throw new Reason((error as Error).message);
  }
  if (duration === 0 || duration >= MIN_INTERVAL) return duration;
  throw new Reason(`Interval ${quote(name)} cannot be less than 1ms`);
}

function retries(text: string): number {
  if (text === '') return 0;
  const refuse = (why: string): Reason =>
    new Reason(`strconv.ParseInt: parsing ${quote(text)}: ${why}`);
  if (!/^[-+]?\d+$/.test(text)) throw refuse('invalid syntax');
  const count = Number(text);
  if (count > 0x7fffffff || count < -0x80000000) throw refuse('value out of range');
  if (count < 0) throw new Reason(`--retries cannot be negative (${count})`);
  return count;
}
