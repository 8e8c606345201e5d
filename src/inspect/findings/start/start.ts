/**
 * Whether a container of the image would start: the working directory, the user, and every program
 * that the entry point leads to, each with what it needs in turn.
 */
import { printable } from '../../../text/printable.js';
import { find } from '../../entry.js';
import type { Finding } from '../../finding.js';
import { finding } from '../catalogue.js';
import type { Run } from '../subject.js';
import { type Account, accountOf } from './accounts.js';
import { type Checked, only } from './checked.js';
import { type Command, commandsOf } from './command.js';
import { elsewhere, lookUp } from './lookup.js';
import { permissionFinding } from './permission.js';
import { checkProgram } from './program.js';

/** @param platform the image's architecture: `amd64` */
export async function startFindings(run: Run, platform: string): Promise<Checked> {
  const { words } = run;
  if (words.length === 0) {
    const advice = 'set ENTRYPOINT or CMD, unless it is meant as a base for others';
    const message = 'the image has neither an entry point nor a command';
    return { findings: [finding('no-command', undefined, message, advice)], running: [] };
  }
  const account = accountOf(run);
  const findings = [...workdirFindings(run), ...accountFindings(run, account)];
  const known = account !== undefined && 'uid' in account ? account : undefined;
  const running: string[] = [];
  for (const command of commandsOf(words)) {
    const checked = await checkCommand(run, command, platform, known);
    findings.push(...checked.findings);
    running.push(...checked.running);
    // What a program starts that doesn't start itself is of no interest.
    if (checked.findings.length > 0) break;
  }
  return { findings, running };
}

async function checkCommand(
  run: Run,
  { name, isFirst }: Command,
  platform: string,
  account: Account | undefined,
): Promise<Checked> {
  const { entry, path, why } = lookUp(run, name);
  const what = isFirst ? 'the entry point' : 'what the entry point starts,';
  const one = (...parts: Parameters<typeof finding>): Checked => only(finding(...parts));
  if (entry === undefined) {
    if (isFirst && /^\/bin\/(?:ba|da|a)?sh$/.test(name))
      return one(
        'entrypoint-missing',
        name,
        `the entry point is run by a shell, and ${name} is not in the image`,
        'write ENTRYPOINT or CMD as a list, ["/app", "--flag"]: that needs no shell',
      );
    return one(
      'entrypoint-missing',
      name.includes('/') ? path : undefined,
      `${what} ${printable(name) || '""'} ${why}${elsewhere(run.root, name)}`,
      'add it with COPY, or correct ENTRYPOINT or CMD',
    );
  }
  const called = `${what} ${printable(path)}`;
  if (entry.kind !== 'file')
    return one(
      'entrypoint-directory',
      path,
      `${called} is ${entry.kind === 'directory' ? 'a directory' : 'no file'}`,
      'name the program in it in ENTRYPOINT or CMD',
    );
  if (entry.size === 0)
    return one(
      'entrypoint-empty',
      path,
      `${called} is empty`,
      'look at what writes it: the build may have failed, or a COPY came too early',
    );
  if ((entry.mode & 0o111) === 0)
    return one(
      'entrypoint-not-executable',
      path,
      `${called} has no permission to be executed`,
      'set it with chmod +x, with COPY --chmod=755, or with --mode a+rX,u+x on the context',
    );
  const forbidden = account && permissionFinding(run, account, entry);
  if (forbidden !== undefined) return only(forbidden);
  return checkProgram(run, entry, { platform, called, account });
}

function accountFindings(run: Run, account: ReturnType<typeof accountOf>): Finding[] {
  if (account === undefined || 'uid' in account) return [];
  const { name, file } = account;
  const isUser = file === '/etc/passwd';
  const there = find(run.root, file) === undefined ? `, and there is no ${file}` : '';
  return [
    finding(
      isUser ? 'user-unknown' : 'group-unknown',
      file,
      `the ${isUser ? 'user' : 'group'} ${printable(name)} is not in ${file}${there}`,
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
