/** The help text, made from the option table. */
import { type Flag, type Verb, VERBS } from '../options/schema.js';
import { nearest } from '../text/suggest.js';
import { LINE_WIDTH, wrap } from '../text/terminal.js';
import { OPTIONS, usage } from './arguments/flags.js';
import type { Arguments } from './arguments/parse.js';

interface Usage {
  readonly operands: string;
  /** What the verb does, in one line. */
  readonly summary: string;
  readonly text: string;
}

export const USAGE: Readonly<Record<Verb, Usage>> = {
  build: {
    operands: '[OPTIONS] [CONTEXT]',
    summary: 'a context in, an image out; the default verb',
    text: `Turns a streamed tar context into an image: corrects it in flight, and never
builds from part of a stream. CONTEXT is a directory, a tar file, or - for
standard input (the default in a pipe).

  builder | dockerception -t app              into the engine, or into app.tar
  builder | dockerception -t app -o app.tar   no engine needed: an image archive
  builder | dockerception -t host/app --push  no engine needed: to a registry
  builder | dockerception filter | docker build -t app -
  dockerception --from DIR -t app             builds DIR and runs it as builder
`,
  },
  filter: {
    operands: '[OPTIONS] [CONTEXT]',
    summary: 'a context in, the corrected context out',
    text: `Passes a tar context on, corrected: owners 0:0, safe names, and recognised by
every builder.

  builder | dockerception filter | docker build -t app -
`,
  },
  inspect: {
    operands: '[OPTIONS] [TARGET]',
    summary: 'what is inside a context, an archive or an image',
    text: `Shows what is inside: layers, sizes, waste, and what keeps an image from
starting. TARGET is a context (a directory, a tar, or - for standard input), an
image archive, a layout or dir: directory, an image that the engine has, or
docker-image://REF for one in a registry.

  dockerception inspect app.tar
  builder | dockerception inspect -
  dockerception inspect builder:latest --diff app:latest --html report.html
  dockerception inspect app.tar --max-size 10MB --deny '**/*.c' --must-run
`,
  },
  doctor: {
    operands: '[OPTIONS]',
    summary: 'which engine a build uses, and what else there is to use',
    text: `Reports which engine a build with no options uses, and why; the engines, docker
contexts and builders that this machine knows, and whether they answer;
credentials, programs, the cache. It changes nothing, prints no secrets, runs no
credential helper, and takes at most some seconds. Exit code 0: an engine
answers, or DOCKERCEPTION_ENGINE is embedded. Otherwise the exit code and the
error are those of a build with RUN: 5 without an engine, 2 for an invalid
setting.

  dockerception doctor --json | jq -r .choice.engine
`,
  },
  plugin: {
    operands: 'install|uninstall',
    summary: 'installs or removes the docker command `docker ception`',
    text: `Installs this program as a plugin of the docker CLI, 20.10 or later, in the
folder cli-plugins of DOCKER_CONFIG or ~/.docker; or removes it. Options of
docker itself go before ception.

  dockerception plugin install
  builder | docker --context farm ception -t app
`,
  },
  completion: {
    operands: 'bash|zsh|fish',
    summary: 'a script that completes commands in a shell',
    text: `Prints a script that completes verbs, options, values, files, images of the
engine and builders.

  source <(dockerception completion bash)      in ~/.bashrc
  source <(dockerception completion zsh)       in ~/.zshrc, after compinit
  dockerception completion fish | source       in ~/.config/fish/config.fish
`,
  },
  help: {
    operands: '[--all] [VERB]',
    summary: 'the options of a verb',
    text: `Shows what a verb does, and its options that are often used; with --all, every
option.

  dockerception help filter
  dockerception help build --all
`,
  },
  version: { operands: '', summary: 'the version', text: 'Prints the version.\n' },
};

export const EXIT = `Exit codes: 0 done, 1 the build failed, 2 wrong command line, 3 bad context,
4 the builder failed, 5 no engine or registry, 6 a limit exceeded,
130 interrupted, 143 terminated.
`;

/** A verb with no more options shows all of them. */
const SHORT = 25;

/**
 * The help that a command asks for: of its own verb, or of the one that `help` names.
 * @throws DockerceptionError of kind usage for an unknown verb.
 */
export function requestedHelp(args: Arguments): string {
  const { verb, operands } = args;
  const isAll = args.has('all') && verb !== 'inspect';
  if (verb !== 'help' || args.has('help')) return helpText(verb, isAll);
  if (operands.length > 1)
    throw usage(`help takes one verb, not ${operands.length}: ${operands.join(' ')}`);
  const [word = 'build'] = operands;
  const named = VERBS.find((one) => one === word);
  if (named !== undefined) return helpText(named, isAll);
  const near = nearest(word, VERBS);
  const known = `the verbs are ${VERBS.join(', ')}`;
  throw usage(`there is no verb '${word}'`, near ? `did you mean ${near}? ${known}` : known);
}

/** @param isAll whether it has every option, or only those that are often used */
export function helpText(verb: Verb, isAll: boolean): string {
  const { text } = USAGE[verb];
  const all = OPTIONS.filter((spec) => spec.verbs.includes(verb));
  const isShort = !isAll && all.length > SHORT;
  return [
    `Usage: ${commandOf(verb)}\n`,
    text,
    ...(verb === 'build' ? [verbList()] : []),
    isShort ? `Options:\n${rows(all.filter((spec) => spec.isCommon))}` : optionGroups(all),
    isShort
      ? `${all.length} options in all: dockerception ${verb === 'build' ? '' : `${verb} `}--help --all\n`
      : '',
    EXIT,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** The verb with its operands: `dockerception [build] [OPTIONS] [CONTEXT]`. */
export function commandOf(verb: Verb): string {
  const word = verb === 'build' ? '[build]' : verb;
  return `dockerception ${word} ${USAGE[verb].operands}`.trimEnd();
}

function verbList(): string {
  const lines = VERBS.map((verb) => `  ${verb.padEnd(11)} ${USAGE[verb].summary}\n`);
  return `Verbs (dockerception help VERB):\n${lines.join('')}`;
}

function optionGroups(specs: readonly Flag[]): string {
  const groups = [...new Set(specs.map((spec) => spec.group))];
  return groups
    .map((name) => `${name}:\n${rows(specs.filter((spec) => spec.group === name))}`)
    .join('\n');
}

function rows(specs: readonly Flag[]): string {
  return specs.map(row).join('');
}

/** Column of the descriptions. */
const INDENT = ' '.repeat(34);

function row(spec: Flag): string {
  const short = spec.short === undefined ? '    ' : `-${spec.short}, `;
  const left = `  ${short}--${spec.name}${valueOf(spec)}`;
  const start = left.length < INDENT.length ? left.padEnd(INDENT.length) : `${left}\n${INDENT}`;
  return `${start}${wrap(spec.help, LINE_WIDTH - INDENT.length).join(`\n${INDENT}`)}\n`;
}

/** The value as help and docs show it after the name. */
export function valueOf({ value, optional }: Flag): string {
  if (value === undefined) return '';
  return optional ? `[=${value}]` : ` ${value}`;
}
