/** COPY and ADD (BuildKit, instructions/parse.go). */
import { Reason } from '../reason.js';
import { type FlagKind, readFlags } from '../syntax/flags.js';
import { chomp, heredocMark } from '../syntax/heredoc.js';
import type { PlacedStatement } from '../syntax/statements.js';
import type { CopyInstruction, InstructionBase, SourceContent } from './instruction.js';

const BOTH = { exclude: 'list', chown: 'string', chmod: 'string', link: 'boolean' } as const;
const FLAGS: Readonly<Record<'copy' | 'add', Readonly<Record<string, FlagKind>>>> = {
  // --parents is part of the stable syntax from 1.20 on.
  copy: { ...BOTH, parents: 'boolean', from: 'string' },
  add: { ...BOTH, 'keep-git-dir': 'boolean', checksum: 'string', unpack: 'boolean' },
};

/** Throws a {@link Reason}. */
export function parseCopy(
  kind: 'copy' | 'add',
  statement: PlacedStatement,
  base: InstructionBase,
): CopyInstruction {
  const name = kind.toUpperCase();
  const [...sources] = statement.args;
  const dest = sources.pop();
  if (dest === undefined || sources.length === 0) {
    const why = 'requires at least two arguments, but only one was provided';
    throw new Reason(`${name} ${why}. Destination could not be determined`);
  }
  const flags = readFlags(statement.flags, FLAGS[kind]);
  if (markOf(dest)) throw new Reason(`${name} cannot accept a heredoc as a destination`);
  return {
    ...base,
    kind,
    sources: sources.filter((source) => !markOf(source)),
    contents: contentsOf(sources, statement),
    dest,
    from: flags.string('from'),
    chown: flags.string('chown'),
    chmod: flags.string('chmod'),
    link: flags.boolean('link'),
    parents: flags.boolean('parents'),
    exclude: flags.list('exclude'),
    checksum: flags.string('checksum'),
    keepGitDir: flags.boolean('keep-git-dir'),
    unpack: flags.has('unpack') ? flags.boolean('unpack') : undefined,
  };
}

/** The files of heredocs; of several with one name, the last content counts. */
function contentsOf(words: readonly string[], { heredocs }: PlacedStatement): SourceContent[] {
  const contents = new Map(heredocs.map(({ name, content }) => [name, content]));
  return words.map(markOf).flatMap((mark) => {
    if (mark === undefined) return [];
    const text = contents.get(mark.name) ?? Buffer.alloc(0);
    return [{ name: mark.name, content: mark.chomp ? chomp(text) : text, expand: mark.expand }];
  });
}

/** The heredoc of a word; malformed words are not heredocs. */
function markOf(word: string): ReturnType<typeof heredocMark> {
  try {
    return heredocMark(word);
  } catch {
    return undefined;
  }
}

/** Classifies a source as BuildKit does (dfgitutil.ParseGitRef, isHTTPSource); a path is in the context, a stage or an image. */
export function sourceKind(source: string): 'path' | 'url' | 'git' {
  if (/^https?:\/\/[^#?]*\.git(?:[#?]|$)/.test(source)) return 'git';
  if (/^(?:git|ssh):\/\/|^[\w-]+@[\w.-]+:/.test(source)) return 'git';
  return /^https?:\/\//.test(source) ? 'url' : 'path';
}
