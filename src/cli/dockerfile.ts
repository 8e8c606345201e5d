/**
 * `-f`: a path inside the context; for a directory a file of the host first, relative to the working directory, as `docker build -f`
 * resolves it; `-` for standard input.
 */
import { access, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import type { ContextOptions } from '../options/context.js';
import { type Arguments, usage } from './parse.js';

/** The name of a Dockerfile that comes from outside of the context. */
const OUTSIDE = '.dockerfile';

type FileOptions = Pick<ContextOptions, 'file' | 'add' | 'ignoreFile'>;

/** Returns what `-f` means; `add` is what it adds to the context. */
export async function dockerfileOptions(args: Arguments): Promise<FileOptions> {
  const given = args.value('file');
  if (given === undefined) return {};
  const hasBuilder = args.value('from') !== undefined || args.value('from-image') !== undefined;
  const context = args.operands[0] ?? '-';
  if (given === '-') {
    if (hasBuilder || context !== '-')
      return { file: OUTSIDE, add: [{ host: '-', dest: OUTSIDE, concealed: true }] };
    throw usage(
      '-f - and the context are both standard input',
      'name a directory or a tar file as the context',
    );
  }
  const isBased = args.value('base') !== undefined || args.value('change') !== undefined;
  if (hasBuilder || isBased || !(await isDirectory(context)) || !(await isFile(given)))
    return { file: given };
  const path = join(await realpath(dirname(given)), basename(given));
  const inside = relative(await realpath(context), path);
  if (!isAbsolute(inside) && !/^\.\.(?:\/|$)/.test(inside)) return { file: inside };
  const ignoreFile = `${given}.dockerignore`;
  const isIgnoreFile = await access(ignoreFile).then(
    () => true,
    () => false,
  );
  return {
    file: OUTSIDE,
    add: [{ host: given, dest: OUTSIDE, concealed: true }],
    ...(isIgnoreFile && { ignoreFile }),
  };
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

/** A pipe, too: `-f <(…)`. */
async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === false;
}
