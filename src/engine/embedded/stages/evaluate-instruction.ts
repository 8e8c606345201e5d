/** What one instruction does to a stage, as BuildKit's dispatch has it, and what history says. */
import { posix } from 'node:path';
import type {
  ArgInstruction,
  Command,
  Dockerfile,
  HealthcheckInstruction,
  Instruction,
  Pair,
} from '../../../dockerfile/instructions/instruction.js';
import { checkSignal, parsePorts } from '../../../dockerfile/instructions/ports-and-signals.js';
import { Reason } from '../../../dockerfile/reason.js';
import { buildArg } from '../../../dockerfile/stages/scope.js';
import { expandWord, expandWords, type Variables } from '../../../dockerfile/syntax/shell.js';
import { DockerceptionError } from '../../../errors.js';
import { formatDuration } from '../../../text/duration.js';
import { quote, quoteList, quoteRune } from '../../../text/go.js';
import { printable } from '../../../text/printable.js';
import type { Step } from '../steps/step.js';
import { evaluateCopy } from './evaluate-copy.js';
import type { StageState } from './stage-state.js';

export interface EvaluationContext {
  readonly dockerfile: Dockerfile;
  /** The global ARGs of the plan. */
  readonly globals: Variables;
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** Applies an instruction to the state. Returns no step for ONBUILD, which has no history. Throws a {@link Reason}. */
export function applyInstruction(
  instruction: Instruction,
  state: StageState,
  context: EvaluationContext,
): Step | undefined {
  const { name, escape } = context.dockerfile;
  const { line } = instruction;
  const config = (text: string): Step => ({ kind: 'config', line, text });
  const expand = (word: string): string => expandWord(word, state.variables, { escape });
  switch (instruction.kind) {
    case 'env': {
      // All words are expanded with the variables before the instruction.
      const pairs = expandPairs(instruction.pairs, expand);
      for (const [key, value] of pairs) state.setEnv(key, value);
      return config(`ENV ${shown(pairs)}`);
    }
    case 'label': {
      const pairs = expandPairs(instruction.pairs, expand);
      state.addLabels(pairs);
      return config(`LABEL ${shown(pairs)}`);
    }
    case 'arg':
      return config(`ARG ${applyArg(instruction, state, context)}`);
    case 'copy':
    case 'add':
      return evaluateCopy(instruction, state, expand);
    case 'workdir':
      return applyWorkdir(expand(instruction.path), line, state);
    case 'user':
      state.user = expand(instruction.user);
      return config(`USER ${state.user}`);
    case 'volume': {
      const paths = instruction.paths.map(expand);
      if (paths.includes('')) throw new Reason('VOLUME specified can not be an empty string');
      state.addVolumes(paths);
      return config(`VOLUME [${paths.join(' ')}]`);
    }
    case 'expose': {
      const texts = instruction.ports.flatMap((word) =>
        expandWords(word, state.variables, { escape }),
      );
      const ports = texts.flatMap(parsePorts);
      state.addPorts(ports);
      return config(`EXPOSE [${ports.join(' ')}]`);
    }
    case 'cmd':
      state.cmd = commandWords(instruction.command, state);
      state.hasCmd = true;
      state.argsEscaped = true;
      return config(`CMD ${quoteList(state.cmd)}`);
    case 'entrypoint':
      state.entrypoint = commandWords(instruction.command, state);
      // The CMD of a base belongs to the ENTRYPOINT of the base.
      if (!state.hasCmd) state.cmd = [];
      return config(`ENTRYPOINT ${quoteList(state.entrypoint)}`);
    case 'shell':
      state.shell = instruction.shell;
      return config(`SHELL [${state.shell.join(' ')}]`);
    case 'stopsignal': {
      const signal = expand(instruction.signal);
      checkSignal(signal);
      state.stopSignal = signal;
      return config(`STOPSIGNAL ${signal}`);
    }
    case 'healthcheck':
      return config(`HEALTHCHECK ${applyHealthcheck(instruction, state)}`);
    case 'maintainer':
      state.author = instruction.maintainer;
      return config(`MAINTAINER ${state.author}`);
    case 'onbuild':
      state.addTrigger(instruction.trigger);
      return undefined;
    case 'run': {
      const message = `building ${printable(name)}:${line}: the embedded engine runs no RUN`;
      const hint = 'an engine that runs commands can build it: --engine docker';
      throw new DockerceptionError('build', 'DOCKERFILE_RUN', message, { hint });
    }
  }
}

function expandPairs(
  pairs: readonly Pair[],
  expand: (word: string) => string,
): (readonly [string, string])[] {
  return pairs.map(({ key, value }) => [expand(key), expand(value)] as const);
}

function shown(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([key, value]) => `${key}=${value}`).join(' ');
}

/** A --build-arg overrides the default, and the default a global ARG. Each ARG is expanded with those before it. */
function applyArg(
  { args }: ArgInstruction,
  state: StageState,
  { dockerfile: { escape }, globals, buildArgs }: EvaluationContext,
): string {
  const texts = args.map(({ key, value }) => {
    const given = buildArg(buildArgs, key);
    const fallback = (): string | undefined =>
      value === undefined ? globals.get(key) : expandWord(value, state.variables, { escape });
    const result = given ?? fallback();
    if (result === undefined) return key;
    state.variables.set(key, result);
    return `${key}=${result}`;
  });
  return texts.join(' ');
}

/** The configuration has an absolute path unchanged; the created directory has the cleaned path. */
function applyWorkdir(path: string, line: number, state: StageState): Step {
  const current = posix.join('/', state.workingDir).replace(/(?<=.)\/$/, '');
  const joined = posix.join(current, path).replace(/(?<=.)\/$/, '');
  const whole = path.startsWith('/') ? path : path === '' ? state.workingDir || '/' : joined;
  state.workingDir = whole;
  const text = `WORKDIR ${whole}`;
  if (whole === '/') return { kind: 'config', line, text };
  const clean = posix.join('/', whole).replace(/(?<=.)\/$/, '');
  return { kind: 'workdir', line, text, path: clean, user: state.user };
}

function commandWords({ args, shell }: Command, state: StageState): readonly string[] {
  return shell ? [...state.shellWords(), args.join(' ')] : args;
}

function applyHealthcheck(check: HealthcheckInstruction, state: StageState): string {
  const { test, interval, timeout, startPeriod, startInterval, retries } = check;
  state.healthcheck = {
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
