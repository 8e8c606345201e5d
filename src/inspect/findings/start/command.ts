/** The programs that a command starts: its first word, and the one that a shell's -c or an init starts. */
import { posix } from 'node:path';

export interface Command {
  readonly name: string;
  /** Whether it is the first word. */
  readonly isFirst: boolean;
}

const SHELLS = new Set(['sh', 'bash', 'ash', 'dash']);
/** They start the program after `--`. */
const INITS = new Set(['tini', 'tini-static', 'dumb-init', 'catatonit', 'docker-init']);
/** Built-in commands and keywords of shells. */
const BUILTINS = new Set(
  'alias bg break cd command continue declare echo eval exit export false fg getopts hash if for while until case function jobs kill let local printf pwd read readonly return set shift source test time times trap true type typeset ulimit umask unalias unset until wait [ [[ { ( : . !'.split(
    ' ',
  ),
);

export function commandsOf(words: readonly string[]): Command[] {
  const [first, ...others] = words;
  if (first === undefined) return [];
  const base = posix.basename(first);
  const next = SHELLS.has(base) ? inShell(others) : INITS.has(base) ? afterInit(others) : [];
  return [{ name: first, isFirst: true }, ...next.map((name) => ({ name, isFirst: false }))];
}

/** The program of `-c 'exec /app --flag'`, if it is a literal. */
function inShell(words: readonly string[]): string[] {
  const at = words.findIndex((word) => !/^-[a-z]+$/.test(word));
  if (at < 1 || !words.slice(0, at).some((word) => word.endsWith('c'))) return [];
  // Of `a && b || exit 1`, a always runs, and has to succeed.
  const [first = ''] = (words[at] as string).replace(/\|\|\s*(?:exit|false)\b.*$/s, '').split('&&');
  const script = first.replace(/\s\d?>{1,2}\s*(?:&\d|\/dev\/\w+)/g, '').trim();
  // In other scripts, the first program may create the next, or fail without effect.
  if (/[;&|<>()`$\n{}]/.test(script.replace(/\$\{?\w+\}?/g, ' '))) return [];
  const [word = ''] = script.replace(/^(?:exec\s+)?(?:\w+=\S*\s+)*(?:exec\s+)?/, '').split(/\s+/);
  return isPlain(word) && !BUILTINS.has(word) ? [word] : [];
}

function afterInit(words: readonly string[]): string[] {
  const at = words.indexOf('--');
  const name = at >= 0 ? words[at + 1] : words[0];
  return name !== undefined && !name.startsWith('-') ? [name] : [];
}

function isPlain(word: string): boolean {
  return /^[\w./+@%:,-]+$/.test(word);
}
