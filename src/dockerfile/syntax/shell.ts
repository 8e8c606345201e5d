/**
 * The shell lexer of a Dockerfile (BuildKit, frontend/dockerfile/shell): quotes, escapes, `$x`, `${x}` with modifiers, and
 * words split at white space after expansion.
 */
import { isSpace, quote } from '../../text/go.js';
import { Reason } from '../reason.js';
import { replace, trimMatch } from './substitution.js';

export interface ShellOptions {
  /** `\` or a backtick. */
  readonly escape: string;
  /** Keeps quotes. @default false */
  readonly rawQuotes?: boolean;
  /** Keeps escapes. @default false */
  readonly rawEscapes?: boolean;
  /** Treats quotes as text, as in a heredoc. @default false */
  readonly ignoreQuotes?: boolean;
  /** Keeps references to unset variables. @default false */
  readonly keepUnset?: boolean;
  /** Receives the names of unset variables, also of those with a default. */
  readonly unset?: Set<string>;
}

/** Nested substitutions, `${x:-${y}}`. */
const MAX_DEPTH = 200;

/** Characters of an expanded word: variables can double its length again and again. */
const MAX_LENGTH = 16 << 20;

export type Variables = ReadonlyMap<string, string>;

/** Expands a word. Throws a {@link Reason} for a malformed one. */
export function expandWord(word: string, variables: Variables, options: ShellOptions): string {
  return lex(word, variables, options).word;
}

/** Expands a word and splits it at white space that is not quoted. */
export function expandWords(word: string, variables: Variables, options: ShellOptions): string[] {
  return lex(word, variables, options).words;
}

function lex(word: string, variables: Variables, options: ShellOptions): Lexed {
  try {
    return new Lexer(word, variables, options).until(undefined, options.rawEscapes ?? false);
  } catch (error) {
    if (error instanceof Reason)
      throw new Reason(`failed to process ${quote(word)}: ${error.message}`);
    throw error;
  }
}

interface Lexed {
  readonly word: string;
  readonly words: string[];
}

class Lexer {
  private readonly text: readonly string[];
  private at = 0;
  private depth = 0;
  private rawEscapes: boolean;

  constructor(
    word: string,
    private readonly variables: Variables,
    private readonly options: ShellOptions,
  ) {
    // Go's text/scanner skips a byte order mark.
    this.text = [...word.replace(/^\uFEFF/, '')];
    this.rawEscapes = options.rawEscapes ?? false;
  }

  /** Reads up to `stop`, or to the end without one. */
  until(stop: string | undefined, rawEscapes: boolean): Lexed {
    const outer = this.rawEscapes;
    this.rawEscapes = rawEscapes;
    if (++this.depth > MAX_DEPTH) throw new Reason('substitutions are nested too deeply');
    const words = [''];
    let word = '';
    let next = this.take();
    for (; next !== undefined && next !== stop; next = this.take()) {
      const special = this.special(next);
      const isEscape = special === undefined && next === this.options.escape;
      const escaped = isEscape ? (rawEscapes ? next : '') + (this.take() ?? '') : undefined;
      const text = special ?? escaped ?? next;
      word += text;
      if (special !== undefined && word.length > MAX_LENGTH)
        throw new Reason('the expanded text is too long');
      const isQuoted = isEscape || (special !== undefined && next !== '$');
      for (const character of isQuoted ? [text] : text)
        if (isQuoted || !isSpace(character)) words[words.length - 1] += character;
        else if (words.at(-1) !== '') words.push('');
    }
    this.depth--;
    this.rawEscapes = outer;
    if (next !== stop)
      throw new Reason(`unexpected end of statement while looking for matching ${stop}`);
    return { word, words: words.filter((each) => each !== '') };
  }

  /** The text that starts with a special character, which was read; `undefined` for any other. */
  private special(next: string): string | undefined {
    if (next === '$') return this.dollar();
    if (this.options.ignoreQuotes) return undefined;
    if (next === "'") return this.singleQuotes();
    if (next === '"') return this.doubleQuotes();
    if (next === '<') return this.heredocMark();
    return undefined;
  }

  private peek(): string | undefined {
    return this.text[this.at];
  }

  private take(): string | undefined {
    return this.text[this.at++];
  }

  private mark(character: string): string {
    return this.options.rawQuotes ? character : '';
  }

  private singleQuotes(): string {
    const start = this.at;
    const end = this.text.indexOf("'", start);
    this.at = end < 0 ? this.text.length : end + 1;
    if (end < 0)
      throw new Reason('unexpected end of statement while looking for matching single-quote');
    return this.mark("'") + this.text.slice(start, end).join('') + this.mark("'");
  }

  private doubleQuotes(): string {
    const { escape } = this.options;
    let out = this.mark('"');
    for (let next = this.take(); next !== '"'; next = this.take()) {
      if (next === undefined)
        throw new Reason('unexpected end of statement while looking for matching double-quote');
      if (next === '$') out += this.dollar();
      else if (next !== escape) out += next;
      else {
        if (this.rawEscapes) out += next;
        // Only a quote, a dollar and the escape itself can be escaped between double quotes.
        const escaped = this.peek();
        if (escaped === '"' || escaped === '$' || escaped === escape) out += this.take();
        else if (escaped !== undefined) out += next;
      }
    }
    return out + this.mark('"');
  }

  /** `<<` with the white space after it. */
  private heredocMark(): string {
    if (this.peek() !== '<') return '<';
    this.at++;
    return `<<${this.while(/^[ \t\r\n]$/)}`;
  }

  private dollar(): string {
    if (this.peek() !== '{') {
      const name = this.name();
      if (name === '') return '$';
      return this.value(name) ?? this.kept(`$${name}`);
    }
    this.at++;
    const first = this.peek();
    if (first === undefined) throw new Reason("syntax error: missing '}'");
    if (first === '{' || first === '}' || first === ':')
      throw new Reason('syntax error: bad substitution');
    const name = this.name();
    const modifier = this.take();
    if (modifier === undefined) throw new Reason("syntax error: missing '}'");
    if (modifier === '}') return this.value(name) ?? this.kept(`\${${name}}`);
    if (modifier === '/') return this.replaced(name);
    if (modifier === ':') return this.modified(name, this.take(), true);
    return this.modified(name, modifier, false);
  }

  private value(name: string): string | undefined {
    const value = this.variables.get(name);
    if (value === undefined) this.options.unset?.add(name);
    return value;
  }

  private kept(text: string): string {
    return this.options.keepUnset ? text : '';
  }

  /** `${x-y}`, `${x+y}`, `${x?y}`, `${x#y}`, `${x%y}`; with a `:`, an empty value counts as unset. */
  private modified(name: string, modifier: string | undefined, colon: boolean): string {
    const shown = (colon ? ':' : '') + (modifier ?? '\ufffd');
    const unsupported = new Reason(`unsupported modifier (${shown}) in substitution`);
    if (!colon && !'+-?#%'.includes(modifier ?? '')) throw unsupported;
    const trims = modifier === '#' || modifier === '%';
    const word = this.argument('}', trims, "syntax error: missing '}'");
    if (colon && trims) throw unsupported;
    const value = this.value(name);
    if (value === undefined && this.options.keepUnset) return `\${${name}${shown}${word}}`;
    if (trims) return trimMatch(modifier, word, value ?? '');
    const isSet = value !== undefined && !(colon && value === '');
    if (modifier === '-') return isSet ? value : word;
    if (modifier === '+') return isSet ? word : '';
    if (modifier !== '?') throw unsupported;
    if (isSet) return value;
    const why = `is not allowed to be ${value === undefined ? 'unset' : 'empty'}`;
    throw new Reason(`${name}: ${word === '' ? why : word}`);
  }

  /** `${x/pattern/text}` and `${x//pattern/text}`. */
  private replaced(name: string): string {
    const all = this.peek() === '/';
    if (all) this.at++;
    const pattern = this.argument('/', true, "syntax error: missing '/' in ${}");
    const by = this.argument('}', true, "syntax error: missing '}'");
    const value = this.value(name);
    if (value === undefined && this.options.keepUnset) return `\${${name}/${pattern}/${by}}`;
    return replace(pattern, value ?? '', by, all);
  }

  private argument(stop: string, rawEscapes: boolean, missing: string): string {
    try {
      return this.until(stop, rawEscapes).word;
    } catch (error) {
      if (error instanceof Reason && this.peek() === undefined) throw new Reason(missing);
      throw error;
    }
  }

  /** A name, a number, or one of the shell's special parameters. */
  private name(): string {
    const first = this.peek();
    if (first === undefined) return '';
    if (/^\p{Nd}$/u.test(first)) return this.while(/^\p{Nd}$/u);
    if ('@*#?-$!'.includes(first)) return this.take() as string;
    return this.while(/^[\p{L}\p{Nd}_]$/u);
  }

  private while(pattern: RegExp): string {
    let out = '';
    while (pattern.test(this.peek() ?? '')) out += this.take();
    return out;
  }
}
