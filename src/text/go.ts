/** Text functions of Go that differ from those of JavaScript: white space, order, comma-separated values. */

const SPACE = '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const ALL = new RegExp(`^[${SPACE}]$`);
const START = new RegExp(`^[${SPACE}]+`);

/** `unicode.IsSpace`, for one character. */
export function isSpace(character: string): boolean {
  return ALL.test(character);
}

/** `strings.TrimLeftFunc` with `unicode.IsSpace`. */
export function trimStart(text: string): string {
  return text.replace(START, '');
}

/** `strings.TrimSpace`. */
export function trim(text: string): string {
  // An expression for the end would take quadratic time.
  let end = text.length;
  while (end > 0 && ALL.test(text[end - 1] as string)) end--;
  return trimStart(text.slice(0, end));
}

/** Splits at runs of blanks (tab, vertical tab, form feed, carriage return, space), as parser.go. */
export function splitBlanks(text: string): string[] {
  return text.split(/[\t\v\f\r ]+/);
}

/** Cuts a text at its first white space, which is removed. */
export function cutSpace(text: string): [word: string, rest: string] {
  let at = 0;
  while (at < text.length && !ALL.test(text[at] as string)) at++;
  return [text.slice(0, at), trimStart(text.slice(at))];
}

/** Compares texts by the bytes of their UTF-8. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** The letters of the escapes of 0x07 to 0x0d. */
const SHORT = 'abtnvfr';

/** Letters, marks, numbers, punctuation, symbols and the ASCII space. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** `strconv.Quote`, `%q`. */
export function quote(text: string): string {
  return `"${[...text].map((each) => escape(each, '"')).join('')}"`;
}

export function quoteList(list: readonly string[]): string {
  return `[${list.map(quote).join(' ')}]`;
}

/** `%q` of a character code. */
export function quoteRune(code: number): string {
  const valid = code >= 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return `'${escape(String.fromCodePoint(valid ? code : 0xfffd), "'")}'`;
}

function escape(character: string, mark: string): string {
  if (character === mark || character === '\\') return `\\${character}`;
  if (PRINTABLE.test(character)) return character;
  const code = character.codePointAt(0) as number;
  const short = SHORT[code - 7];
  if (short !== undefined) return `\\${short}`;
  const hex = (width: number): string => code.toString(16).padStart(width, '0');
  if (code < 0x80) return `\\x${hex(2)}`;
  return code < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`;
}

/**
 * The fields of one line of comma-separated values, as encoding/csv reads it; undefined if a quotation mark is misplaced.
 */
export function csvFields(line: string): string[] | undefined {
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (let separator = ','; separator === ',';) {
    const found = field.exec(line);
    if (found === null) return undefined;
    fields.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
    separator = found[3] ?? '';
  }
  return fields;
}

/** A line of comma-separated values with these fields. */
export function csvLine(fields: readonly string[]): string {
  const quoted = (field: string): string => `"${field.replaceAll('"', '""')}"`;
  return fields.map((field) => (/[",]/.test(field) ? quoted(field) : field)).join(',');
}
