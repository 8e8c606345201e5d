/** The interpreter line of a script (execve(2), "Interpreter scripts"), and the command that env(1) runs. */

/** The bytes of a file that the kernel reads: BINPRM_BUF_SIZE. */
const SHEBANG_LIMIT = 256;

/** PATH, as container engines set it by default. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The first line of a script. */
export interface Shebang {
  /** The interpreter's path: that of env for `#!/usr/bin/env NAME`. Empty if the line names none. */
  readonly interpreter: string;
  /** The command that env runs. */
  readonly command?: string;
  /** Whether the line ends in CR LF, of which the kernel treats the CR as part of the last word. */
  readonly crlf: boolean;
}

/** Reads the first line; undefined if the file is not a script. */
export function readShebang(content: Buffer): Shebang | undefined {
  if (content.toString('latin1', 0, 2) !== '#!') return undefined;
  const line = content.toString('utf8', 2, SHEBANG_LIMIT).split(/[\n\0]/, 1)[0] as string;
  const crlf = line.endsWith('\r');
  const [interpreter = '', ...words] = line.split(/[ \t\r]+/).filter((word) => word !== '');
  // Options, such as -S, and assignments precede the command.
  const command = interpreter.endsWith('/env')
    ? words.find((word) => !word.startsWith('-') && !word.includes('='))
    : undefined;
  return { interpreter, crlf, ...(command === undefined ? {} : { command }) };
}

/** Paths that may be the programs of a script: its interpreter, and the command of env. Undefined for other files. */
export function readInterpreters(content: Buffer): readonly (readonly string[])[] | undefined {
  const { interpreter, command } = readShebang(content) ?? {};
  if (interpreter?.startsWith('/') !== true) return undefined;
  if (command === undefined) return [[interpreter]];
  if (command.startsWith('/')) return [[interpreter], [command]];
  return [[interpreter], DEFAULT_PATH.split(':').map((folder) => `${folder}/${command}`)];
}
