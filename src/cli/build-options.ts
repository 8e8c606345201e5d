/** From the command line's options of `build` to the library's, checked before anything is read. */
import type { BuildOptions } from '../build.js';
import type { Output } from '../engine/engine.js';
import { usage, type Arguments } from './parse.js';

/** A name as an engine takes it: DISTRIBUTION[/PATH…][:TAG], lower case but for the tag. */
const TAG =
  /^(?:[A-Za-z0-9.-]+(?::[0-9]+)?\/|\[[0-9a-fA-F:]+\](?::[0-9]+)?\/)?[a-z0-9]+(?:(?:\.|_|__|-+|\/)[a-z0-9]+)*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$/;

type Options = BuildOptions & Required<Pick<BuildOptions, 'tags' | 'outputs'>>;

export function buildOptions(args: Arguments, env: NodeJS.ProcessEnv): Options {
  const tags = args.all('tag');
  for (const tag of tags)
    if (!TAG.test(tag)) throw usage(badTag(tag), 'as in registry:5000/team/app:1.10');
  const outputs = args.all('output').map(output);
  if (outputs.filter(({ dest }) => dest === '-').length > 1)
    throw usage('only one output can go to -');
  if (args.flag('push') && tags.length === 0)
    throw usage('--push needs a name', '-t REGISTRY/NAME gives it one');
  const target = args.value('target');
  const network = args.value('network');
  return {
    tags,
    buildArgs: buildArgs(args.all('build-arg'), env),
    labels: pairs(args.all('label'), '--label', true),
    ...(target !== undefined && { target }),
    platforms: args.all('platform').flatMap((list) => list.split(',')),
    noCache: args.flag('no-cache'),
    pull: args.flag('pull'),
    ...(network !== undefined && { network }),
    addHosts: args.all('add-host').map(host),
    buildContexts: pairs(args.all('build-context'), '--build-context', false),
    push: args.flag('push'),
    outputs,
    engine: engine(args.value('engine') ?? env['DOCKERCEPTION_ENGINE'] ?? 'auto'),
  };
}

function badTag(tag: string): string {
  const why = tag !== tag.toLowerCase() ? ': it has to be lower case' : '';
  return `'${tag}' can't be the name of an image${why}`;
}

function engine(name: string): 'auto' | 'docker' {
  if (name === 'auto' || name === 'docker' || name === '') return name === '' ? 'auto' : name;
  throw usage(
    `there is no engine '${name}'`,
    'auto or docker, with --engine or DOCKERCEPTION_ENGINE',
  );
}

/** A value that isn't given comes from the environment; without one there the ARG keeps its default. */
function buildArgs(list: readonly string[], env: NodeJS.ProcessEnv): Record<string, string> {
  const entries = list.flatMap((text): [string, string][] => {
    const equals = text.indexOf('=');
    if (equals === 0 || text === '') throw usage(`--build-arg takes KEY[=VALUE], not '${text}'`);
    if (equals > 0) return [[text.slice(0, equals), text.slice(equals + 1)]];
    const value = env[text];
    return value === undefined ? [] : [[text, value]];
  });
  return Object.fromEntries(entries);
}

function pairs(
  list: readonly string[],
  option: string,
  valueOptional: boolean,
): Record<string, string> {
  const entries = list.map((text) => {
    const equals = text.indexOf('=');
    if (equals === 0 || text === '' || (equals < 0 && !valueOptional)) {
      throw usage(`${option} takes NAME=VALUE, not '${text}'`);
    }
    return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

function host(text: string): string {
  const match = /^([^:=]+)[:=](.+)$/.exec(text);
  if (match === null) throw usage(`--add-host takes HOST:IP, not '${text}'`);
  return `${match[1]}:${(match[2] as string).replace(/^\[(.*)\]$/, '$1')}`;
}

const TYPES = ['docker', 'oci', 'tar', 'local'] as const;

/** `FILE`, `-`, or `type=…,dest=…` with further attributes. */
function output(text: string): Output {
  if (text === '') throw usage('--output takes FILE, - or type=…,dest=…');
  if (!/^(type|dest)=/.test(text) && !text.includes(','))
    return { type: 'oci', dest: text, attributes: {} };
  const { type, dest = '-', ...attributes } = pairs(text.split(','), '--output', false);
  const known = TYPES.find((one) => one === type);
  if (known === undefined) {
    throw usage(`--output has no type '${type ?? ''}'`, `one of ${TYPES.join(', ')}`);
  }
  return { type: known, dest, attributes };
}
