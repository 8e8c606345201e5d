/** Heredocs: `<<NAME`, `<<-NAME` (leading tabs go), `<<"NAME"` (nothing is expanded). */
import { expandWords } from './shell.js';

/** What a word says of a heredoc. */
export interface HeredocMark {
  /** The line that ends it. */
  readonly name: string;
  /** Whether variables in its content are expanded: no part of the name is quoted. */
  readonly expand: boolean;
  /** Whether tabs at the start of its lines go. */
  readonly chomp: boolean;
}

/** With its content, tabs and all: bytes, for a file need not be UTF-8. */
export interface Heredoc extends HeredocMark {
  readonly content: Buffer;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** The heredoc that a word opens, if it does. */
export function heredocMark(word: string): HeredocMark | undefined {
  const match = /^\d*<<(-?)([^<]*)$/.exec(word);
  const rest = match?.[2]?.trimStart();
  if (!match || !rest) return undefined;
  const plain = expandWords(rest, NONE, { escape: '\\', keepUnset: true });
  if (plain.length !== 1) return undefined;
  const raw = expandWords(rest, NONE, { escape: '\\', keepUnset: true, rawQuotes: true });
  const name = plain[0] as string;
  return { name, expand: quotes(name) === quotes(raw[0] ?? ''), chomp: match[1] === '-' };
}

/** All that an instruction opens, in their order. */
export function heredocMarks(line: string): HeredocMark[] {
  const options = { escape: '\\', rawQuotes: true, rawEscapes: true, keepUnset: true };
  let words: string[];
  try {
    words = expandWords(line, NONE, options);
  } catch {
    // What a shell wouldn't take opens no heredoc; whoever reads the words refuses it.
    return [];
  }
  return words.map(heredocMark).filter((mark) => mark !== undefined);
}

/** A content without the tabs that start its lines. */
export function chomp(content: Buffer): Buffer {
  return Buffer.from(content.toString('latin1').replace(/(^|\n)\t+/g, '$1'), 'latin1');
}

function quotes(text: string): number {
  return text.replace(/[^'"]/g, '').length;
}
