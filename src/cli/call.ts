/** Prints the result of `--call` as `docker buildx build` does. */
import { join } from 'node:path/posix';
import { DockerceptionError } from '../errors.js';
import type { Call } from './arguments/call.js';
import type { Arguments } from './arguments/parse.js';
import { print } from './process.js';

/** The result of `frontend.lint` (moby/buildkit, frontend/subrequests/lint), as far as it is read. */
interface LintResults {
  readonly warnings: readonly unknown[] | null;
  readonly buildError?: { readonly message: string };
}

/** The place of a warning: `Dockerfile:3`, before a rule. */
const PLACE = /^\S.*(?=:\d+(?:-\d+)?\n-{20}$)/gm;

/** How buildx names the Dockerfile in warnings. */
export function dockerfileName(args: Arguments): string {
  return args.value('file') ?? join(args.operand, 'Dockerfile');
}

/**
 * Prints the result to standard output.
 *
 * @param name of the Dockerfile in warnings
 * @throws DockerceptionError of kind build, CHECK_FAILED, if the check has found something.
 */
export async function printCall(
  { method, isJson, ignoresStatus }: Call,
  metadata: Readonly<Record<string, unknown>>,
  name: string,
): Promise<void> {
  const { 'result.json': json, 'result.txt': text, 'result.statuscode': status } = metadata;
  if (isJson) await print(`${goJson(json)}\n`);
  else if (method !== 'check') await print(String(text));
  if (method !== 'check') return;
  const { warnings, buildError } = json as LintResults;
  const count = warnings?.length ?? 0;
  const found = count === 1 ? '1 warning has been found!' : `${count} warnings have been found!`;
  const shown = String(text).replace(PLACE, () => name);
  if (!isJson && count > 0)
    await print(`Check complete, ${found}\n${shown}${buildError === undefined ? '' : '\n'}`);
  else if (!isJson && buildError === undefined) await print('Check complete, no warnings found.\n');
  if (buildError === undefined && (ignoresStatus || status !== '1')) return;
  const message = `checking the Dockerfile: ${buildError?.message ?? found}`;
  throw new DockerceptionError('build', 'CHECK_FAILED', message);
}

/** JSON as Go writes it (encoding/json, MarshalIndent). */
function goJson(value: unknown): string {
  const escaped = (character: string): string =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value, undefined, 2).replace(/[<>&\u2028\u2029]/g, escaped);
}
