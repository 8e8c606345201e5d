/** Whether a container of the image can start: its working directory, its user, and the programs of its command. */
import { printable } from '../../../text/printable.js';
import { find } from '../../entry.js';
import type { Finding } from '../../facts.js';
import { finding } from '../catalogue.js';
import type { Run, Runnable } from '../subject.js';
import { commandsOf, lookUp, otherLocations } from './command.js';
import type { ProgramCheck } from './libraries.js';
import { checkPermission, checkProgram, failed } from './program.js';

export async function startFindings(run: Run): Promise<ProgramCheck> {
  if (run.command.length === 0) {
    const message = 'the image has neither an entry point nor a command';
    const advice = 'set ENTRYPOINT or CMD, unless it is meant as a base for others';
    return failed('no-command', undefined, message, advice);
  }
  const findings = [...workdirFindings(run), ...accountFindings(run)];
  const running: string[] = [];
  for (const [index, name] of commandsOf(run.command).entries()) {
    const checked = await checkCommand(run, name, index === 0);
    findings.push(...checked.findings);
    running.push(...checked.running);
    // The next command is started by this one.
    if (checked.findings.length > 0) break;
  }
  return { findings, running };
}

async function checkCommand(run: Run, name: string, isFirst: boolean): Promise<ProgramCheck> {
  const { entry, path, why } = lookUp(run, name);
  const what = isFirst ? 'the entry point' : 'what the entry point starts,';
  if (entry === undefined) {
    if (isFirst && /^\/bin\/(?:ba|da|a)?sh$/.test(name)) {
      const message = `the entry point is run by a shell, and ${name} is not in the image`;
      const advice = 'write ENTRYPOINT or CMD as a list, ["/app", "--flag"]: that needs no shell';
      return failed('entrypoint-missing', name, message, advice);
    }
    const message = `${what} ${printable(name) || '""'} ${why}${otherLocations(run.root, name)}`;
    const advice = 'add it with COPY, or correct ENTRYPOINT or CMD';
    return failed('entrypoint-missing', name.includes('/') ? path : undefined, message, advice);
  }
  const called = `${what} ${printable(path)}`;
  if (entry.kind !== 'file') {
    const message = `${called} is ${entry.kind === 'directory' ? 'a directory' : 'no file'}`;
    const advice = 'name the program in it in ENTRYPOINT or CMD';
    return failed('entrypoint-directory', path, message, advice);
  }
  if (entry.size === 0) {
    const advice = 'look at what writes it: the build may have failed, or a COPY came too early';
    return failed('entrypoint-empty', path, `${called} is empty`, advice);
  }
  if ((entry.mode & 0o111) === 0) {
    const message = `${called} has no permission to be executed`;
    const advice =
      'set it with chmod +x, with COPY --chmod=755, or with --mode a+rX,u+x on the context';
    return failed('entrypoint-not-executable', path, message, advice);
  }
  return checkPermission(run, entry) ?? checkProgram(run, entry, called);
}

function accountFindings({ root, unknownName }: Run): Finding[] {
  if (unknownName === undefined) return [];
  const { name, file } = unknownName;
  const [id, what] =
    file === '/etc/passwd'
      ? (['user-unknown', 'user'] as const)
      : (['group-unknown', 'group'] as const);
  const missing = find(root, file) === undefined ? `, and there is no ${file}` : '';
  const message = `the ${what} ${printable(name)} is not in ${file}${missing}`;
  const advice = `set USER to a number, or add ${file} with a line for ${printable(name)}`;
  return [finding(id, file, message, advice)];
}

function workdirFindings({ root, workdir }: Run): Finding[] {
  const entry = find(root, workdir);
  if (entry === undefined || entry.kind === 'directory') return [];
  const message = `the working directory ${printable(workdir)} is a file`;
  return [finding('workdir-file', workdir, message, 'correct WORKDIR')];
}

/** Without the program of HEALTHCHECK a container is unhealthy, without a message. */
export function healthFindings(run: Run, { config }: Runnable): Finding[] {
  const [kind, ...args] = config.config?.Healthcheck?.Test ?? [];
  if (kind !== 'CMD' && kind !== 'CMD-SHELL') return [];
  const shell = config.config?.Shell ?? ['/bin/sh', '-c'];
  const commands = commandsOf(kind === 'CMD' ? args : [...shell, ...args]);
  const name = commands.find((command) => lookUp(run, command).entry === undefined);
  if (name === undefined) return [];
  const message = `the health check runs ${printable(name)}, which ${lookUp(run, name).why}${otherLocations(run.root, name)}`;
  const advice = 'add it, or let the program check itself: HEALTHCHECK CMD ["/app", "--health"]';
  const path = name.startsWith('/') ? name : undefined;
  return [finding('healthcheck-missing', path, message, advice)];
}
