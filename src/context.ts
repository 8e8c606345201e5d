/** From what the user asks of a context to the plan that the pipeline follows. */
import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { DOCKERFILE, OTHER_DOCKERFILES } from './dockerfile/names.js';
import { ROOT, setOwner } from './edit/attributes.js';
import { compose, type Edit, keeps } from './edit/edit.js';
import { rootNames, safeNames } from './edit/names.js';
import { portable, refuseUnknown } from './edit/portable.js';
import { reportIgnoreFile } from './edit/select.js';
import { DockerceptionError } from './errors.js';
import { type CompleteContext, type ContextOptions, isSource } from './options/context.js';
import type { Part, Plan } from './pipeline.js';
import type { Report } from './progress/events.js';
import { isBytes, readableOf } from './source/bytes.js';
import type { DirectoryOptions } from './source/directory.js';
import type { Source } from './source/source.js';
import { cleanPath } from './text/path.js';

/** A context that is held here: a path, or a stream that nobody else reads. */
type Claimed = string | Readable | Source;

/**
 * Makes one stream of whatever holds the bytes of the context, synchronously: an error of a stream that isn't read yet
 * must find a listener. The options needn't be checked before. The caller reads the context or calls
 * {@link destroyContext}.
 */
export function claimContext<T extends ContextOptions>(options: T): T {
  // Not every caller is written in TypeScript.
  const context: unknown = (options as T | null | undefined)?.context;
  if (isSource(context)) {
    context.stream.on('error', () => undefined);
    context.complete.catch(() => undefined);
    return options;
  }
  // An address of another scheme is refused later.
  if (context instanceof URL && context.protocol === 'file:' && context.host === '')
    return { ...options, context: fileURLToPath(context) };
  if (!isBytes(context)) return options;
  const stream = readableOf(context);
  stream.on('error', () => undefined);
  return { ...options, context: stream };
}

/** Destroys the stream of a context that {@link claimContext} has returned. */
export function destroyContext(options: ContextOptions, error: unknown): void {
  const context: unknown = (options as ContextOptions | null | undefined)?.context;
  const stream = isSource(context) ? context.stream : context;
  if (stream instanceof Readable) stream.on('error', () => undefined).destroy(error as Error);
}

/** The Dockerfile's clean path inside the context. Throws USAGE_FILE when it leads outside. */
function dockerfilePath(file = DOCKERFILE): string {
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

/**
 * Returns the options with the path of the Dockerfile, if none was given and the context is a directory: its engine is told
 * the name at the beginning. What other files and edits bring is known at the end of the context.
 */
export async function withFile<T extends CompleteContext>(options: T): Promise<T> {
  const { context, file, add } = options;
  if (file !== undefined || typeof context !== 'string' || context === '-') return options;
  if (isMoved(options) || add.length > 0) return options;
  const names: readonly string[] = await readdir(context).catch(() => []);
  const found = [DOCKERFILE, ...OTHER_DOCKERFILES].find((name) => names.includes(name));
  return found === undefined ? options : { ...options, file: found };
}

/** Clean paths in the context: the first one that is there is the Dockerfile. */
export function dockerfilePaths(options: CompleteContext): readonly [string, ...string[]] {
  const others = options.file === undefined && !isBased(options) ? OTHER_DOCKERFILES : [];
  return [dockerfilePath(options.file), ...others];
}

/** Opens everything and says what becomes of it. `exact`: no byte is
 * to be added that no edit asks for. `signal` ends the wait for a silent builder's first bytes. */
export async function planContext(
  options: CompleteContext,
  report: Report,
  exact: boolean,
  signal: AbortSignal,
): Promise<Plan> {
  const [file, ...others] = dockerfilePaths(await withFile(options));
  const { owner } = options;
  const based = isBased(options);
  const attributes = await attributeEdits(options);
  const moved = based ? await baseMove() : [];
  const renamed = await nameEdits(options, [file, ...others]);
  const generated = based ? [await generate(options, file, attributes)] : [];
  const notice = (message: string): void => report({ kind: 'notice', message });
  const additions = await openAdditions(options, notice, signal);
  const replaced = await replacements(additions);
  const names = [...renamed, ...replaced];
  const source = await openContext(options, file, signal, {
    notice,
    keeps: names.length === 0 ? undefined : keeps(compose(names)),
  });
  const isIgnoring = source.isDirectory === true || options.exclude.length > 0;
  const reported = isIgnoring ? [] : [reportIgnoreFile(notice)];
  const edited = renamed.length + attributes.length + generated.length + additions.length > 0;
  const untouched = exact && !edited;
  const converted = untouched ? [] : [portable(notice), rootNames(notice)];
  const refused = untouched ? [] : [refuseUnknown];
  const stream: Part = {
    source,
    edit: compose([
      safeNames(notice),
      ...converted,
      ...names,
      ...refused,
      ...reported,
      ...moved,
      ...attributes,
    ]),
  };
  const added = additions.map(({ source }) => ({
    source,
    edit: compose([...moved, ...attributes]),
  }));
  return {
    parts: [...generated, ...added, stream],
    file: options.allowNoDockerfile ? undefined : file,
    otherFiles: others,
    linksFile: !exact,
    root: untouched ? false : owner === 'keep' ? ROOT : owner,
    ignoreTrailing: options.ignoreTrailing,
    allowUnterminated: options.allowUnterminated,
  };
}

/**
 * Puts messages about a context into the words of the user, who doesn't know the folder that `base` moves it into.
 * Undefined when they are so already.
 */
export async function rewording(
  options: CompleteContext,
): Promise<((text: string) => string) | undefined> {
  if (!isBased(options)) return undefined;
  return (await import('./dockerfile/base.js')).withoutBaseFolder;
}

/**
 * What an engine gets and its instructions may not see: additions that are concealed; the Dockerfile and .dockerignore,
 * where the context is a directory whose .dockerignore excludes them.
 */
export async function concealedPaths(options: CompleteContext): Promise<readonly string[]> {
  const { context: path, add } = options;
  if (isMoved(options)) return [];
  const added = add.filter(({ concealed }) => concealed === true).map(({ dest }) => dest);
  if (typeof path !== 'string' || path === '-') return added;
  const { excludedBuildFiles } = await import('./source/directory.js');
  const excluded = await excludedBuildFiles(path, dockerfilePath(options.file));
  const isVisible = (one: string): boolean =>
    add.some(({ dest }) => `${dest}/`.startsWith(`${one}/`));
  return [...added, ...excluded.filter((one) => !isVisible(one))];
}

function isBased({ base, changes }: CompleteContext): boolean {
  return base !== undefined || changes.length > 0;
}

/** Whether entries get other names. */
function isMoved(options: CompleteContext): boolean {
  return isBased(options) || options.stripComponents > 0 || options.prefix !== '';
}

// What an option needs is loaded with the option: most contexts need none of it.

async function attributeEdits(options: CompleteContext): Promise<Edit[]> {
  const edits: Edit[] = [];
  if (options.owner !== 'keep') edits.push(setOwner(options.owner));
  if (options.mode !== undefined) {
    const { setMode } = await import('./edit/attributes.js');
    edits.push(setMode(options.mode));
  }
  if (options.noXattrs) {
    const { dropXattrs } = await import('./edit/attributes.js');
    edits.push(dropXattrs());
  }
  if (options.mtime === undefined && options.clampMtime === undefined) return edits;
  const { clampTimes, setTimes } = await import('./edit/attributes.js');
  if (options.mtime !== undefined) edits.push(setTimes(options.mtime));
  if (options.clampMtime !== undefined) edits.push(clampTimes(options.clampMtime));
  return edits;
}

async function nameEdits(options: CompleteContext, files: readonly string[]): Promise<Edit[]> {
  const edits: Edit[] = [];
  const { stripComponents: count, prefix, include, exclude } = options;
  if (count > 0 || prefix !== '') {
    const { addPrefix, stripComponents } = await import('./edit/names.js');
    if (count > 0) edits.push(stripComponents(count));
    if (prefix !== '') edits.push(addPrefix(prefix));
  }
  if (include.length + exclude.length > 0) {
    const { select } = await import('./edit/select.js');
    edits.push(select({ include, exclude, always: [...files, '.dockerignore'] }));
  }
  return edits;
}

async function baseMove(): Promise<Edit[]> {
  const { BASE_FOLDER } = await import('./dockerfile/base.js');
  const { moveRoot } = await import('./edit/move-root.js');
  return [moveRoot(BASE_FOLDER)];
}

async function generate(
  options: CompleteContext,
  file: string,
  attributes: readonly Edit[],
): Promise<Part> {
  const { baseDockerfile, BASE_FOLDER } = await import('./dockerfile/base.js');
  const content = baseDockerfile(options.base ?? 'scratch', options.changes);
  const { generatedSource } = await import('./source/generated.js');
  const entries = [{ name: file, content }, { name: `${BASE_FOLDER}/` }];
  const source = generatedSource('the Dockerfile of --base', entries);
  return { source, edit: compose(attributes) };
}

async function replacements(additions: readonly OpenAddition[]): Promise<Edit[]> {
  if (additions.length === 0) return [];
  const { replaceBy } = await import('./edit/select.js');
  return [replaceBy(additions.map((addition) => addition.paths))];
}

interface OpenAddition {
  readonly source: Source;
  readonly paths: ReadonlySet<string>;
}

/** One after the other: they may read pipes whose writers wait for each other. */
async function openAdditions(
  { context, add }: CompleteContext,
  notice: (message: string) => void,
  signal: AbortSignal,
): Promise<OpenAddition[]> {
  if (add.length === 0) return [];
  const { hostPaths, packHost } = await import('./source/host.js');
  const { isStandardInput } = await import('./source/standard-input.js');
  const readers = [context, ...add.map(({ host }) => host)].filter(
    (path) => typeof path === 'string' && isStandardInput(path),
  );
  if (readers.length > 1) {
    const message = 'reading standard input: it is asked for twice, as the context or to be added';
    throw new DockerceptionError('usage', 'USAGE_STDIN', message, {
      hint: 'put one of them into a file',
    });
  }
  const opened: OpenAddition[] = [];
  for (const { host, dest } of add)
    opened.push({
      paths: await hostPaths(host, dest),
      source: await packHost(host, dest, notice, signal),
    });
  return opened;
}

async function openContext(
  options: CompleteContext,
  file: string,
  signal: AbortSignal,
  directory: Pick<DirectoryOptions, 'keeps' | 'notice'>,
): Promise<Source> {
  const { leaveOut, ignoreFile } = options;
  const context = options.context as Claimed;
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
  const needed = isBased(options) ? undefined : file;
  return openPath(context, { file: needed, leaveOut, ignoreFile, ...directory });
}
