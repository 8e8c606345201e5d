/**
 * Splits a Dockerfile into statements: continuations joined, comments removed, heredocs read (BuildKit,
 * frontend/dockerfile/parser).
 */
import { trimStart } from '../../text/go.js';
import { trimEnd } from '../../text/trim.js';
import { placed, Reason, refusal } from '../reason.js';
import { type Heredoc, type HeredocMark, heredocMarks } from './heredoc.js';
import { readStatement, type Statement } from './statement.js';

export interface PlacedStatement extends Statement {
  readonly heredocs: readonly Heredoc[];
  /** From 1. */
  readonly line: number;
  readonly endLine: number;
}

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
/** Bytes of a line, with its line feed. */
const MAX_LINE = 65536;

/**
 * Splits a file.
 * @param at the line for messages, if the text is part of another file
 * @throws DockerceptionError `DOCKERFILE_SYNTAX`, `DOCKERFILE_EMPTY`
 */
export function readStatements(
  text: Buffer,
  name: string,
  at?: number,
): { readonly list: readonly PlacedStatement[]; readonly escape: string } {
  const lines = new Lines(text);
  const escape = readDirectives(text, name, at);
  const list: PlacedStatement[] = [];
  for (let raw = lines.next(); raw !== undefined; raw = lines.next()) {
    const first = trimStart(raw);
    const line = lines.count;
    if (first === '' || first.startsWith('#')) continue;
    const original = joined(first, lines, escape);
    list.push(
      placed(name, at ?? line, () => {
        const statement = readStatement(original, escape);
        const heredocs = readHeredocs(statement, lines);
        return { ...statement, heredocs, line, endLine: lines.count };
      }),
    );
  }
  if (lines.tooLong) {
    const why = `dockerfile line greater than max allowed size of ${MAX_LINE - 1}`;
    throw refusal(name, at ?? lines.count + 1, new Reason(why));
  }
  if (list.length === 0)
    throw refusal(name, at ?? 0, new Reason('file with no instructions', 'DOCKERFILE_EMPTY'));
  return { list, escape };
}

/** A line and those that continue it: an escape at its end, unless that is escaped. */
function joined(first: string, lines: Lines, escape: string): string {
  let out = '';
  for (let line: string | undefined = first; line !== undefined;) {
    const bare = trimEnd(line, ' \t');
    if (!bare.endsWith(escape) || bare[bare.length - 2] === escape) return out + line;
    out += bare.slice(0, -1);
    // Comments and empty lines don't end a statement.
    do line = lines.next();
    while (line !== undefined && /^(?:#|$)/.test(trimStart(line)));
  }
  return out;
}

function withoutFeed(line: string): string {
  return trimEnd(line, '\r\n');
}

function readHeredocs(statement: Statement, lines: Lines): Heredoc[] {
  const inner = statement.sub ?? statement;
  if (inner.json || !/^(add|copy|run)$/i.test(inner.keyword)) return [];
  if (!statement.original.includes('<<')) return [];
  return heredocMarks(statement.original).map((mark) => ({
    ...mark,
    content: readContent(mark, lines),
  }));
}

function readContent(mark: HeredocMark, lines: Lines): Buffer {
  const content: Buffer[] = [];
  for (let raw = lines.nextBytes(); raw !== undefined; raw = lines.nextBytes()) {
    const line = withoutFeed(raw.toString());
    if ((mark.chomp ? line.replace(/^\t+/, '') : line) === mark.name) return Buffer.concat(content);
    content.push(raw);
  }
  throw new Reason('unterminated heredoc');
}

/** Physical lines, with their line feeds. */
class Lines {
  count = 0;
  /** Whether reading stopped at a line that is too long. */
  tooLong = false;
  private at: number;

  constructor(private readonly text: Buffer) {
    this.at = text.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? 3 : 0;
  }

  next(): string | undefined {
    const line = this.nextBytes()?.toString();
    return line && withoutFeed(line);
  }

  nextBytes(): Buffer | undefined {
    if (this.at >= this.text.length || this.tooLong) return undefined;
    const feed = this.text.indexOf('\n', this.at);
    const line = this.text.subarray(this.at, feed < 0 ? undefined : feed + 1);
    if (line.length > (feed < 0 ? MAX_LINE - 1 : MAX_LINE)) {
      this.tooLong = true;
      return undefined;
    }
    this.at += line.length;
    this.count++;
    return line;
  }
}

const DIRECTIVE = /^(syntax|escape|check)[\t\f\r ]*=[\t\f\r ]*([^\t\f\r ][^]*)$/i;

/**
 * The escape character of the parser directives: comments `# name=value` before any other line (BuildKit,
 * parser/directives.go).
 */
function readDirectives(text: Buffer, name: string, at: number | undefined): string {
  const values = new Map<string, string>();
  const lines = new Lines(text);
  for (let raw = lines.next(); raw !== undefined; raw = lines.next()) {
    const line = trimStart(raw);
    const match = line.startsWith('#') ? DIRECTIVE.exec(trimStart(line.slice(1))) : null;
    if (match === null) break;
    const key = (match[1] as string).toLowerCase();
    const value = trimEnd(match[2] as string, '\t\f\r ');
    placed(name, at ?? lines.count, () => {
      if (values.has(key)) throw new Reason(`only one ${key} parser directive can be used`);
      if (key === 'escape' && value !== '`' && value !== '\\')
        throw new Reason(`invalid escape token '${value}' does not match \` or \\`);
    });
    values.set(key, value);
  }
  return values.get('escape') ?? '\\';
}

/**
 * The value of the directive `check` up to its first space, with its line. Other than `escape`, it may not be indented, and
 * `#!` may be the line above (BuildKit, parser/directives.go).
 */
export function checkDirective(text: Buffer): { value: string; line: number } | undefined {
  const lines = new Lines(text);
  for (let raw = lines.next(); raw?.startsWith('#'); raw = lines.next()) {
    if (lines.count === 1 && raw.startsWith('#!')) continue;
    const [, key, value] = DIRECTIVE.exec(trimStart(raw.slice(1))) ?? [];
    if (key === undefined || value === undefined) return undefined;
    if (/^check$/i.test(key))
      return { value: value.slice(0, value.search(/ |$/)), line: lines.count };
  }
  return undefined;
}
