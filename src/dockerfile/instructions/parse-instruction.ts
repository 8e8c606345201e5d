/** Parses statements into typed instructions, with the checks of BuildKit's instructions/parse.go. */
import { parseDuration } from '../../text/duration.js';
import { compareBytes, quote, trim } from '../../text/go.js';
import { suggest } from '../../text/suggest.js';
import { Reason } from '../reason.js';
import { readFlags } from '../syntax/flags.js';
import type { PlacedStatement } from '../syntax/statements.js';
import type {
  ArgInstruction,
  HealthcheckInstruction,
  Instruction,
  InstructionBase,
  Stage,
} from './instruction.js';
import { parseCopy } from './parse-copy.js';

const KEYWORDS: readonly string[] = [
  ...['add', 'arg', 'cmd', 'copy', 'entrypoint', 'env', 'expose', 'from', 'healthcheck', 'label'],
  ...['maintainer', 'onbuild', 'run', 'shell', 'stopsignal', 'user', 'volume', 'workdir'],
];

// Includes flags of the labs channel.
const RUN_FLAGS = { mount: 'list', network: 'string', security: 'string', device: 'list' } as const;

interface FromLine {
  readonly kind: 'from';
  readonly stage: Omit<Stage, 'index' | 'instructions'>;
}

/** Throws a {@link Reason}. */
export function parseInstruction(statement: PlacedStatement): Instruction | FromLine {
  const { args, json, flags, line, endLine } = statement;
  const base: InstructionBase = { line, endLine, original: trim(statement.original) };
  const keyword = statement.keyword.toLowerCase();
  const noFlags = (): void => void readFlags(flags, {});
  switch (keyword) {
    case 'from':
      return parseFrom(statement);
    case 'env':
    case 'label':
      noFlags();
      atLeastOne(statement.pairs, keyword.toUpperCase());
      if (statement.pairs.some(({ key }) => key === ''))
        throw new Reason(`${keyword.toUpperCase()} names can not be blank`);
      return { ...base, kind: keyword, pairs: statement.pairs };
    case 'arg':
      return parseArg(statement, base);
    case 'copy':
    case 'add':
      return parseCopy(keyword, statement, base);
    case 'run':
      return parseRun(statement, base);
    case 'cmd':
    case 'entrypoint':
      noFlags();
      return { ...base, kind: keyword, command: { args, shell: !json } };
    case 'healthcheck':
      return parseHealthcheck(statement, base);
    case 'onbuild':
      return parseOnbuild(statement, base);
    case 'shell':
      noFlags();
      atLeastOne(args, 'SHELL');
      if (!json) throw new Reason('SHELL requires the arguments to be in JSON form');
      return { ...base, kind: keyword, shell: args };
    case 'volume':
      atLeastOne(args, 'VOLUME');
      noFlags();
      if (args.some((path) => trim(path) === ''))
        throw new Reason('VOLUME specified can not be an empty string');
      return { ...base, kind: keyword, paths: args.map(trim) };
    case 'expose':
      atLeastOne(args, 'EXPOSE');
      noFlags();
      return { ...base, kind: keyword, ports: [...args].sort(compareBytes) };
    case 'stopsignal':
      return { ...base, kind: keyword, signal: only(args, 'STOPSIGNAL') };
    case 'workdir':
    case 'user':
    case 'maintainer': {
      const value = only(args, keyword.toUpperCase());
      noFlags();
      if (keyword === 'workdir') return { ...base, kind: keyword, path: value };
      if (keyword === 'user') return { ...base, kind: keyword, user: value };
      return { ...base, kind: keyword, maintainer: value };
    }
    default: {
      const message = `unknown instruction: ${statement.keyword}`;
      throw new Reason(suggest(message, statement.keyword, KEYWORDS, false));
    }
  }
}

function parseFrom({ args, flags, line, original }: PlacedStatement): FromLine {
  const [base, as, alias] = args;
  const named = args.length === 3 && as?.toLowerCase() === 'as';
  if (base === undefined || (!named && args.length !== 1))
    throw new Reason('FROM requires either one or three arguments');
  const name = named ? alias?.toLowerCase() : undefined;
  if (name !== undefined && !/^[a-z][a-z0-9-_.]*$/.test(name)) {
    const why = "name can't start with a number or contain symbols";
    throw new Reason(`invalid name for build stage: ${quote(alias ?? '')}, ${why}`);
  }
  const platform = readFlags(flags, { platform: 'string' }).string('platform') || undefined;
  return { kind: 'from', stage: { base, name, platform, line, original: original.trim() } };
}

function parseArg({ args }: PlacedStatement, base: InstructionBase): ArgInstruction {
  // BuildKit ignores flags of ARG.
  atLeastOne(args, 'ARG');
  const pairs = args.map((arg) => {
    const equals = arg.indexOf('=');
    if (equals === 0) throw new Reason('ARG names can not be blank');
    if (equals < 0) return { key: arg, value: undefined };
    return { key: arg.slice(0, equals), value: arg.slice(equals + 1) };
  });
  return { ...base, kind: 'arg', args: pairs };
}

function parseRun(
  { args, json, ...statement }: PlacedStatement,
  base: InstructionBase,
): Instruction {
  const flags = readFlags(statement.flags, RUN_FLAGS);
  const network = flags.string('network');
  if (!['', 'default', 'none', 'host'].includes(network))
    throw new Reason(`invalid network mode ${quote(network)}`);
  if (flags.list('mount').some((mount) => /(^|,)from=[^,]*\$[^,]/i.test(mount)))
    throw new Reason(`'from' doesn't support variable expansion, define alias stage instead`);
  return { ...base, kind: 'run', command: { args, shell: !json } };
}

function parseOnbuild({ sub, ...statement }: PlacedStatement, base: InstructionBase): Instruction {
  if (!sub) throw new Reason('ONBUILD requires at least one argument');
  readFlags(statement.flags, {});
  const keyword = sub.keyword.toUpperCase();
  if (keyword === 'ONBUILD')
    throw new Reason("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (keyword === 'MAINTAINER' || keyword === 'FROM')
    throw new Reason(`${keyword} isn't allowed as an ONBUILD trigger`);
  const start = statement.original.replace(/^[\t\n\f\r ]*ONBUILD[\t\n\f\r ]*/i, '');
  const files = statement.heredocs.map(({ content, name }) => `\n${content.toString()}${name}`);
  return { ...base, kind: 'onbuild', trigger: start + files.join('') };
}

function atLeastOne(args: readonly unknown[], name: string): void {
  if (args.length === 0) throw new Reason(`${name} requires at least one argument`);
}

function only(args: readonly string[], name: string): string {
  const [value] = args;
  if (value === undefined) throw new Reason(`${name} requires exactly one argument`);
  return value;
}

/** Shorter ones than a millisecond are refused. */
const MIN_INTERVAL = 1e6;

/** Throws a {@link Reason}. */
function parseHealthcheck(
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
