/** The library's options of builders, from the command line's. */
import { resolve } from 'node:path';
import { BUILDER, type BuilderOptions } from '../../options/builder.js';
import { parseDuration } from '../../text/duration.js';
import { usage } from './flags.js';
import type { Arguments } from './parse.js';

/** Checked before anything is read; undefined without a builder. */
export function builderOptions(
  args: Arguments,
  env: NodeJS.ProcessEnv,
): BuilderOptions | undefined {
  const from = args.all('from');
  const fromImage = args.value('from-image');
  if (from.length === 0 && fromImage === undefined) {
    const stray = args.firstOf(BUILDER);
    if (stray === undefined) return undefined;
    throw usage(
      `--${stray.name} needs a builder`,
      '--from DIR builds and runs one, --from-image REF runs one',
    );
  }
  if (from.includes('') || fromImage === '')
    throw usage('--from names no builder', '--from DIR, or -');
  const serve = args.parsed('serve', port);
  if (serve === undefined && args.operands.length > 0)
    throw usage(
      `the builder makes the context: ${args.operands[0]} has no place`,
      `--add ${args.operands[0]}:. puts it in, --serve PORT takes it for the context`,
    );
  if (serve === undefined && args.has('serve-timeout'))
    throw usage('--serve-timeout needs --serve PORT');
  if (serve !== undefined && args.all('artifacts').length > 0)
    throw usage(
      '--serve and --artifacts exclude each other: one builder stays, the other has ended',
    );
  if (args.has('libs') && args.all('artifacts').length === 0)
    throw usage('--libs needs --artifacts PATH', 'it takes the libraries of these');
  const fromEnv = (name: string): string | undefined => env[name];
  return args.options(BUILDER, {
    artifacts: args.all('artifacts').map(artifact),
    // The whole context becomes the root then, and libraries are found at their paths alone.
    keepPaths: args.has('libs') && args.has('base', 'change'),
    command: args.command.length > 0 ? args.command : undefined,
    volumes: args.all('volume').map(volume),
    variables: Object.entries(pairs(args.all('env'), '--env takes KEY[=VALUE]', fromEnv)).map(
      ([key, value]) => `${key}=${value}`,
    ),
    buildArgs: pairs(args.all('builder-arg'), '--builder-arg takes KEY[=VALUE]', fromEnv),
    timeout: args.parsed('timeout', milliseconds),
    serve,
    serveTimeout: args.parsed('serve-timeout', milliseconds),
    env,
  });
}

/**
 * Reads `NAME=VALUE` texts.
 * @param takes how an error begins
 * @param valueOf returns the value of a NAME alone, undefined to ignore it; without it, such a text is an error
 */
export function pairs(
  list: readonly string[],
  takes: string,
  valueOf?: (name: string) => string | undefined,
): Record<string, string> {
  const entries = list.flatMap((text): [string, string][] => {
    const equals = text.indexOf('=');
    if (equals > 0) return [[text.slice(0, equals), text.slice(equals + 1)]];
    if (equals === 0 || text === '' || !valueOf) throw usage(`${takes}, not '${text}'`);
    const value = valueOf(text);
    return value === undefined ? [] : [[text, value]];
  });
  return Object.fromEntries(entries);
}

/** The parts of `PATH[:DEST]`. */
export function splitPlace(text: string): [path: string, dest?: string] {
  const colon = text.lastIndexOf(':');
  return colon < 0 ? [text] : [text.slice(0, colon), text.slice(colon + 1)];
}

function artifact(text: string): { path: string; dest?: string } {
  const [path, dest] = splitPlace(text);
  if (path === '' || dest === '') throw usage(`--artifacts takes PATH[:DEST], not '${text}'`);
  return dest === undefined ? { path } : { path, dest };
}

/** A path that starts with a dot is the host's, from here; anything else is for the engine to understand. */
function volume(text: string): string {
  const [source = '', ...rest] = text.split(':');
  if (source === '' || (rest.length === 0 && !source.startsWith('/')))
    throw usage(`--volume takes SOURCE:TARGET[:OPTIONS], not '${text}'`);
  return /^\.{1,2}(?:\/|$)/.test(source) ? [resolve(source), ...rest].join(':') : text;
}

function port(text: string): number {
  const number = Number(text);
  if (/^[0-9]{1,5}$/.test(text) && number > 0 && number < 65_536) return number;
  throw usage(`--serve takes a port, not '${text}'`);
}

/** Seconds, or a duration as in Go. */
function milliseconds(text: string, option: string): number {
  try {
    const value = parseDuration(/^[0-9.]+$/.test(text) ? `${text}s` : text) / 1e6;
    if (value > 0 && value < 2 ** 31) return value;
  } catch {
    // Reported below.
  }
  throw usage(`${option} takes seconds or a duration, not '${text}'`, 'as in 90, 90s or 1h30m');
}
