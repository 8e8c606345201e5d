/** Whether a script's interpreter is there, and would start in its turn. */
import { printable } from '../../../text/printable.js';
import type { Entry } from '../../entry.js';
import type { ScriptContent } from '../../probe/content.js';
import { finding } from '../catalogue.js';
import type { Run } from '../subject.js';
import { type Checked, type Circumstances, only } from './checked.js';
import { elsewhere, lookUp } from './lookup.js';
import { permissionFinding } from './permission.js';

/** @param check what looks at the interpreter */
export async function checkScript(
  run: Run,
  entry: Entry,
  { interpreter, command, crlf }: ScriptContent,
  circumstances: Circumstances,
  check: (program: Entry, circumstances: Circumstances) => Promise<Checked>,
): Promise<Checked> {
  const { called } = circumstances;
  if (crlf)
    return only(
      finding(
        'script-crlf',
        entry.path,
        `${called} has lines that end in CR LF: the kernel looks for "${printable(`${command ?? interpreter}\r`)}"`,
        'convert it with sed -i "s/\\r$//" or dos2unix; in git, with "*.sh text eol=lf" in .gitattributes',
      ),
    );
  const running = [entry.path];
  for (const name of command === undefined ? [interpreter] : [interpreter, command]) {
    const by = name === interpreter ? 'its interpreter' : 'its interpreter, by env,';
    const {
      entry: program,
      path,
      why,
    } = lookUp(run, name.includes('/') ? absolute(run, name) : name);
    if (program === undefined || program.kind !== 'file')
      return only(
        finding(
          'interpreter-missing',
          entry.path,
          `${called} is a script, and ${by} ${printable(name)} ${program === undefined ? why : 'is no file'}${elsewhere(run.root, name)}`,
          'add the interpreter, take a base image that has it, or correct the #! line',
        ),
      );
    if ((program.mode & 0o111) === 0)
      return only(
        finding(
          'interpreter-not-executable',
          path,
          `${called} is a script, and ${by} ${printable(name)} has no permission to be executed`,
          'set it with chmod +x',
        ),
      );
    const { account } = circumstances;
    const forbidden = account && permissionFinding(run, account, program);
    if (forbidden !== undefined) return only(forbidden);
    const next = {
      ...circumstances,
      called: `${printable(path)}, which runs ${printable(entry.path)},`,
    };
    const checked = await check(program, next);
    running.push(...checked.running);
    if (checked.findings.length > 0) return { findings: checked.findings, running };
  }
  return { findings: [], running };
}

/** The kernel takes a relative interpreter from the working directory. */
function absolute({ workdir }: Run, path: string): string {
  return path.startsWith('/') ? path : `${workdir.replace(/\/$/, '')}/${path}`;
}
