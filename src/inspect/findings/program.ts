/** Whether the kernel and a loader would start a file: a script with its interpreter, or an ELF file. */
import { architectureName } from '../../libs/architecture.js';
import { isMusl } from '../../libs/loader.js';
import type { Missing } from '../../libs/process.js';
import { printable } from '../../tar/printable.js';
import type { ElfContent, ScriptContent } from '../content.js';
import { find, type Entry } from '../entry.js';
import type { Finding } from '../finding.js';
import type { Account } from './accounts.js';
import { finding } from './catalogue.js';
import { load, type Loaded } from './libraries.js';
import { elsewhere, lookUp } from './lookup.js';
import { runsOn } from './machine.js';
import type { Run } from './subject.js';

/** Scripts that are interpreters of scripts: as many as Linux follows. */
const DEEPEST = 4;

export interface Checked {
  readonly findings: readonly Finding[];
  readonly running: readonly string[];
}

interface Circumstances {
  /** The image's architecture: `amd64`. */
  readonly platform: string;
  /** What messages call the file. */
  readonly called: string;
  readonly account: Account | undefined;
}

/** @param entry a file that may be executed */
export async function checkProgram(
  run: Run,
  entry: Entry,
  circumstances: Circumstances,
  depth = 0,
): Promise<Checked> {
  const { content, path } = entry;
  const { called } = circumstances;
  // Nobody looked into it.
  if (content === undefined) return { findings: [], running: [path] };
  if (content.damaged !== undefined)
    return only(
      finding(
        'entrypoint-damaged',
        path,
        `${called} is cut short or damaged: ${printable(content.damaged)}`,
        'look at what writes it: build it, or copy it, again',
      ),
    );
  if (content.elf !== undefined) return checkElf(run, entry, content.elf, circumstances);
  if (content.script !== undefined && content.script.interpreter !== '')
    return checkScript(run, entry, content.script, circumstances, depth);
  return only(
    finding(
      'entrypoint-format',
      path,
      `${called} is neither a program for Linux nor a script`,
      'a script has to begin with #!/path/to/interpreter, without a byte order mark; other files need a program that reads them',
    ),
  );
}

async function checkScript(
  run: Run,
  entry: Entry,
  { interpreter, command, crlf }: ScriptContent,
  circumstances: Circumstances,
  depth: number,
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
    if (depth >= DEEPEST) break;
    const next = {
      ...circumstances,
      called: `${printable(path)}, which runs ${printable(entry.path)},`,
    };
    const checked = await checkProgram(run, program, next, depth + 1);
    running.push(...checked.running);
    if (checked.findings.length > 0) return { findings: checked.findings, running };
  }
  return { findings: [], running };
}

/** The kernel takes a relative interpreter from the working directory. */
function absolute({ workdir }: Run, path: string): string {
  return path.startsWith('/') ? path : `${workdir.replace(/\/$/, '')}/${path}`;
}

async function checkElf(
  run: Run,
  entry: Entry,
  elf: ElfContent,
  { platform, called }: Circumstances,
): Promise<Checked> {
  const { path } = entry;
  if (elf.kind === 'relocatable' || elf.kind === 'core')
    return only(
      finding(
        'entrypoint-format',
        path,
        `${called} is ${elf.kind === 'core' ? 'the dump of a process' : 'an object file, which was not linked'}`,
        'name the linked program in ENTRYPOINT or CMD',
      ),
    );
  const runs = runsOn(elf.architecture, platform);
  if (runs === 'no')
    return only(
      finding(
        'entrypoint-architecture',
        path,
        `${called} is for ${architectureName(elf.architecture)}, the image for ${printable(platform)}`,
        'build it for the image’s platform (GOARCH, --target, a cross compiler), or build the image with --platform',
      ),
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
  if (loader?.kind !== 'file')
    return {
      findings: [...findings, loaderMissing(run, path, called, elf.interpreter)],
      running: [],
    };
  const loaded = await load(run, entry, elf, loader);
  const missing = loaded?.missing[0];
  if (loaded !== undefined && missing !== undefined)
    findings.push(libraryMissing(run, path, called, loaded, missing));
  return { findings, running: loaded?.paths ?? [path] };
}

function loaderMissing(run: Run, path: string, called: string, interpreter: string): Finding {
  const isForMusl = isMusl(interpreter);
  const names = [...(find(run.root, '/lib')?.children?.keys() ?? [])];
  const hasMusl = names.some((name) => isMusl(name));
  const hasGlibc = hasGlibcLoader(run.root);
  const there = printable(interpreter);
  if (!isForMusl && hasMusl && !hasGlibc)
    return finding(
      'glibc-on-musl',
      path,
      `${called} is linked with glibc, and the image has musl: its loader ${there} is not there`,
      'build it on Alpine, link it statically (CGO_ENABLED=0, -static), or take a base image with glibc',
    );
  if (isForMusl && hasGlibc && !hasMusl)
    return finding(
      'musl-on-glibc',
      path,
      `${called} is linked with musl, and the image has glibc: its loader ${there} is not there`,
      'build it on the distribution that it runs on, link it statically (-static), or take Alpine as base image',
    );
  return finding(
    'loader-missing',
    path,
    `${called} is dynamic, and its loader ${there} is not in the image`,
    'link it statically (CGO_ENABLED=0, -static), or add its libraries: --libs finds them',
  );
}

function hasGlibcLoader(root: Entry): boolean {
  const folders = ['/lib64', '/lib', '/usr/lib64'].map((path) => find(root, path));
  return folders.some((folder) =>
    [...(folder?.children?.keys() ?? [])].some((name) =>
      /^ld-linux.*\.so\.\d$|^ld64\.so\.\d$/.test(name),
    ),
  );
}

function libraryMissing(
  run: Run,
  path: string,
  called: string,
  { configured, missing: all }: Loaded,
  { name, by, rejected }: Missing,
): Finding {
  const shown = printable(name);
  const needs = by === path ? `${called} needs` : `${called} needs ${printable(by)}, and that`;
  const more = all.length > 1 ? ` (and ${all.length - 1} more)` : '';
  const [other] = rejected;
  if (other !== undefined)
    return finding(
      'library-architecture',
      path,
      `${needs} ${shown}${more}: ${printable(other.path)} ${printable(other.why)}`,
      'add the library for the program’s architecture: --libs finds it in the builder',
    );
  const isConfigured = configured.some(
    (folder) => find(run.root, `${folder}/${name}`)?.kind === 'file',
  );
  return finding(
    'library-missing',
    path,
    `${needs} ${shown}${more}, which is not where its loader looks${elsewhere(run.root, name)}`,
    isConfigured
      ? 'run ldconfig in the image: /etc/ld.so.cache does not know of it; or set LD_LIBRARY_PATH'
      : 'add it: --libs finds libraries in the builder, a package has them in the image; or set LD_LIBRARY_PATH',
  );
}

function only(...findings: readonly Finding[]): Checked {
  return { findings, running: [] };
}
