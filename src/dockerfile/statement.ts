/** One statement of a Dockerfile split into its parts (BuildKit, parser/split_command.go). */
import { type Arguments, readArguments } from './arguments.js';
import { splitFlags } from './flags.js';
import { trim } from './text.js';

/** One instruction, not yet understood. */
export interface Statement extends Arguments {
  /** Its first word, as it stands. */
  readonly keyword: string;
  /** Words that start with `--`. */
  readonly flags: readonly string[];
  /** The whole, continuations joined. */
  readonly original: string;
  /** Of ONBUILD: the instruction behind it. */
  readonly sub: Statement | undefined;
}

/** Splits a statement into keyword, flags and arguments. Throws a Reason for what it can't read. */
export function readStatement(original: string, escape: string, nested = false): Statement {
  const whole = trim(original);
  const keyword = /^[^\t\v\f\r ]*/.exec(whole)?.[0] ?? '';
  const { flags, rest } = splitFlags(whole.slice(keyword.length));
  const text = trim(rest);
  // Triggers of triggers are refused later, and so needn't be read.
  const onbuild = keyword.toLowerCase() === 'onbuild' && !nested && text !== '';
  const sub = onbuild ? readStatement(text, escape, true) : undefined;
  return { keyword, flags, original, sub, ...readArguments(keyword.toLowerCase(), text, escape) };
}
