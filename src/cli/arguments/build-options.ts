/** The library's options of a build, from the command line's; checked before anything is read. */
import { resolve } from 'node:path';
import { type Compression, parseCompression } from '../../compression/compress.js';
import { parsePlatform } from '../../image/platform.js';
import { isImageName } from '../../image/reference.js';
import { BUILD_ONLY, ENGINE_NAMES, type EngineName } from '../../options/build.js';
import { type Output, OUTPUT_TYPES, outputForm } from '../../options/image.js';
import { LIMITS, type Limits } from '../../options/limits.js';
import { parseBoolean } from '../../options/values.js';
import { pairs } from './builder-options.js';
import { buildkitOptions } from './buildkit-options.js';
import { usage } from './flags.js';
import type { Arguments } from './parse.js';

/** The options other than those of the context. */
export function buildOptions(args: Arguments, env: NodeJS.ProcessEnv) {
  const [pushes, others] = byPush(args.all('output'));
  const written = others.filter((text) => text !== CACHE_ONLY);
  const given = args.all('tag');
  const tags = given.length > 0 ? given : pushes.flat();
  for (const tag of tags) {
    if (isImageName(tag)) continue;
    const why = tag !== tag.toLowerCase() ? ': it has to be lower case' : '';
    const message = `'${tag}' can't be the name of an image${why}`;
    throw usage(message, 'as in registry:5000/team/app:1.10');
  }
  const outputs = written.map(output);
  checkDestinations(outputs);
  const push = args.has('push') || pushes.length > 0;
  if (push && tags.length === 0)
    throw usage('--push needs a name', '-t REGISTRY/NAME gives it one');
  const platforms = args.all('platform').flatMap((list) => list.split(','));
  platforms.forEach(parsePlatform);
  return args.options(BUILD_ONLY, {
    ...buildkitOptions(args, env),
    tags,
    push,
    buildArgs: pairs(args.all('build-arg'), '--build-arg takes KEY[=VALUE]', (name) => env[name]),
    labels: pairs(args.all('label'), '--label takes NAME=VALUE', () => ''),
    platforms,
    cacheOnly: written.length < others.length,
    addHosts: args.all('add-host').map(host),
    buildContexts: buildContexts(args),
    outputs,
    compression: compression(args, outputs),
    engine: engineName(args, env),
    check: !args.has('no-check'),
  });
}

/** Of the options, or as buildx has it, of an output. */
function compression(args: Arguments, outputs: readonly Output[]): Compression {
  const given = (name: string): string | undefined =>
    args.value(name) ?? outputs.find(({ attributes }) => name in attributes)?.attributes[name];
  const type = given('compression');
  return parseCompression(type === 'uncompressed' ? 'none' : type, given('compression-level'));
}

/** The engine that an option or the environment names. */
export function engineName(args: Arguments, env: NodeJS.ProcessEnv): EngineName {
  const name = args.value('engine') ?? env['DOCKERCEPTION_ENGINE'] ?? 'auto';
  const known = ENGINE_NAMES.find((one) => one === (name || 'auto'));
  if (known !== undefined) return known;
  throw usage(
    `there is no engine '${name}'`,
    `${ENGINE_NAMES.join(', ')}, with --engine or DOCKERCEPTION_ENGINE`,
  );
}

function buildContexts(args: Arguments): Record<string, string> {
  const contexts = pairs(args.all('build-context'), '--build-context takes NAME=VALUE');
  for (const [name, place] of Object.entries(contexts)) {
    if (place === '') throw usage(`--build-context ${name}= names no place`, BUILD_CONTEXT);
    // There is one standard input, and the context may come from it.
    if (place === '-')
      throw usage(`--build-context ${name} can't be standard input`, BUILD_CONTEXT);
  }
  return contexts;
}

const BUILD_CONTEXT = 'a directory, a tar file, docker-image://REF or oci-layout://DIR';

function host(text: string): string {
  const match = /^([^:=]+)[:=](.+)$/.exec(text);
  if (match === null) throw usage(`--add-host takes HOST:IP, not '${text}'`);
  return `${match[1]}:${(match[2] as string).replace(/^\[(.*)\]$/, '$1')}`;
}

/** The output that writes nothing. */
const CACHE_ONLY = 'type=cacheonly';

/**
 * Separates the outputs `type=registry` and `type=image,push=true`, which mean `--push`, as in buildx.
 * @returns the names of each, and the other outputs
 */
function byPush(outputs: readonly string[]): [pushes: string[][], others: string[]] {
  const others: string[] = [];
  const pushes: string[][] = [];
  for (const text of outputs) {
    if (!/(?:^|,)type=(?:registry|image)(?:,|$)/.test(text)) {
      others.push(text);
      continue;
    }
    const {
      type,
      push = String(type === 'registry'),
      ...rest
    } = pairs(text.split(','), '--output takes NAME=VALUE');
    const { name = '', ...attributes } = rest;
    if (parseBoolean(push) !== true)
      throw usage(`--output type=${type} without push=true goes nowhere`, 'push=true, or --load');
    const [unknown] = Object.keys(attributes);
    if (unknown !== undefined)
      throw usage(
        `--output type=${type} has no ${unknown}`,
        'with it, dockerception filter | docker buildx build --output … -',
      );
    pushes.push(name === '' ? [] : [name]);
  }
  return [pushes, others];
}

/** `FILE`, `-`, or `type=…,dest=…` with further attributes. */
function output(text: string): Output {
  if (text === '') throw usage('--output takes FILE, - or type=…,dest=…');
  if (!/^(type|dest)=/.test(text) && !text.includes(','))
    return { type: 'oci', dest: text.replace(STDOUT, '-'), attributes: {} };
  const given = pairs(text.split(','), '--output takes NAME=VALUE');
  const { type, dest: place = '-', ...attributes } = given;
  const dest = place.replace(STDOUT, '-');
  const known = OUTPUT_TYPES.find((one) => one === type);
  if (known === undefined) {
    const why = `--output has no type${type === undefined ? '' : ` '${type}'`}`;
    const types = [...OUTPUT_TYPES, 'registry', 'image', 'cacheonly'].join(', ');
    throw usage(why, `one of ${types}, as in type=oci,dest=FILE`);
  }
  if (known === 'local' && (dest === '-' || dest === ''))
    throw usage('--output type=local needs a folder', 'type=local,dest=DIR, or type=tar,dest=-');
  if (dest === '') throw usage('--output has an empty dest', 'a path, or - for standard output');
  const output = { type: known, dest, attributes };
  if (outputForm(output) === 'layout' && dest === '-')
    throw usage('a layout is a folder, and can not go to -', 'type=oci,tar=false,dest=DIR');
  return output;
}

/** Other names of standard output: the image ID must not be written over what goes there. */
const STDOUT = /^\/dev\/(?:stdout|fd\/1)$|^\/proc\/self\/fd\/1$/;

/** Two outputs in one place would overwrite each other. */
function checkDestinations(outputs: readonly Output[]): void {
  const places = outputs.map(({ dest }) => (dest === '-' ? dest : resolve(dest)));
  const repeated = outputs.find((_, at) => places.indexOf(places[at] ?? '') < at)?.dest;
  if (repeated === undefined) return;
  throw usage(repeated === '-' ? 'only one output can go to -' : `two outputs go to ${repeated}`);
}

/** The limits, checked; undefined if none is given. */
export async function limitOptions(args: Arguments): Promise<Limits | undefined> {
  if (args.firstOf(LIMITS) === undefined) return undefined;
  const { parseCount, parseSize, parseSizeOrShare } = await import('../../inspect/parse-size.js');
  const { checkLimits } = await import('../../inspect/limits.js');
  const limits = args.options(LIMITS, {
    maxSize: args.parsed('max-size', parseSize),
    maxLayers: args.parsed('max-layers', parseCount),
    maxWaste: args.parsed('max-waste', parseSizeOrShare),
  });
  checkLimits(limits);
  return limits;
}
