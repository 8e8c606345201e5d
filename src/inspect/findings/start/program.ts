/** Whether the kernel and a loader can start a file: an ELF file, or a script with its interpreter. */
import {
  type Architecture,
  architectureName,
  GO_NAMES,
  goName,
} from '../../../elf/architecture.js';
import type { Shebang } from '../../../elf/script.js';
import { printable } from '../../../text/printable.js';
import { type Entry, find } from '../../entry.js';
import type { Finding } from '../../facts.js';
import type { ElfContent } from '../../probe/content.js';
import { finding } from '../catalogue.js';
import type { Run } from '../subject.js';
import { closedFolder, EXECUTE, may, READ } from './accounts.js';
import { lookUp, otherLocations } from './command.js';
import { checkLibraries, loaderMissing, type ProgramCheck } from './libraries.js';

/** A check that failed with one finding. */
export function failed(...parts: Parameters<typeof finding>): ProgramCheck {
  return { findings: [finding(...parts)], running: [] };
}

/** The depth up to which Linux follows interpreters that are scripts. */
const MAX_DEPTH = 4;

/**
 * @param entry an executable file
 * @param called its name in messages
 */
export async function checkProgram(
  run: Run,
  entry: Entry,
  called: string,
  depth = 0,
): Promise<ProgramCheck> {
  const { content, path } = entry;
  if (depth > MAX_DEPTH) return { findings: [], running: [] };
  if (content === undefined) return { findings: [], running: [path] };
  const { damaged, elf, script } = content;
  if (damaged !== undefined) {
    const message = `${called} is cut short or damaged: ${printable(damaged)}`;
    const advice = 'look at what writes it: build it, or copy it, again';
    return failed('entrypoint-damaged', path, message, advice);
  }
  if (elf !== undefined) return checkElf(run, entry, elf, called);
  if (script !== undefined && script.interpreter !== '')
    return checkScript(run, entry, script, called, depth);
  const message = `${called} is neither a program for Linux nor a script`;
  const advice =
    'a script has to begin with #!/path/to/interpreter, without a byte order mark; other files need a program that reads them';
  return failed('entrypoint-format', path, message, advice);
}

async function checkElf(
  run: Run,
  { path }: Entry,
  elf: ElfContent,
  called: string,
): Promise<ProgramCheck> {
  if (elf.kind === 'relocatable' || elf.kind === 'core') {
    const message = `${called} is ${elf.kind === 'core' ? 'the dump of a process' : 'an object file, which was not linked'}`;
    const advice = 'name the linked program in ENTRYPOINT or CMD';
    return failed('entrypoint-format', path, message, advice);
  }
  const platform = printable(run.architecture);
  const runs = runsOn(elf.architecture, run.architecture);
  if (runs === 'no') {
    const message = `${called} is for ${architectureName(elf.architecture)}, the image for ${platform}`;
    const advice =
      'build it for the image’s platform (GOARCH, --target, a cross compiler), or build the image with --platform';
    return failed('entrypoint-architecture', path, message, advice);
  }
  const findings: Finding[] = [];
  if (runs === 'maybe') {
    const message = `${called} is for 32-bit ARM, the image for ${platform}`;
    const advice = 'build it for 64 bits: not every processor that the image is for runs it';
    findings.push(finding('entrypoint-32-bit', path, message, advice));
  }
  if (elf.interpreter === undefined) return { findings, running: [path] };
  const loader = find(run.root, elf.interpreter);
  if (loader?.kind !== 'file') {
    findings.push(loaderMissing(run, path, called, elf.interpreter));
    return { findings, running: [] };
  }
  const libraries = await checkLibraries(run, path, elf, loader, called);
  return { findings: [...findings, ...libraries.findings], running: libraries.running };
}

async function checkScript(
  run: Run,
  entry: Entry,
  { interpreter, command, crlf }: Shebang,
  called: string,
  depth: number,
): Promise<ProgramCheck> {
  if (crlf) {
    const message = `${called} has lines that end in CR LF: the kernel looks for "${printable(`${command ?? interpreter}\r`)}"`;
    const advice =
      'convert it with sed -i "s/\\r$//" or dos2unix; in git, with "*.sh text eol=lf" in .gitattributes';
    return failed('script-crlf', entry.path, message, advice);
  }
  const running = [entry.path];
  for (const name of command === undefined ? [interpreter] : [interpreter, command]) {
    const by = name === interpreter ? 'its interpreter' : 'its interpreter, by env,';
    const start = `${called} is a script, and ${by} ${printable(name)}`;
    const { entry: program, path, why } = lookUp(run, name);
    if (program?.kind !== 'file') {
      const message = `${start} ${program === undefined ? why : 'is no file'}${otherLocations(run.root, name)}`;
      const advice = 'add the interpreter, take a base image that has it, or correct the #! line';
      return failed('interpreter-missing', entry.path, message, advice);
    }
    if ((program.mode & 0o111) === 0) {
      const message = `${start} has no permission to be executed`;
      return failed('interpreter-not-executable', path, message, 'set it with chmod +x');
    }
    const next = `${printable(path)}, which runs ${printable(entry.path)},`;
    const forbidden = checkPermission(run, program);
    if (forbidden !== undefined) return forbidden;
    const checked = await checkProgram(run, program, next, depth + 1);
    running.push(...checked.running);
    if (checked.findings.length > 0) return { findings: checked.findings, running };
  }
  return { findings: [], running };
}

/** Fails if the image's user may not execute a file, or read a script; undefined otherwise. */
export function checkPermission({ account, user }: Run, entry: Entry): ProgramCheck | undefined {
  if (account === undefined) return undefined;
  const access = entry.content?.script === undefined ? EXECUTE : EXECUTE | READ;
  const closed = closedFolder(account, entry);
  if (closed === undefined && may(account, entry, access)) return undefined;
  const mode = (closed ?? entry).mode.toString(8).padStart(4, '0');
  const where = closed === undefined ? '' : ` below ${printable(closed.path)}`;
  const message = `the user ${printable(user) || 'root'} may not execute ${printable(entry.path)}${where}: the mode is ${mode}`;
  const advice = 'let others read and execute it: chmod -R a+rX, or COPY --chown and --chmod';
  return failed('entrypoint-user', entry.path, message, advice);
}

/** `maybe`: 32-bit ARM, which some 64-bit processors don't run. Undefined for an unknown platform. */
function runsOn(found: Architecture, platform: string): 'yes' | 'maybe' | 'no' | undefined {
  if (!GO_NAMES.has(platform)) return undefined;
  const name = goName(found);
  if (name === platform || (platform === 'amd64' && name === '386')) return 'yes';
  return platform === 'arm64' && name === 'arm' ? 'maybe' : 'no';
}
