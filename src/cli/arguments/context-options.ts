/** The library's options of a context, from the command line's. */
import { existsSync } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { parseOwner } from '../../edit/attributes.js';
import { readReason } from '../../errors.js';
import { type Addition, CONTEXT, type ContextOptions } from '../../options/context.js';
import { VERBS } from '../../options/schema.js';
import { isStandardInput } from '../../source/standard-input.js';
import { nearest } from '../../text/suggest.js';
import { parseTime, sourceDateEpoch } from '../../text/time.js';
import { trimEnd } from '../../text/trim.js';
import { splitPlace } from './builder-options.js';
import { usage } from './flags.js';
import type { Arguments } from './parse.js';

export async function contextOptions(
  args: Arguments,
  env: NodeJS.ProcessEnv,
): Promise<ContextOptions> {
  refuseMisspeltVerb(args.operands);
  if (args.operands.length > 1) {
    throw usage(`one context is taken, not ${args.operands.length}: ${args.operands.join(' ')}`);
  }
  const dockerfile = await dockerfileOptions(args);
  checkStandardInput(args);
  if (args.has('owner') && args.has('keep-owner'))
    throw usage('--owner and --keep-owner exclude each other');
  return args.options(CONTEXT, {
    context: args.operand,
    owner: args.has('keep-owner') ? 'keep' : args.parsed('owner', parseOwner),
    mtime: args.parsed('mtime', parseTime),
    clampMtime: args.parsed('clamp-mtime', parseTime) ?? sourceDateEpoch(env),
    stripComponents: args.parsed('strip-components', count),
    exclude: [...(await ignoreFiles(args.all('dockerignore'))), ...args.all('exclude')],
    ...dockerfile,
    add: [...args.all('add').map(addition), ...(dockerfile.add ?? [])],
  });
}

/** Throws USAGE if standard input is named twice: by builders, the context, `--add` or `-f`. */
function checkStandardInput(args: Arguments): void {
  const hasBuilder = args.has('from', 'from-image');
  const context = args.operand;
  const readers = [
    // Each further builder reads the output of the one before.
    ...(args.all('from')[0] === '-' && !args.has('from-image') ? ['--from -'] : []),
    ...(hasBuilder || context !== '-' ? [] : ['the context']),
    ...args
      .all('add')
      .filter((text) => isStandardInput(addition(text).host))
      .map((text) => `--add ${text}`),
    ...(args.value('file') === '-' ? ['-f -'] : []),
  ];
  if (readers.length < 2) return;
  throw usage(
    `standard input is read once, and not by ${readers.join(' and ')}`,
    'put one of them into a file',
  );
}

function count(text: string): number {
  if (/^[0-9]{1,6}$/.test(text)) return Number(text);
  throw usage(`--strip-components takes a number, not '${text}'`);
}

/** `HOST[:DEST]`; without DEST it is HOST's last component, as for `cp`. */
function addition(text: string): Addition {
  const [host, dest = trimEnd(host, '/').split('/').at(-1) ?? ''] = splitPlace(text);
  if (host === '' || dest === '') throw usage(`--add takes HOST[:DEST], not '${text}'`);
  if (host === '-' && /^[-.]$|\/$/.test(dest))
    throw usage('--add - needs a name in the context', 'as in --add -:app');
  return { host, dest: dest === '..' ? '.' : dest };
}

async function ignoreFiles(paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return [];
  const { parseIgnore } = await import('../../dockerfile/patterns/ignore.js');
  const lists = paths.map(async (path) => {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      throw usage(`--dockerignore ${path}: ${readReason(error)}`);
    });
    return parseIgnore(text, path);
  });
  return (await Promise.all(lists)).flat();
}

/** Throws USAGE if the first operand doesn't exist and is similar to a verb. */
function refuseMisspeltVerb([word = '-']: readonly string[]): void {
  if (word === '-' || existsSync(word)) return;
  const verb = nearest(word, VERBS);
  if (verb === undefined) return;
  throw usage(`${word} is neither a verb nor a context that is there`, `did you mean ${verb}?`);
}

/** The name in the context of a Dockerfile from outside of it. */
const OUTSIDE = '.dockerfile';

type FileOptions = Pick<ContextOptions, 'file' | 'add' | 'ignoreFile'>;

/**
 * `-f` is a path inside the context. For a directory it is first a file of the host, relative to the working directory, as
 * `docker build -f` resolves it; `-` is standard input. `add` is what it adds to the context.
 */
async function dockerfileOptions(args: Arguments): Promise<FileOptions> {
  const given = args.value('file');
  if (given === undefined) return {};
  const hasBuilder = args.has('from', 'from-image');
  const context = args.operand;
  if (given === '-') {
    if (hasBuilder || context !== '-')
      return { file: OUTSIDE, add: [{ host: '-', dest: OUTSIDE, concealed: true }] };
    throw usage(
      '-f - and the context are both standard input',
      'name a directory or a tar file as the context',
    );
  }
  const isOnHost = (await isDirectory(context)) === true && (await isDirectory(given)) === false;
  if (hasBuilder || args.has('base', 'change') || !isOnHost) return { file: given };
  const path = join(await realpath(dirname(given)), basename(given));
  const inside = relative(await realpath(context), path);
  if (!isAbsolute(inside) && !/^\.\.(?:\/|$)/.test(inside)) return { file: inside };
  const ignoreFile = `${given}.dockerignore`;
  return {
    file: OUTSIDE,
    add: [{ host: given, dest: OUTSIDE, concealed: true }],
    ...(existsSync(ignoreFile) && { ignoreFile }),
  };
}

/** False for a file, and a pipe, as in `-f <(…)`; undefined if nothing is there. */
async function isDirectory(path: string): Promise<boolean | undefined> {
  return (await stat(path).catch(() => undefined))?.isDirectory();
}
