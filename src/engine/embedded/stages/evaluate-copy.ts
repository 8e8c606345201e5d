/** Expands the words of COPY and ADD, and checks everything that needs no file. */
import type { CopyInstruction } from '../../../dockerfile/instructions/instruction.js';
import { sourceKind } from '../../../dockerfile/instructions/parse-copy.js';
import { Reason } from '../../../dockerfile/reason.js';
import { ignoredSource, type Warn } from '../../../dockerfile/warnings/rules.js';
import { isDigest } from '../../../image/digest.js';
import { quote } from '../../../text/go.js';
import { componentsInside } from '../../../text/path.js';
import type { CopyStep } from '../steps/step.js';
import type { StageState } from './stage-state.js';

export interface CopyContext {
  readonly warn: Warn;
  /** Whether .dockerignore keeps a clean source, and everything below it, out of the context. */
  readonly ignores: (source: string) => boolean;
  readonly expand: (word: string) => string;
  /** Expands the content of a heredoc. */
  readonly expandContent: (content: string) => string;
}

/** Throws a {@link Reason}. */
export function evaluateCopy(
  instruction: CopyInstruction,
  state: StageState,
  { warn, ignores, expand, expandContent }: CopyContext,
): CopyStep {
  // BuildKit expands no variables in the patterns of --exclude.
  const { kind, line, from, contents, link, parents, exclude, unpack } = instruction;
  const chown = expand(instruction.chown);
  const chmod = expand(instruction.chmod);
  const checksum = expand(instruction.checksum);
  const sources = instruction.sources.map(expand);
  const dest = expand(instruction.dest);
  const heredocs = contents.map(({ name, content, expand: expands }) => ({
    name: heredocName(name),
    content: expands ? Buffer.from(expandContent(content.toString())) : content,
  }));
  for (const source of sources) checkSource(kind, source);
  checkChecksum(checksum, sources);
  for (const source of from === '' ? sources : [])
    if (sourceKind(source) === 'path' && ignores(componentsInside(source).join('/')))
      warn('CopyIgnoredFile', line, () => ignoredSource(kind, source));
  const words = [
    kind.toUpperCase(),
    ...(parents ? ['--parents'] : []),
    ...(chown === '' ? [] : [`--chown=${chown}`]),
    ...(chmod === '' ? [] : [`--chmod=${chmod}`]),
    ...sources,
    ...contents.map(({ name }) => `<<${name}`),
    dest,
  ];
  return {
    kind,
    line,
    text: words.join(' '),
    from: from || undefined,
    sources,
    heredocs,
    dest: state.resolve(dest),
    chown: chown || undefined,
    chmod: chmod || undefined,
    link,
    parents,
    exclude,
    checksum: checksum || undefined,
    unpack,
  };
}

/** A heredoc is a file at the root of a source tree, so that its word has to be a single name. */
function heredocName(word: string): string {
  const [name, ...more] = componentsInside(word);
  if (name !== undefined && more.length === 0) return name;
  throw new Reason(
    `${quote(word)} can't be the name of a heredoc's file`,
    undefined,
    "name the destination's file instead: COPY <<EOF /path/to/file",
  );
}

function checkSource(kind: 'copy' | 'add', source: string): void {
  const is = sourceKind(source);
  if (is === 'path') return;
  if (kind === 'copy')
    throw new Reason(`source can't be a ${is === 'url' ? 'URL' : 'git ref'} for COPY`);
  if (is === 'git') {
    const why = `the embedded engine clones no repositories: ${source}`;
    throw new Reason(why, 'DOCKERFILE_GIT', 'BuildKit can add it: `engine: docker`');
  }
}

function checkChecksum(checksum: string, sources: readonly string[]): void {
  if (checksum === '') return;
  const [source] = sources;
  if (source === undefined || sources.length > 1)
    throw new Reason("checksum can't be specified for multiple sources");
  if (sourceKind(source) !== 'url') throw new Reason('checksum requires HTTP(S) or Git sources');
  if (!checksum.includes(':')) throw new Reason('invalid checksum digest format');
  if (!checksum.startsWith('sha256:')) throw new Reason('unsupported digest algorithm');
  if (checksum.length !== 71) throw new Reason('invalid checksum digest length');
  if (!isDigest(checksum)) throw new Reason('invalid checksum digest format');
}
