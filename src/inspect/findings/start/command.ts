/**
 * The programs that a command line starts: its first word, and behind a shell's -c or a program that
 * starts others, the next. What only a shell could say is left alone.
 */
import { posix } from 'node:path';

/** A program by name or path, and whether a shell looks for it. */
export interface Command {
  readonly name: string;
  /** Whether it is in the words of ENTRYPOINT or CMD themselves. */
  readonly isFirst: boolean;
}

const SHELLS = new Set(['sh', 'bash', 'ash', 'dash']);
/** They wait for what is behind `--`. */
const INITS = new Set(['tini', 'tini-static', 'dumb-init', 'catatonit', 'docker-init']);
/** What a shell does itself. */
const BUILTINS = new Set(
  'alias bg break cd command continue declare echo eval exit export false fg getopts hash if for while until case function jobs kill let local printf pwd read readonly return set shift source test time times trap true type typeset ulimit umask unalias unset until wait [ [[ { ( : . !'.split(
    ' ',
  ),
);

export function commandsOf(words: readonly string[]): Command[] {
  const [first, ...others] = words;
  if (first === undefined) return [];
  const base = posix.basename(first);
  const next = SHELLS.has(base) ? inShell(others) : INITS.has(base) ? behindInit(others) : [];
  return [{ name: first, isFirst: true }, ...next.map((name) => ({ name, isFirst: false }))];
}

/** `-c 'exec /app --flag'`; nothing when the word could mean anything but itself. */
function inShell(words: readonly string[]): string[] {
  const at = words.findIndex((word) => !/^-[a-z]+$/.test(word));
  if (at < 1 || !words.slice(0, at).some((word) => word.endsWith('c'))) return [];
  // Of `a && b || exit 1`, a runs in any case, and has to succeed.
  const [first = ''] = (words[at] as string).replace(/\|\|\s*(?:exit|false)\b.*$/s, '').split('&&');
  const script = first.replace(/\s\d?>{1,2}\s*(?:&\d|\/dev\/\w+)/g, '').trim();
  // Of others, the first may well make the next possible, or fail for nothing.
  if (/[;&|<>()`$\n{}]/.test(script.replace(/\$\{?\w+\}?/g, ' '))) return [];
  const [word = ''] = script.replace(/^(?:exec\s+)?(?:\w+=\S*\s+)*(?:exec\s+)?/, '').split(/\s+/);
  return isPlain(word) && !BUILTINS.has(word) ? [word] : [];
}

function behindInit(words: readonly string[]): string[] {
  const at = words.indexOf('--');
  const name = at >= 0 ? words[at + 1] : words[0];
  return name !== undefined && !name.startsWith('-') ? [name] : [];
}

function isPlain(word: string): boolean {
  return /^[\w./+@%:,-]+$/.test(word);
}
