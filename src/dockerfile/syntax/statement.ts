/** One statement of a Dockerfile split into its parts (BuildKit, parser/split_command.go). */
import { cutSpace, isSpace, quote, splitBlanks, trim, trimStart } from '../../text/go.js';
import { Reason } from '../reason.js';
import { splitFlags } from './flags.js';

export interface Statement extends Arguments {
  /** The first word, in its original case. */
  readonly keyword: string;
  readonly flags: readonly string[];
  /** The whole text, continuations joined. */
  readonly original: string;
  /** The instruction of ONBUILD. */
  readonly sub: Statement | undefined;
}

/** Splits a statement into keyword, flags and arguments. Throws a {@link Reason}. */
export function readStatement(original: string, escape: string, nested = false): Statement {
  const whole = trim(original);
  const keyword = /^[^\t\v\f\r ]*/.exec(whole)?.[0] ?? '';
  const { flags, rest } = splitFlags(whole.slice(keyword.length));
  const text = trim(rest);
  // Nested triggers are refused later.
  const onbuild = keyword.toLowerCase() === 'onbuild' && !nested && text !== '';
  const sub = onbuild ? readStatement(text, escape, true) : undefined;
  return { keyword, flags, original, sub, ...readArguments(keyword.toLowerCase(), text, escape) };
}

/** A name and its value, not expanded. */
export interface Pair {
  readonly key: string;
  readonly value: string;
}

interface Arguments {
  readonly args: readonly string[];
  /** Whether they are written as a JSON list. */
  readonly json: boolean;
  /** The pairs of ENV and LABEL. */
  readonly pairs: readonly Pair[];
}

/** Parses arguments by the lower-case keyword (BuildKit, parser/line_parsers.go); none for an unknown one. */
function readArguments(keyword: string, rest: string, escape: string): Arguments {
  const whole = rest === '' ? [] : [rest];
  const blanks = whole.flatMap(splitBlanks);
  switch (keyword) {
    case 'env':
    case 'label':
      return { ...NOTHING, pairs: readPairs(rest, keyword.toUpperCase(), escape) };
    case 'arg':
      return { ...NOTHING, args: splitWords(rest, escape) };
    case 'from':
    case 'expose':
      return { ...NOTHING, args: blanks };
    case 'maintainer':
    case 'stopsignal':
    case 'user':
    case 'workdir':
      return { ...NOTHING, args: whole };
    case 'cmd':
    case 'entrypoint':
    case 'run':
    case 'shell':
      return jsonOr(rest, whole);
    case 'add':
    case 'copy':
    case 'volume':
      return jsonOr(rest, blanks);
    case 'healthcheck': {
      const [type, command] = cutSpace(rest);
      if (type === '') return NOTHING;
      const { args, json } = jsonOr(command, command === '' ? [] : [command]);
      return { ...NOTHING, args: [type, ...args], json };
    }
    default:
      return NOTHING;
  }
}

const NOTHING: Arguments = { args: [], json: false, pairs: [] };

/** A JSON list of strings, otherwise `args`. */
function jsonOr(rest: string, args: readonly string[]): Arguments {
  let value: unknown;
  try {
    value = JSON.parse(trimStart(rest));
  } catch {
    value = undefined;
  }
  if (!Array.isArray(value)) return { ...NOTHING, args };
  if (!value.every((each) => typeof each === 'string'))
    throw new Reason('when using JSON array syntax, arrays must be comprised of strings only');
  const list = value.map((each) => each.replace(/\p{Surrogate}/gu, '\ufffd'));
  return { ...NOTHING, args: list, json: true };
}

/** `KEY=value …`, or, if the first word has no `=`, `KEY` and the rest of the line. */
function readPairs(rest: string, name: string, escape: string): Pair[] {
  const words = splitWords(rest, escape);
  const [first] = words;
  if (first === undefined) return [];
  if (!first.includes('=')) {
    const match = /^([^\t\v\f\r ]*)[\t\v\f\r ]+([^]*)$/.exec(rest);
    if (!match) throw new Reason(`${name} must have two arguments`);
    return [{ key: match[1] as string, value: match[2] as string }];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals >= 0) return { key: word.slice(0, equals), value: word.slice(equals + 1) };
    const why = `can't find = in ${quote(word)}. Must be of the form: name=value`;
    throw new Reason(`Syntax error - ${why}`);
  });
}

/** Words with their quotes and escapes. */
function splitWords(rest: string, escape: string): string[] {
  const characters = [...rest];
  const words: string[] = [];
  let word = '';
  let mark = '';
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    if (mark === '' && isSpace(character)) {
      words.push(word);
      word = '';
    } else if (character === escape && mark !== "'") {
      const next = characters[++at];
      // An escape at the end is dropped.
      if (next !== undefined) word += character + next;
    } else {
      if (mark === '' && (character === '"' || character === "'")) mark = character;
      else if (character === mark) mark = '';
      word += character;
    }
  }
  return [...words, word].filter((each) => each !== '');
}
