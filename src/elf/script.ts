/**
 * The interpreter of a script: the first line of a file that starts with `#!`, as the kernel reads
 * it (execve(2), "Interpreter scripts"), and what env(1) is told to look up there.
 */

/** As much of a file as the kernel looks at: BINPRM_BUF_SIZE. */
const SHEBANG_LIMIT = 256;

/** Where env looks when nothing else is set: PATH as container engines set it. */
export const DEFAULT_PATH = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
] as const;

/** What the first line says. */
export interface Shebang {
  /** The interpreter as it is written; empty where the line names none. */
  readonly path: string;
  /** With `#!/usr/bin/env NAME`, what env is told to run. */
  readonly command?: string;
  /** Whether the line ends in CR LF: the kernel takes the CR for part of the last word. */
  readonly crlf: boolean;
}

/** What a script is run with. */
export interface Interpreter {
  readonly path: string;
  /** What the interpreter itself runs, and where that may be: `#!/usr/bin/env NAME`. */
  readonly command?: { readonly name: string; readonly candidates: readonly string[] };
}

/** Reads the first line; undefined when the file is no script. */
export function readShebang(content: Buffer): Shebang | undefined {
  if (content.toString('latin1', 0, 2) !== '#!') return undefined;
  const line = content.toString('utf8', 2, SHEBANG_LIMIT).split(/[\n\0]/, 1)[0] as string;
  const crlf = line.endsWith('\r');
  const [path = '', ...words] = line.split(/[ \t\r]+/).filter((word) => word !== '');
  // Options, of which -S is the one people write, and assignments come before the command.
  const command = path.endsWith('/env')
    ? words.find((word) => !word.startsWith('-') && !word.includes('='))
    : undefined;
  return { path, crlf, ...(command === undefined ? {} : { command }) };
}

/** The interpreter of a script; undefined when the file is none, or names no absolute path. */
export function readInterpreter(content: Buffer): Interpreter | undefined {
  const line = readShebang(content);
  if (line === undefined || !line.path.startsWith('/')) return undefined;
  const { path, command: name } = line;
  if (name === undefined) return { path };
  const candidates = name.startsWith('/')
    ? [name]
    : DEFAULT_PATH.map((folder) => `${folder}/${name}`);
  return { path, command: { name, candidates } };
}
