/** `dockerception doctor`: a report on standard output, and the exit code that a build would have without an engine. */
import { survey } from '../doctor/survey.js';
import { surveyText } from '../doctor/text.js';
import { DockerceptionError, messageOf } from '../errors.js';
import { printable } from '../text/printable.js';
import { engineName } from './arguments/build-options.js';
import { usage, withFlags } from './arguments/flags.js';
import type { Arguments } from './arguments/parse.js';
import { print, type Process } from './process.js';

const SCHEMA = 'dockerception-doctor/1';

export async function runDoctor(args: Arguments, { env, signal }: Process): Promise<void> {
  const { operands } = args;
  if (operands.length > 0) throw usage(`doctor takes nothing, not ${operands.join(' ')}`);
  const found = await survey(engineName(args, env), env, signal);
  const text = args.has('json')
    ? JSON.stringify({ schema: SCHEMA, ...found }, jsonValue, 2)
    : surveyText(found, (text) => printable(withFlags(text), Infinity));
  await print(`${text.trimEnd()}\n`);
  // A program or a name server that still does not answer must not keep the process.
  setTimeout(() => process.exit(), 0).unref();
  if (found.choice.error !== undefined) throw found.choice.error;
}

function jsonValue(_key: string, value: unknown): unknown {
  if (!(value instanceof DockerceptionError)) return value;
  const { code, hint } = value;
  return { code, message: withFlags(messageOf(value)), ...(hint && { hint: withFlags(hint) }) };
}
