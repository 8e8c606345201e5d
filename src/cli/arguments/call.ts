/** `--call` and `--check`: they print information about the Dockerfile and build nothing. */
import { CALL_METHODS, type CallMethod } from '../../options/buildkit.js';
import { parseBoolean } from '../../options/values.js';
import { pairs } from './builder-options.js';
import { usage } from './flags.js';
import type { Arguments } from './parse.js';

/** A call, and how its result is shown. */
export interface Call {
  readonly method: CallMethod;
  readonly isJson: boolean;
  /** Whether the exit code is 0 whatever is found. */
  readonly ignoresStatus: boolean;
}

/** The call of `--check`, or of `--call METHOD` with `format=` and `ignorestatus=`; undefined for a build. */
export function callOf(args: Arguments): Call | undefined {
  const text = args.value('call') ?? (args.has('check') ? 'check' : 'build');
  const takes = `--call takes build, ${CALL_METHODS.join(', ')}, with format=json`;
  const fields = text.split(',');
  const name = fields.filter((field) => !field.includes('=')).join(',');
  const attributes = fields.filter((field) => field.includes('='));
  const { format = 'text', ignorestatus = 'false', ...rest } = pairs(attributes, takes);
  const method = CALL_METHODS.find((one) => one === (name === 'lint' ? 'check' : name));
  const ignoresStatus = parseBoolean(ignorestatus);
  const isKnown =
    (method !== undefined || name === 'build') &&
    (format === 'json' || format === 'text') &&
    Object.keys(rest).length === 0;
  if (!isKnown || ignoresStatus === undefined) throw usage(`${takes}, not '${text}'`);
  if (args.has('check') && method !== 'check')
    throw usage(`--check and --call ${text} exclude each other`);
  return method && { method, isJson: format === 'json', ignoresStatus };
}
