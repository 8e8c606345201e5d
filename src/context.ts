/** From what the user asks of a context to the plan that the pipeline follows. */
import { Readable } from 'node:stream';
import { compose, type Edit } from './edit/edit.js';
import { reportIgnoreFile } from './edit/ignore-file.js';
import { ROOT, setOwner, type Owner } from './edit/owner.js';
import { cleanPath } from './tar/path.js';
import { safeNames } from './edit/safe.js';
import { DockerceptionError } from './errors.js';
import type { Part, Plan } from './pipeline.js';
import type { Report } from './progress/events.js';
import type { Source } from './source/source.js';

/** A file or directory of the host to put into the context. */
export interface Addition {
  /** A path on the host. */
  readonly host: string;
  /** Where it goes in the context; `.` is the root, into which a directory's contents go. */
  readonly dest: string;
}

/** Where a context comes from, and what becomes of it on its way. An unknown key is an error. */
export interface ContextOptions {
  /** A directory, a tar file, `-` for standard input, a stream of a tar, or a source of one. @default '-' */
  readonly context?: string | Readable | Source;
  /** Paths on the host that a directory is packed without: what is written there. @default none */
  readonly leaveOut?: readonly string[];
  /** Every entry's owner; `'keep'` leaves it. @default 0:0 */
  readonly owner?: Owner | 'keep';
  /** Changes as in chmod(1). @default none */
  readonly mode?: string;
  /** Every time stamp, in seconds since 1970. @default left */
  readonly mtime?: number;
  /** The latest that a time stamp may be, in seconds since 1970. @default none */
  readonly clampMtime?: number;
  /** Leading components to take off names. @default 0 */
  readonly stripComponents?: number;
  /** A directory to put in front of names. @default none */
  readonly prefix?: string;
  /** Patterns in .dockerignore's syntax; only what one matches stays. @default everything */
  readonly include?: readonly string[];
  /** Patterns in .dockerignore's syntax; what they match is left out. @default nothing */
  readonly exclude?: readonly string[];
  /** What comes from the host, in place of what the stream has there. @default nothing */
  readonly add?: readonly Addition[];
  /** The Dockerfile's path inside the context. @default 'Dockerfile' */
  readonly file?: string;
  /** An image to copy the context onto, where the stream has no Dockerfile. @default none */
  readonly base?: string;
  /** Instructions behind `base`, which is `scratch` when they come alone. @default none */
  readonly changes?: readonly string[];
  /** Let data behind the end-of-archive pass. @default false */
  readonly ignoreTrailing?: boolean;
  /** Take a stream that ends between two entries. @default false */
  readonly allowUnterminated?: boolean;
  /** Take a context without its Dockerfile. @default false */
  readonly allowNoDockerfile?: boolean;
}

const KEYS: Readonly<Record<keyof ContextOptions, true>> = {
  context: true,
  leaveOut: true,
  owner: true,
  mode: true,
  mtime: true,
  clampMtime: true,
  stripComponents: true,
  prefix: true,
  include: true,
  exclude: true,
  add: true,
  file: true,
  base: true,
  changes: true,
  ignoreTrailing: true,
  allowUnterminated: true,
  allowNoDockerfile: true,
};

/** The keys of {@link ContextOptions}, for a check of what else was given. */
export const CONTEXT_KEYS: readonly string[] = Object.keys(KEYS);

/** Throws USAGE_OPTION for a key that isn't one of `known`. */
export function refuseUnknownKeys(options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new DockerceptionError(
    'usage',
    'USAGE_OPTION',
    `reading the options: there is no '${unknown}'`,
  );
}

/** The Dockerfile's clean path inside the context. Throws USAGE_FILE when it leads outside. */
export function dockerfilePath(file = 'Dockerfile'): string {
  const clean = file.startsWith('/') ? undefined : cleanPath(file);
  if (clean !== undefined && clean !== '') return clean;
  throw new DockerceptionError(
    'usage',
    'USAGE_FILE',
    `reading --file: '${file}' is not a path inside the context`,
    {
      hint: 'the path is taken inside the context, not on the host; --add HOST:DEST brings a file in',
    },
  );
}

/** Opens everything and says what becomes of it. `exact`: no byte is
 * to be added that no edit asks for. `signal` ends the wait for a silent builder's first bytes. */
export async function planContext(
  options: ContextOptions,
  report: Report,
  exact: boolean,
  signal?: AbortSignal,
): Promise<Plan> {
  const file = dockerfilePath(options.file);
  const owner = options.owner ?? ROOT;
  const based = options.base !== undefined || (options.changes?.length ?? 0) > 0;
  const attributes = await attributeEdits(options, owner);
  const moved = based ? await baseMove() : [];
  const renamed = await nameEdits(options, file);
  const generated = based ? [await generate(options, file, attributes)] : [];
  const additions = await Promise.all((options.add ?? []).map(openAddition));
  const replaced = await replacements(additions);
  const notice = (message: string): void => report({ kind: 'notice', message });
  const source = await openContext(options, file, signal);
  const isIgnoring = source.isDirectory === true || (options.exclude?.length ?? 0) > 0;
  const reported = isIgnoring ? [] : [reportIgnoreFile(notice)];
  const stream: Part = {
    source,
    edit: compose([
      safeNames(notice),
      ...renamed,
      ...replaced,
      ...reported,
      ...moved,
      ...attributes,
    ]),
  };
  const added = additions.map(({ source }) => ({
    source,
    edit: compose([...moved, ...attributes]),
  }));
  const edited = renamed.length + attributes.length + generated.length + additions.length > 0;
  return {
    parts: [...generated, ...added, stream],
    file: options.allowNoDockerfile === true ? undefined : file,
    root: exact && !edited ? false : owner === 'keep' ? ROOT : owner,
    ignoreTrailing: options.ignoreTrailing ?? false,
    allowUnterminated: options.allowUnterminated ?? false,
  };
}

// What an option needs is loaded with the option: most contexts need none of it.

async function attributeEdits(options: ContextOptions, owner: Owner | 'keep'): Promise<Edit[]> {
  const edits: Edit[] = [];
  if (owner !== 'keep') edits.push(setOwner(owner));
  if (options.mode !== undefined) {
    const { setMode } = await import('./edit/mode.js');
    edits.push(setMode(options.mode));
  }
  if (options.mtime === undefined && options.clampMtime === undefined) return edits;
  const { clampTimes, setTimes } = await import('./edit/times.js');
  if (options.mtime !== undefined) edits.push(setTimes(options.mtime));
  if (options.clampMtime !== undefined) edits.push(clampTimes(options.clampMtime));
  return edits;
}

async function nameEdits(options: ContextOptions, file: string): Promise<Edit[]> {
  const edits: Edit[] = [];
  const { stripComponents: count = 0, prefix = '', include = [], exclude = [] } = options;
  if (count > 0 || prefix !== '') {
    const { addPrefix, stripComponents } = await import('./edit/rename.js');
    if (count > 0) edits.push(stripComponents(count));
    if (prefix !== '') edits.push(addPrefix(prefix));
  }
  if (include.length + exclude.length > 0) {
    const { select } = await import('./edit/select.js');
    edits.push(select({ include, exclude, always: [file, '.dockerignore'] }));
  }
  return edits;
}

async function baseMove(): Promise<Edit[]> {
  const { BASE_FOLDER } = await import('./dockerfile/base.js');
  const { addPrefix } = await import('./edit/rename.js');
  return [addPrefix(BASE_FOLDER)];
}

async function generate(
  options: ContextOptions,
  file: string,
  attributes: readonly Edit[],
): Promise<Part> {
  const { baseDockerfile, BASE_FOLDER } = await import('./dockerfile/base.js');
  const content = baseDockerfile(options.base ?? 'scratch', options.changes ?? []);
  const { generatedSource } = await import('./source/generated.js');
  const entries = [{ name: file, content }, { name: `${BASE_FOLDER}/` }];
  const source = await generatedSource('the Dockerfile of --base', entries);
  return { source, edit: compose(attributes) };
}

async function replacements(additions: readonly OpenAddition[]): Promise<Edit[]> {
  if (additions.length === 0) return [];
  const { replaceBy } = await import('./edit/replace.js');
  return [replaceBy(additions.map((addition) => addition.paths))];
}

interface OpenAddition {
  readonly source: Source;
  readonly paths: ReadonlySet<string>;
}

async function openAddition({ host, dest }: Addition): Promise<OpenAddition> {
  const { hostPaths, packHost } = await import('./source/host.js');
  return { paths: await hostPaths(host, dest), source: await packHost(host, dest) };
}

async function openContext(
  { context = '-', leaveOut }: ContextOptions,
  file: string,
  signal: AbortSignal | undefined,
): Promise<Source> {
  if (context instanceof Readable) {
    const { streamSource } = await import('./source/stream.js');
    return streamSource(context, 'the stream', signal);
  }
  if (typeof context !== 'string') return context;
  if (context === '-') {
    const { standardInput } = await import('./source/stdin.js');
    return standardInput(signal);
  }
  const { openPath } = await import('./source/path.js');
  return openPath(context, { file, leaveOut });
}
