/** Go's `strconv.Quote` and `%q`: what BuildKit puts into messages and into an image's history. */

const SHORT: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** Letters, marks, numbers, punctuation, symbols and the ASCII space. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** A Go string literal. */
export function quote(text: string): string {
  return `"${[...text].map((each) => escape(each, '"')).join('')}"`;
}

/** `%q` of a list. */
export function quoteList(list: readonly string[]): string {
  return `[${list.map(quote).join(' ')}]`;
}

/** `%q` of a number: the character it is the code of. */
export function quoteRune(code: number): string {
  const valid = code >= 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return `'${escape(String.fromCodePoint(valid ? code : 0xfffd), "'")}'`;
}

function escape(character: string, mark: string): string {
  if (character === mark || character === '\\') return `\\${character}`;
  if (PRINTABLE.test(character)) return character;
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) as number;
  const hex = (width: number): string => code.toString(16).padStart(width, '0');
  if (code < 0x80) return `\\x${hex(2)}`;
  return code < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`;
}
