/** Whether the kernel and a loader can start a file: an ELF file, or a script with its interpreter. */
import { type Architecture, architectureName } from '../../../elf/architecture.js';
import { printable } from '../../../text/printable.js';
import { type Entry, find } from '../../entry.js';
import type { Finding } from '../../inspection.js';
import type { ElfContent, ScriptContent } from '../../probe/content.js';
import { finding } from '../catalogue.js';
import type { Run } from '../subject.js';
import { type Account, closedFolder, EXECUTE, may, READ } from './accounts.js';
import { lookUp, otherLocations } from './command.js';
import { libraryMissing, loaderMissing, loadProgram } from './libraries.js';

/** The result of checking a program. */
export interface ProgramCheck {
  readonly findings: readonly Finding[];
  /** The files that run: programs, interpreters, libraries. */
  readonly running: readonly string[];
}

export interface ProgramOptions {
  /** The image's architecture: `amd64`. */
  readonly platform: string;
  /** The file's name in messages. */
  readonly called: string;
  /** Undefined if the user is unknown. */
  readonly account: Account | undefined;
}

/** A check that failed with one finding. */
export function failed(...parts: Parameters<typeof finding>): ProgramCheck {
  return { findings: [finding(...parts)], running: [] };
}

/** The depth up to which Linux follows interpreters that are scripts. */
const MAX_DEPTH = 4;

/** @param entry an executable file */
export async function checkProgram(
  run: Run,
  entry: Entry,
  options: ProgramOptions,
  depth = 0,
): Promise<ProgramCheck> {
  const { content, path } = entry;
  const { called } = options;
  if (depth > MAX_DEPTH) return { findings: [], running: [] };
  if (content === undefined) return { findings: [], running: [path] };
  if (content.damaged !== undefined)
    return failed(
      'entrypoint-damaged',
      path,
      `${called} is cut short or damaged: ${printable(content.damaged)}`,
      'look at what writes it: build it, or copy it, again',
    );
  if (content.elf !== undefined) return checkElf(run, entry, content.elf, options);
  if (content.script !== undefined && content.script.interpreter !== '')
    return checkScript(run, entry, content.script, options, depth);
  return failed(
    'entrypoint-format',
    path,
    `${called} is neither a program for Linux nor a script`,
    'a script has to begin with #!/path/to/interpreter, without a byte order mark; other files need a program that reads them',
  );
}

async function checkElf(
  run: Run,
  entry: Entry,
  elf: ElfContent,
  { platform, called }: ProgramOptions,
): Promise<ProgramCheck> {
  const { path } = entry;
  if (elf.kind === 'relocatable' || elf.kind === 'core')
    return failed(
      'entrypoint-format',
      path,
      `${called} is ${elf.kind === 'core' ? 'the dump of a process' : 'an object file, which was not linked'}`,
      'name the linked program in ENTRYPOINT or CMD',
    );
  const runs = runsOn(elf.architecture, platform);
  if (runs === 'no')
    return failed(
      'entrypoint-architecture',
      path,
      `${called} is for ${architectureName(elf.architecture)}, the image for ${printable(platform)}`,
      'build it for the image’s platform (GOARCH, --target, a cross compiler), or build the image with --platform',
    );
  const findings: Finding[] = [];
  if (runs === 'maybe')
    findings.push(
      finding(
        'entrypoint-32-bit',
        path,
        `${called} is for 32-bit ARM, the image for ${printable(platform)}`,
        'build it for 64 bits: not every processor that the image is for runs it',
      ),
    );
  if (elf.interpreter === undefined) return { findings, running: [path] };
  const loader = find(run.root, elf.interpreter);
  if (loader?.kind !== 'file') {
    findings.push(loaderMissing(run, path, called, elf.interpreter));
    return { findings, running: [] };
  }
  const loaded = await loadProgram(run, entry, elf, loader);
  const missing = loaded?.missing[0];
  if (loaded !== undefined && missing !== undefined)
    findings.push(libraryMissing(run, path, called, loaded, missing));
  return { findings, running: loaded?.paths ?? [path] };
}

async function checkScript(
  run: Run,
  entry: Entry,
  { interpreter, command, crlf }: ScriptContent,
  options: ProgramOptions,
  depth: number,
): Promise<ProgramCheck> {
  const { called, account } = options;
  if (crlf)
    return failed(
      'script-crlf',
      entry.path,
      `${called} has lines that end in CR LF: the kernel looks for "${printable(`${command ?? interpreter}\r`)}"`,
      'convert it with sed -i "s/\\r$//" or dos2unix; in git, with "*.sh text eol=lf" in .gitattributes',
    );
  const running = [entry.path];
  for (const name of command === undefined ? [interpreter] : [interpreter, command]) {
    const by = name === interpreter ? 'its interpreter' : 'its interpreter, by env,';
    const { entry: program, path, why } = lookUp(run, name);
    if (program === undefined || program.kind !== 'file')
      return failed(
        'interpreter-missing',
        entry.path,
        `${called} is a script, and ${by} ${printable(name)} ${program === undefined ? why : 'is no file'}${otherLocations(run.root, name)}`,
        'add the interpreter, take a base image that has it, or correct the #! line',
      );
    if ((program.mode & 0o111) === 0)
      return failed(
        'interpreter-not-executable',
        path,
        `${called} is a script, and ${by} ${printable(name)} has no permission to be executed`,
        'set it with chmod +x',
      );
    const forbidden = account && checkPermission(run, account, program);
    if (forbidden !== undefined) return forbidden;
    const next = `${printable(path)}, which runs ${printable(entry.path)},`;
    const checked = await checkProgram(run, program, { ...options, called: next }, depth + 1);
    running.push(...checked.running);
    if (checked.findings.length > 0) return { findings: checked.findings, running };
  }
  return { findings: [], running };
}

/** Fails if the image's user may not execute a file, or read a script; undefined otherwise. */
export function checkPermission(
  run: Run,
  account: Account,
  entry: Entry,
): ProgramCheck | undefined {
  const access = entry.content?.script === undefined ? EXECUTE : EXECUTE | READ;
  const closed = closedFolder(account, entry);
  if (closed === undefined && may(account, entry, access)) return undefined;
  const user = `the user ${printable(run.user) || 'root'}`;
  const mode = (closed ?? entry).mode.toString(8).padStart(4, '0');
  const where = closed === undefined ? '' : ` below ${printable(closed.path)}`;
  return failed(
    'entrypoint-user',
    entry.path,
    `${user} may not execute ${printable(entry.path)}${where}: the mode is ${mode}`,
    'let others read and execute it: chmod -R a+rX, or COPY --chown and --chmod',
  );
}

const [EM_386, EM_ARM, EM_X86_64] = [3, 40, 62];

/** The fields of ELF headers, by Go's names of architectures. */
const MACHINES: Readonly<Record<string, Partial<Architecture>>> = {
  amd64: { machine: EM_X86_64 },
  '386': { machine: EM_386 },
  arm64: { machine: 183, bigEndian: false },
  arm: { machine: EM_ARM, bigEndian: false },
  ppc64le: { machine: 21, bigEndian: false },
  ppc64: { machine: 21, bigEndian: true },
  ppc: { machine: 20 },
  s390x: { machine: 22, bits: 64 },
  riscv64: { machine: 243, bits: 64 },
  loong64: { machine: 258, bits: 64 },
  mips: { machine: 8, bits: 32, bigEndian: true },
  mipsle: { machine: 8, bits: 32, bigEndian: false },
  mips64: { machine: 8, bits: 64, bigEndian: true },
  mips64le: { machine: 8, bits: 64, bigEndian: false },
};

/** `maybe`: 32-bit ARM, which some 64-bit processors don't run. Undefined for an unknown platform. */
function runsOn(
  { machine, bits, bigEndian }: Architecture,
  platform: string,
): 'yes' | 'maybe' | 'no' | undefined {
  const wanted = Object.hasOwn(MACHINES, platform) ? MACHINES[platform] : undefined;
  if (wanted === undefined) return undefined;
  const isEqual =
    machine === wanted.machine &&
    (wanted.bits ?? bits) === bits &&
    (wanted.bigEndian ?? bigEndian) === bigEndian;
  if (isEqual || (platform === 'amd64' && machine === EM_386)) return 'yes';
  return platform === 'arm64' && machine === EM_ARM ? 'maybe' : 'no';
}
