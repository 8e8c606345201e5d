/** Heredocs: `<<NAME`, `<<-NAME` (without leading tabs), `<<"NAME"` (not expanded). */
import { expandWords } from './shell.js';

export interface HeredocMark {
  readonly name: string;
  /** Whether its variables are expanded; not if the name is quoted. */
  readonly expand: boolean;
  /** Whether leading tabs are removed. */
  readonly chomp: boolean;
}

/** A heredoc with its original content, which need not be UTF-8. */
export interface Heredoc extends HeredocMark {
  readonly content: Buffer;
}

const NONE: ReadonlyMap<string, string> = new Map();

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

export function heredocMarks(line: string): HeredocMark[] {
  const options = { escape: '\\', rawQuotes: true, rawEscapes: true, keepUnset: true };
  let words: string[];
  try {
    words = expandWords(line, NONE, options);
  } catch {
    // Malformed words are reported by the instruction.
    return [];
  }
  return words.map(heredocMark).filter((mark) => mark !== undefined);
}

export function chomp(content: Buffer): Buffer {
  return Buffer.from(content.toString('latin1').replace(/(^|\n)\t+/g, '$1'), 'latin1');
}

function quotes(text: string): number {
  return text.replace(/[^'"]/g, '').length;
}
