/**
 * Evaluates a stage on its base: the resulting configuration, and the steps that change the file system, with all words
 * expanded (BuildKit, dockerfile2llb). It does no I/O.
 */
import { posix } from 'node:path';
import type {
  ArgInstruction,
  CommandInstruction,
  Dockerfile,
  HealthcheckInstruction,
  Instruction,
  Stage,
} from '../../../dockerfile/instructions/instruction.js';
import { checkSignal, parsePorts } from '../../../dockerfile/instructions/ports-and-signals.js';
import { parseTrigger } from '../../../dockerfile/parse.js';
import { placed, Reason } from '../../../dockerfile/reason.js';
import { runRefusal } from '../../../dockerfile/stages/plan.js';
import { buildArg } from '../../../dockerfile/stages/scope.js';
import {
  expandWord,
  expandWords,
  type ShellOptions,
  type Variables,
} from '../../../dockerfile/syntax/shell.js';
import {
  isSecret,
  jsonRecommended,
  secretUsed,
  undefinedVariable,
} from '../../../dockerfile/warnings/rules.js';
import type { ContainerConfig } from '../../../image/config.js';
import { formatDuration } from '../../../text/duration.js';
import { quote, quoteList, quoteRune } from '../../../text/go.js';
import type { Step } from '../steps/step.js';
import { type CopyContext, evaluateCopy } from './evaluate-copy.js';
import { type StageBase, StageState } from './stage-state.js';

export interface EvaluationContext extends Pick<CopyContext, 'warn' | 'ignores'> {
  readonly dockerfile: Dockerfile;
  /** The global ARGs of the plan. */
  readonly globals: Variables;
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** An evaluated stage, which can be the base of another. */
export interface StageResult {
  /** The configuration after the last step. */
  readonly config: ContainerConfig;
  readonly author: string | undefined;
  readonly steps: readonly Step[];
  readonly variables: Variables;
  readonly args: ReadonlySet<string>;
}

/**
 * Evaluates a stage.
 * @param base `undefined` for scratch
 * @throws DockerceptionError of kind `build`: `DOCKERFILE_SYNTAX` for an invalid word or value,
 *   `DOCKERFILE_RUN` for a RUN, a base's trigger too, `DOCKERFILE_GIT` for an ADD of a repository
 */
export function evaluateStage(
  stage: Stage,
  base: StageBase | undefined,
  context: EvaluationContext,
): StageResult {
  const { dockerfile } = context;
  const state = new StageState(base);
  const triggers = state
    .takeTriggers()
    .map((trigger) => parseTrigger(trigger, dockerfile.name, stage.line));
  const steps = [...triggers, ...stage.instructions].flatMap(
    (instruction) =>
      placed(dockerfile.name, instruction.line, () => apply(instruction, state, context)) ?? [],
  );
  const { author, variables, args } = state;
  return { config: state.config(), author, steps, variables, args };
}

/** The `created_by` text of the history. As in BuildKit, COPY and ADD are marked. */
export function createdBy(step: Step): string {
  return step.kind === 'copy' || step.kind === 'add' ? `${step.text} # buildkit` : step.text;
}

/** Adds the labels of the command line, which override those of the Dockerfile. */
export function withLabels(
  config: ContainerConfig,
  labels: Readonly<Record<string, string>>,
): ContainerConfig {
  const state = new StageState({ config });
  for (const [key, value] of Object.entries(labels)) state.labels.set(key, value);
  return state.config();
}

/** Expands words of an instruction, and warns of variables that are unset. */
function expander(
  { variables, args }: StageState,
  { warn }: EvaluationContext,
  line: number,
  options: ShellOptions,
): (word: string) => string {
  return (word) => {
    const unset = new Set<string>();
    try {
      return expandWord(word, variables, { ...options, unset });
    } finally {
      for (const name of unset)
        if (!args.has(name) && !NEVER_SET.includes(name))
          warn('UndefinedVar', line, () => undefinedVariable(name, variables));
    }
  };
}

/** ARGs that are for the builder alone (BuildKit, dockerfile2llb). */
const NEVER_SET: readonly string[] = ['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE'];

/** In an expanded heredoc quotes have no meaning, and `\\` is always the escape character. */
const IN_HEREDOC: ShellOptions = { escape: '\\', ignoreQuotes: true };

/** Applies an instruction to the state. Returns no step for ONBUILD, which has no history. Throws a {@link Reason}. */
function apply(
  instruction: Instruction,
  state: StageState,
  context: EvaluationContext,
): Step | undefined {
  const { name, escape } = context.dockerfile;
  const { line } = instruction;
  const { members } = state;
  const config = (text: string): Step => ({ kind: 'config', line, text });
  const expand = expander(state, context, line, { escape });
  switch (instruction.kind) {
    case 'env':
    case 'label': {
      const { kind, pairs } = instruction;
      // All words are expanded with the variables before the instruction.
      const expanded = pairs.map(({ key, value }) => [expand(key), expand(value)] as const);
      for (const [key, value] of expanded) {
        if (kind === 'label') state.labels.set(key, value);
        else {
          warnOfSecret('ENV', key, line, context);
          state.setEnv(key, value);
        }
      }
      const shown = expanded.map(([key, value]) => `${key}=${value}`).join(' ');
      return config(`${kind.toUpperCase()} ${shown}`);
    }
    case 'arg':
      return config(`ARG ${applyArg(instruction, state, context)}`);
    case 'copy':
    case 'add':
      return evaluateCopy(instruction, state, {
        ...context,
        expand,
        expandContent: expander(state, context, line, IN_HEREDOC),
      });
    case 'workdir':
      return applyWorkdir(expand(instruction.path), line, state);
    case 'user':
      members.User = expand(instruction.user);
      return config(`USER ${members.User}`);
    case 'volume': {
      const paths = instruction.paths.map(expand);
      if (paths.includes('')) throw new Reason('VOLUME specified can not be an empty string');
      for (const path of paths) state.volumes.add(path);
      return config(`VOLUME [${paths.join(' ')}]`);
    }
    case 'expose': {
      const ports = instruction.ports
        .flatMap((word) => expandWords(word, state.variables, { escape }))
        .flatMap(parsePorts);
      for (const port of ports) state.ports.add(port);
      return config(`EXPOSE [${ports.join(' ')}]`);
    }
    case 'cmd':
      members.Cmd = commandWords(instruction, members, context);
      members.ArgsEscaped = true;
      state.hasCmd = true;
      return config(`CMD ${quoteList(members.Cmd)}`);
    case 'entrypoint':
      members.Entrypoint = commandWords(instruction, members, context);
      // The CMD of a base belongs to the ENTRYPOINT of the base.
      if (!state.hasCmd) members.Cmd = [];
      return config(`ENTRYPOINT ${quoteList(members.Entrypoint)}`);
    case 'shell':
      members.Shell = instruction.shell;
      return config(`SHELL [${members.Shell.join(' ')}]`);
    case 'stopsignal':
      members.StopSignal = expand(instruction.signal);
      checkSignal(members.StopSignal);
      return config(`STOPSIGNAL ${members.StopSignal}`);
    case 'healthcheck':
      return config(`HEALTHCHECK ${applyHealthcheck(instruction, state)}`);
    case 'maintainer':
      state.author = instruction.maintainer;
      return config(`MAINTAINER ${state.author}`);
    case 'onbuild':
      members.OnBuild = [...(members.OnBuild ?? []), instruction.trigger];
      return undefined;
    case 'run':
      throw runRefusal(name, line);
  }
}

/** A --build-arg overrides the default, and the default a global ARG. Each ARG is expanded with those before it. */
function applyArg(
  { args, line }: ArgInstruction,
  state: StageState,
  context: EvaluationContext,
): string {
  const { dockerfile, globals, buildArgs } = context;
  const expand = expander(state, context, line, { escape: dockerfile.escape });
  const texts = args.map(({ key, value }) => {
    warnOfSecret('ARG', key, line, context);
    const given = buildArg(buildArgs, key);
    const result = given ?? (value === undefined ? globals.get(key) : expand(value));
    state.args.add(key);
    if (result === undefined) return key;
    if (!NEVER_SET.includes(key)) state.setVariable(key, result);
    return `${key}=${result}`;
  });
  return texts.join(' ');
}

/** The configuration has an absolute path unchanged; the created directory has the cleaned path. */
function applyWorkdir(path: string, line: number, state: StageState): Step {
  const { workingDir } = state;
  const joined = path === '' ? workingDir || '/' : posix.resolve('/', workingDir, path);
  const whole = path.startsWith('/') ? path : joined;
  state.members.WorkingDir = whole;
  const text = `WORKDIR ${whole}`;
  if (whole === '/') return { kind: 'config', line, text };
  const user = state.members.User ?? '';
  return { kind: 'workdir', line, text, path: posix.resolve('/', whole), user };
}

function warnOfSecret(
  instruction: 'ARG' | 'ENV',
  name: string,
  line: number,
  { warn }: EvaluationContext,
): void {
  if (isSecret(name)) warn('SecretsUsedInArgOrEnv', line, () => secretUsed(instruction, name));
}

function commandWords(
  { original, line, command }: CommandInstruction,
  { Shell = [] }: ContainerConfig,
  { warn }: EvaluationContext,
): readonly string[] {
  const { args, shell } = command;
  if (!shell) return args;
  if (Shell.length === 0) warn('JSONArgsRecommended', line, () => jsonRecommended(original));
  return [...(Shell.length > 0 ? Shell : ['/bin/sh', '-c']), args.join(' ')];
}

function applyHealthcheck(check: HealthcheckInstruction, state: StageState): string {
  const { test, interval, timeout, startPeriod, startInterval, retries } = check;
  state.members.Healthcheck = {
    Test: test,
    ...(interval !== 0 && { Interval: interval }),
    ...(timeout !== 0 && { Timeout: timeout }),
    ...(startPeriod !== 0 && { StartPeriod: startPeriod }),
    ...(startInterval !== 0 && { StartInterval: startInterval }),
    ...(retries !== 0 && { Retries: retries }),
  };
  const times = [interval, timeout, startPeriod, startInterval].map((each) =>
    quote(formatDuration(each)),
  );
  return `&{${quoteList(test)} ${times.join(' ')} ${quoteRune(retries)}}`;
}
