/** Prints the result of `--call` as `docker buildx build` does. */
import { join } from 'node:path/posix';
import { withoutBaseFolder } from '../dockerfile/base.js';
import { excerptOf } from '../dockerfile/excerpt.js';
import { DockerceptionError } from '../errors.js';
import type { Call } from './arguments/call.js';
import type { Arguments } from './arguments/parse.js';
import { print } from './process.js';

/** The result of `frontend.lint` (moby/buildkit, frontend/subrequests/lint), as far as it is read. */
interface LintResults {
  readonly warnings: readonly unknown[] | null;
  /** Their contents are in base64. */
  readonly sources: readonly { readonly data?: string }[] | null;
  readonly buildError?: {
    readonly message: string;
    readonly location: {
      readonly sourceIndex?: number;
      readonly ranges?: readonly { readonly start: { readonly line: number } }[] | null;
    };
  };
}

/** The place of a warning: `Dockerfile:3`, before a rule. */
const PLACE = /^\S.*(?=:\d+(?:-\d+)?\n-{20}$)/gm;

/** How buildx names the Dockerfile in warnings; undefined for that of `base`, which is no file of the user's. */
export function dockerfileName(args: Arguments): string | undefined {
  if (args.has('base', 'change')) return undefined;
  const file = args.value('file');
  return file === '-' ? 'stdin' : (file ?? join(args.operand, 'Dockerfile'));
}

/**
 * Prints the result to standard output.
 *
 * @param name of the Dockerfile in warnings; undefined if it was written for `base`
 * @throws DockerceptionError of kind build, CHECK_FAILED, if the check has found something.
 */
export async function printCall(
  { method, isJson, ignoresStatus }: Call,
  metadata: Readonly<Record<string, unknown>>,
  name: string | undefined,
): Promise<void> {
  const { 'result.json': json, 'result.txt': text, 'result.statuscode': status } = metadata;
  if (isJson) await print(`${goJson(json)}\n`);
  else if (method !== 'check') await print(String(text));
  if (method !== 'check') return;
  const { warnings, sources, buildError } = json as LintResults;
  const count = warnings?.length ?? 0;
  const shown =
    name === undefined ? withoutBaseFolder(String(text)) : String(text).replace(PLACE, () => name);
  const were = count === 1 ? '1 warning has' : `${count} warnings have`;
  if (!isJson && count > 0)
    await print(`Check complete, ${were} been found!\n${shown}${buildError ? '\n' : ''}`);
  else if (!isJson && !buildError) await print('Check complete, no warnings found.\n');
  if (!buildError && (ignoresStatus || status !== '1')) return;
  const found = buildError?.message ?? `${were} been found`;
  const message = `checking the Dockerfile: ${found}`;
  const { sourceIndex = 0, ranges } = buildError?.location ?? {};
  const line = ranges?.[0]?.start.line;
  const source = Buffer.from(sources?.[sourceIndex]?.data ?? '', 'base64');
  const excerpt = line && excerptOf(source, name ?? 'Dockerfile', { message: found, line });
  throw new DockerceptionError('build', 'CHECK_FAILED', message, excerpt ? { excerpt } : {});
}

/** JSON as Go writes it (encoding/json, MarshalIndent). */
function goJson(value: unknown): string {
  const escaped = (character: string): string =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value, undefined, 2).replace(/[<>&\u2028\u2029]/g, escaped);
}
