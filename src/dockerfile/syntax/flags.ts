/** Flags of an instruction: `--name`, `--name=value`; values may be quoted (BuildKit, bflag.go). */
import { isSpace } from '../../text/go.js';
import { suggest } from '../../text/suggest.js';
import { Reason } from '../reason.js';

/** Splits a line into its flags, with quotes and backslashes resolved, and the rest. */
export function splitFlags(text: string): { flags: string[]; rest: string } {
  const flags: string[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isSpace(text[at] as string)) at++;
    if (!text.startsWith('--', at)) return { flags, rest: text.slice(at) };
    let word = '';
    let quote = '';
    for (; at < text.length; at++) {
      const character = text[at] as string;
      if (quote === '' && isSpace(character)) break;
      if (quote === '' ? character === '"' || character === "'" : character === quote)
        quote = quote === '' ? character : '';
      else if (character === '\\') word += text[++at] ?? '';
      else word += character;
    }
    if (word === '--') return { flags, rest: text.slice(at) };
    flags.push(word);
  }
}

/** A `list` may be given several times. */
export type FlagKind = 'boolean' | 'string' | 'list';

/** Parses the flags of an instruction; by default, they are false or empty. Throws a {@link Reason}. */
export function readFlags(words: readonly string[], known: Readonly<Record<string, FlagKind>>) {
  const values = new Map<string, string[]>();
  for (const word of words) {
    const equals = word.indexOf('=');
    const name = word.slice(2, equals < 0 ? undefined : equals);
    const value = equals < 0 ? undefined : word.slice(equals + 1);
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined)
      throw new Reason(suggest(`unknown flag: --${name}`, name, Object.keys(known), true));
    const before = values.get(name);
    if (before && kind !== 'list') throw new Reason(`duplicate flag specified: --${name}`);
    values.set(name, [...(before ?? []), flagValue(name, kind, value)]);
  }
  return {
    has: (name: string) => values.has(name),
    boolean: (name: string) => values.get(name)?.[0] === 'true',
    string: (name: string) => values.get(name)?.[0] ?? '',
    list: (name: string): readonly string[] => values.get(name) ?? [],
  };
}

function flagValue(name: string, kind: FlagKind, value: string | undefined): string {
  if (value === (kind === 'boolean' ? '' : undefined))
    throw new Reason(`missing a value on flag: --${name}`);
  if (kind !== 'boolean') return value ?? '';
  const lower = (value ?? 'true').toLowerCase();
  if (lower === 'true' || lower === 'false') return lower;
  throw new Reason(`expecting boolean value for flag --${name}, not: ${value}`);
}
