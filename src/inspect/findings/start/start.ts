/** Whether a container of the image can start: its working directory, its user, and the programs of its command. */
import { printable } from '../../../text/printable.js';
import { find } from '../../entry.js';
import type { Finding } from '../../inspection.js';
import { finding } from '../catalogue.js';
import type { Run, Runnable } from '../subject.js';
import { type Account, accountOf } from './accounts.js';
import { type Command, commandsOf, lookUp, otherLocations } from './command.js';
import { checkPermission, checkProgram, failed, type ProgramCheck } from './program.js';

/** @param platform the image's architecture: `amd64` */
export async function startFindings(run: Run, platform: string): Promise<ProgramCheck> {
  if (run.command.length === 0)
    return failed(
      'no-command',
      undefined,
      'the image has neither an entry point nor a command',
      'set ENTRYPOINT or CMD, unless it is meant as a base for others',
    );
  const account = accountOf(run);
  const findings = [...workdirFindings(run), ...accountFindings(run, account)];
  const known = account !== undefined && 'uid' in account ? account : undefined;
  const running: string[] = [];
  for (const command of commandsOf(run.command)) {
    const checked = await checkCommand(run, command, platform, known);
    findings.push(...checked.findings);
    running.push(...checked.running);
    // The next command is started by this one.
    if (checked.findings.length > 0) break;
  }
  return { findings, running };
}

async function checkCommand(
  run: Run,
  { name, isFirst }: Command,
  platform: string,
  account: Account | undefined,
): Promise<ProgramCheck> {
  const { entry, path, why } = lookUp(run, name);
  const what = isFirst ? 'the entry point' : 'what the entry point starts,';
  if (entry === undefined) {
    if (isFirst && /^\/bin\/(?:ba|da|a)?sh$/.test(name))
      return failed(
        'entrypoint-missing',
        name,
        `the entry point is run by a shell, and ${name} is not in the image`,
        'write ENTRYPOINT or CMD as a list, ["/app", "--flag"]: that needs no shell',
      );
    return failed(
      'entrypoint-missing',
      name.includes('/') ? path : undefined,
      `${what} ${printable(name) || '""'} ${why}${otherLocations(run.root, name)}`,
      'add it with COPY, or correct ENTRYPOINT or CMD',
    );
  }
  const called = `${what} ${printable(path)}`;
  if (entry.kind !== 'file')
    return failed(
      'entrypoint-directory',
      path,
      `${called} is ${entry.kind === 'directory' ? 'a directory' : 'no file'}`,
      'name the program in it in ENTRYPOINT or CMD',
    );
  if (entry.size === 0)
    return failed(
      'entrypoint-empty',
      path,
      `${called} is empty`,
      'look at what writes it: the build may have failed, or a COPY came too early',
    );
  if ((entry.mode & 0o111) === 0)
    return failed(
      'entrypoint-not-executable',
      path,
      `${called} has no permission to be executed`,
      'set it with chmod +x, with COPY --chmod=755, or with --mode a+rX,u+x on the context',
    );
  const forbidden = account && checkPermission(run, account, entry);
  return forbidden ?? checkProgram(run, entry, { platform, called, account });
}

function accountFindings(run: Run, account: ReturnType<typeof accountOf>): Finding[] {
  if (account === undefined || 'uid' in account) return [];
  const { name, file } = account;
  const isUser = file === '/etc/passwd';
  const missing = find(run.root, file) === undefined ? `, and there is no ${file}` : '';
  return [
    finding(
      isUser ? 'user-unknown' : 'group-unknown',
      file,
      `the ${isUser ? 'user' : 'group'} ${printable(name)} is not in ${file}${missing}`,
      `set USER to a number, or add ${file} with a line for ${printable(name)}`,
    ),
  ];
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
  for (const { name } of commandsOf(kind === 'CMD' ? args : [...shell, ...args])) {
    const { entry, why } = lookUp(run, name);
    if (entry !== undefined) continue;
    const message = `the health check runs ${printable(name)}, which ${why}${otherLocations(run.root, name)}`;
    const advice = 'add it, or let the program check itself: HEALTHCHECK CMD ["/app", "--health"]';
    return [
      finding('healthcheck-missing', name.startsWith('/') ? name : undefined, message, advice),
    ];
  }
  return [];
}
