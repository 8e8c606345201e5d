/**
 * Runs the steps of actions and workflows as GitHub's runner does: a bash per script, files for outputs, summaries and
 * the PATH, commands on standard output and standard error (actions/runner, src/Runner.Worker).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Contexts, type Job, readAction, type Step, type Value } from './files.js';

/** `::warning file=Dockerfile,line=3::MESSAGE` */
interface Command {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

export interface Result {
  /** The exit code of the step that failed, or 0. */
  readonly code: number;
  readonly log: string;
  readonly commands: readonly Command[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

/** A job on a runner. */
export interface Runner {
  /** Runs an action. `given` is its `with`. */
  action(folder: string, given: Readonly<Record<string, string>>): Promise<Result>;
  /** Runs the steps of a job; `actions` has the folders of those that it uses, or undefined to skip one. */
  job(job: Job, contexts: Contexts, actions: (uses: string) => string | undefined): Promise<Result>;
}

/** What a runner has. */
export interface Machine {
  /** GITHUB_WORKSPACE, where steps run. */
  readonly workspace: string;
  /** RUNNER_TEMP. */
  readonly temporary: string;
  readonly env: NodeJS.ProcessEnv;
}

const NOTHING: Result = { code: 0, log: '', commands: [], outputs: {}, summary: '' };

/** How many scripts have run: each has files of its own. */
let scripts = 0;

export function openRunner({ workspace, temporary, env }: Machine): Runner {
  const path: string[] = [];

  /** Runs a script with the options of `shell: bash`. */
  const script = async (
    content: string,
    own: Readonly<Record<string, string>>,
  ): Promise<Result> => {
    const folder = join(temporary, `_runner-${++scripts}`);
    await mkdir(folder);
    const file = (name: string): string => join(folder, name);
    const names = ['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY', 'GITHUB_PATH', 'GITHUB_ENV'];
    for (const name of names) await writeFile(file(name), '');
    await writeFile(file('script.sh'), content);
    const given = {
      ...env,
      ...own,
      ...Object.fromEntries(names.map((name) => [name, file(name)])),
      PATH: [...path, env['PATH']].join(':'),
      GITHUB_ACTIONS: 'true',
      CI: 'true',
      GITHUB_WORKSPACE: workspace,
      RUNNER_TEMP: temporary,
    };
    const args = ['--noprofile', '--norc', '-eo', 'pipefail', file('script.sh')];
    const child = spawn('bash', args, {
      cwd: workspace,
      env: given,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [log, errors, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ]);
    const read = (name: string): Promise<string> => readFile(file(name), 'utf8');
    path.unshift(...(await read('GITHUB_PATH')).split('\n').filter(Boolean));
    return {
      code: code ?? 1,
      log: log + errors,
      commands: commandsOf(log + errors),
      outputs: outputsOf(await read('GITHUB_OUTPUT')),
      summary: await read('GITHUB_STEP_SUMMARY'),
    };
  };

  /** Runs steps until one fails; `contexts` grows by the outputs of each. */
  const run = async (
    steps: readonly Step[],
    contexts: Contexts,
    env: Readonly<Record<string, string>>,
    actions: (uses: string) => string | undefined,
  ): Promise<[Result, Contexts]> => {
    let all = NOTHING;
    let outputs: Readonly<Record<string, unknown>> = {};
    for (const step of steps) {
      const now = { ...contexts, steps: outputs };
      const result = await one(step, now, env, actions);
      outputs = { ...outputs, [step.id]: { outputs: result.outputs } };
      all = joined(all, result);
      if (result.code !== 0) break;
    }
    return [all, { ...contexts, steps: outputs }];
  };

  const one = (
    { run, uses = '', env: own, inputs }: Step,
    contexts: Contexts,
    env: Readonly<Record<string, string>>,
    actions: (uses: string) => string | undefined,
  ): Promise<Result> => {
    const variables = { ...env, ...evaluated(own, { ...contexts, env }) };
    if (run !== undefined) return script(run({ ...contexts, env: variables }), variables);
    const folder = actions(uses);
    if (folder === undefined) return Promise.resolve(NOTHING);
    return action(folder, evaluated(inputs, { ...contexts, env: variables }));
  };

  const action: Runner['action'] = async (folder, given) => {
    const { inputs, outputs, steps } = readAction(join(folder, 'action.yml'));
    const contexts = { inputs: { ...inputs, ...given }, github: { action_path: folder } };
    const own = { GITHUB_ACTION_PATH: folder };
    const [result, after] = await run(steps, contexts, own, () => undefined);
    return { ...result, outputs: evaluated(outputs, after) };
  };

  return {
    action,
    async job({ env, steps }, contexts, actions) {
      const [result] = await run(steps, contexts, evaluated(env, contexts), actions);
      return result;
    },
  };
}

function evaluated(
  values: Readonly<Record<string, Value>>,
  contexts: Contexts,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value(contexts)]));
}

function joined(first: Result, second: Result): Result {
  return {
    code: second.code,
    log: first.log + second.log,
    commands: [...first.commands, ...second.commands],
    outputs: { ...first.outputs, ...second.outputs },
    summary: first.summary + second.summary,
  };
}

/** The commands that the runner obeys (ActionCommand.TryParseV2): a line may begin with blanks. */
function commandsOf(log: string): Command[] {
  const commands: Command[] = [];
  let stopped: string | undefined;
  for (const line of log.split(/\r?\n/)) {
    const [, name = '', list = '', message = ''] =
      /^\s*::([^\s:]+)(?: ([^:]*))?::(.*)$/.exec(line) ?? [];
    if (name === '') continue;
    if (stopped !== undefined) {
      if (name === stopped) stopped = undefined;
    } else if (name === 'stop-commands') stopped = message;
    else commands.push({ name, properties: propertiesOf(list), message: unescaped(message) });
  }
  return commands;
}

function propertiesOf(list: string): Record<string, string> {
  const pairs = list.split(',').filter(Boolean);
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), unescaped(pair.slice(at + 1))];
    }),
  );
}

function unescaped(text: string): string {
  return text
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%25', '%');
}

/** `NAME=VALUE` lines. */
function outputsOf(content: string): Record<string, string> {
  const lines = content.split('\n').filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=');
      if (at < 1) throw new Error(`an output without a value: ${line}`);
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}
