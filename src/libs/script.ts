/**
 * The interpreter of a script: the first line of a file that starts with `#!`, as the kernel reads
 * it (execve(2), "Interpreter scripts"), and what env(1) is told to look up there.
 */

/** As much of a file as the kernel looks at: BINPRM_BUF_SIZE. */
const LONGEST = 256;

/** Where env looks when nothing else is set: PATH as container engines set it. */
const PATH = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
] as const;

/** What a script is run with. */
export interface Interpreter {
  readonly path: string;
  /** What the interpreter itself runs, and where that may be: `#!/usr/bin/env NAME`. */
  readonly command?: { readonly name: string; readonly candidates: readonly string[] };
}

/** The interpreter of a script; undefined when the file is none, or names no absolute path. */
export function readInterpreter(content: Buffer): Interpreter | undefined {
  if (content.toString('latin1', 0, 2) !== '#!') return undefined;
  const line = content.toString('utf8', 2, LONGEST).split(/[\n\0]/, 1)[0] as string;
  const [path = '', ...words] = line.split(/[ \t\r]+/).filter((word) => word !== '');
  if (!path.startsWith('/')) return undefined;
  if (!path.endsWith('/env')) return { path };
  // Options, of which -S is the one people write, and assignments come before the command.
  const name = words.find((word) => !word.startsWith('-') && !word.includes('='));
  if (name === undefined) return { path };
  const candidates = name.startsWith('/') ? [name] : PATH.map((folder) => `${folder}/${name}`);
  return { path, command: { name, candidates } };
}
