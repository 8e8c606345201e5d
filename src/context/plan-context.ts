/** From the options of a context to the plan of its pipeline. */
import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { BASE_FOLDER, baseDockerfile, withoutBaseFolder } from '../dockerfile/base.js';
import { DOCKERFILE, OTHER_DOCKERFILES } from '../dockerfile/names.js';
import {
  compileIgnore,
  exceptionFor,
  excludedBuildFiles,
  excludesAll,
} from '../dockerfile/patterns/ignore.js';
import { clampTimes, dropXattrs, ROOT, setMode, setOwner, setTimes } from '../edit/attributes.js';
import { compose, type Edit, keeps } from '../edit/edit.js';
import type { FileReceiver } from '../edit/find-dockerfile.js';
import { addPrefix, rootNames, safeNames, stripComponents } from '../edit/names.js';
import { portable, refuseUnknown } from '../edit/portable.js';
import { replaceBy, reportIgnoreFile, select } from '../edit/select.js';
import { DockerceptionError } from '../errors.js';
import type { CompleteContext } from '../options/context.js';
import type { PipelineInput, PipelinePlan } from '../pipeline.js';
import type { Report } from '../progress/events.js';
import type { Addition } from '../source/addition.js';
import type { DirectoryOptions } from '../source/directory.js';
import type { Source } from '../source/source.js';
import { cleanPath } from '../text/path.js';

/** The Dockerfile's clean path inside the context. Throws USAGE_FILE for a path that leads outside. */
function dockerfilePath(file = DOCKERFILE): string {
  const clean = file.startsWith('/') ? undefined : cleanPath(file);
  if (clean !== undefined && clean !== '') return clean;
  const message = `reading the option 'file': '${file}' is not a path inside the context`;
  throw new DockerceptionError('usage', 'USAGE_FILE', message, {
    hint: 'the path is taken inside the context, not on the host; `add: HOST:DEST` brings a file in',
  });
}

/**
 * Returns the options with the path of the Dockerfile, if none was given and the context is a directory: an engine needs
 * the name at the start. Files that other sources and edits bring are known at the end of the context.
 */
export async function withFile<T extends CompleteContext>(options: T): Promise<T> {
  const { context, file, add } = options;
  if (file !== undefined || typeof context !== 'string' || context === '-') return options;
  if (isMoved(options) || add.length > 0) return options;
  const names: readonly string[] = await readdir(context).catch(() => []);
  const found = [DOCKERFILE, ...OTHER_DOCKERFILES].find((name) => names.includes(name));
  return found === undefined ? options : { ...options, file: found };
}

/** Clean paths in the context: the first one that exists is the Dockerfile. */
export function dockerfilePaths(options: CompleteContext): readonly [string, ...string[]] {
  const others = options.file === undefined && !isBased(options) ? OTHER_DOCKERFILES : [];
  return [dockerfilePath(options.file), ...others];
}

/** How a context is processed, apart from the user's options. */
export interface PlanSettings {
  /** Whether only the requested edits may change the stream. */
  readonly exact: boolean;
  /** Also ends the wait for the first bytes of a silent builder. */
  readonly signal: AbortSignal;
  /** Receives the Dockerfile as edited. @default none */
  readonly receiver?: FileReceiver;
}

/** Opens all sources and returns the plan. */
export async function planContext(
  options: CompleteContext,
  report: Report,
  { exact, signal, receiver }: PlanSettings,
): Promise<PipelinePlan> {
  const [file, ...otherFiles] = dockerfilePaths(await withFile(options));
  const notice = (message: string): void => report({ kind: 'notice', message });
  const attributes = attributeEdits(options);
  const selected = nameEdits(options, [file, ...otherFiles]);
  const moved = isBased(options)
    ? [(await import('../edit/move-root.js')).moveRoot(BASE_FOLDER)]
    : [];
  const generated = isBased(options) ? [await baseInput(options, file, attributes)] : [];
  const added = await openAdditions(options, notice, signal);
  const names =
    added.length === 0 ? selected : [...selected, replaceBy(added.map((one) => one.paths))];
  const source = await openContext(options, file, signal, {
    notice,
    keeps: names.length === 0 ? undefined : keeps(compose(names)),
  });
  const isIgnoring = source.isDirectory === true || options.exclude.length > 0;
  const edited = selected.length + attributes.length + generated.length + added.length > 0;
  const isUntouched = exact && !edited;
  const edits = [
    safeNames(notice),
    ...(isUntouched ? [] : [portable(notice), rootNames(notice)]),
    ...names,
    ...(isUntouched ? [] : [refuseUnknown]),
    ...(isIgnoring ? [] : [reportIgnoreFile(notice)]),
    ...moved,
    ...attributes,
  ];
  const addedEdit = compose([...moved, ...attributes]);
  const additions = added.map((one) => ({ source: one.source, edit: addedEdit }));
  return {
    inputs: [...generated, ...additions, { source, edit: compose(edits) }],
    file: options.allowNoDockerfile ? undefined : file,
    otherFiles,
    receiver,
    linksFile: !exact,
    root: isUntouched ? false : options.owner === 'keep' ? ROOT : options.owner,
    ignoreTrailing: options.ignoreTrailing,
    allowUnterminated: options.allowUnterminated,
  };
}

/** Paths that instructions don't see. */
export interface HiddenPaths {
  /**
   * Paths that the engine needs: concealed additions, and the Dockerfile and .dockerignore of a directory whose
   * .dockerignore excludes them.
   */
  readonly concealed: readonly string[];
  /** Whether .dockerignore or `exclude` keeps a clean source of COPY, and everything below it, out of the context. */
  readonly ignores: (source: string) => boolean;
}

/** @throws DockerceptionError `IGNORE_PATTERN`, and `CONTEXT_UNREADABLE` for a .dockerignore */
export async function hiddenPaths(options: CompleteContext): Promise<HiddenPaths> {
  const { context: path, add, exclude, ignoreFile } = options;
  const isOnHost = typeof path === 'string' && path !== '-';
  const file = dockerfilePath(options.file);
  const patterns =
    isOnHost && !isMoved(options)
      ? await (await import('../source/directory.js')).ignorePatterns(path, { file, ignoreFile })
      : [];
  const shown = add.filter(({ concealed }) => concealed !== true).map(({ dest }) => dest);
  const kept = shown.map(exceptionFor);
  const ignored = compileIgnore([...patterns, ...kept]);
  const always = [file, '.dockerignore'].map(exceptionFor);
  const excluded = compileIgnore(isBased(options) ? [] : [...exclude, ...always, ...kept]);
  const added = isMoved(options) ? [] : add.map(({ dest }) => dest);
  const isShown = (one: string): boolean => added.some((dest) => `${dest}/`.startsWith(`${one}/`));
  return {
    concealed: [
      ...added.filter((dest) => !shown.includes(dest)),
      ...excludedBuildFiles(compileIgnore(patterns), file).filter((one) => !isShown(one)),
    ],
    ignores: (source) => excludesAll(ignored, source) || excludesAll(excluded, source),
  };
}

/** How messages are reworded for the user, who doesn't know the folder that `base` moves a context into; undefined if they aren't. */
export function rewording(options: CompleteContext): ((text: string) => string) | undefined {
  return isBased(options) ? withoutBaseFolder : undefined;
}

function isBased({ base, changes }: CompleteContext): boolean {
  return base !== undefined || changes.length > 0;
}

/** Whether entries get other names. */
function isMoved(options: CompleteContext): boolean {
  return isBased(options) || options.stripComponents > 0 || options.prefix !== '';
}

function attributeEdits({ owner, mode, noXattrs, mtime, clampMtime }: CompleteContext): Edit[] {
  return [
    ...(owner === 'keep' ? [] : [setOwner(owner)]),
    ...(mode === undefined ? [] : [setMode(mode)]),
    ...(noXattrs ? [dropXattrs()] : []),
    ...(mtime === undefined ? [] : [setTimes(mtime)]),
    ...(clampMtime === undefined ? [] : [clampTimes(clampMtime)]),
  ];
}

function nameEdits(options: CompleteContext, files: readonly string[]): Edit[] {
  const { stripComponents: count, prefix, include, exclude } = options;
  const always = [...files, '.dockerignore'];
  return [
    ...(count > 0 ? [stripComponents(count)] : []),
    ...(prefix === '' ? [] : [addPrefix(prefix)]),
    ...(include.length + exclude.length > 0 ? [select({ include, exclude, always })] : []),
  ];
}

/** The Dockerfile of `base`, and the folder that the context moves into. */
async function baseInput(
  { base = 'scratch', changes }: CompleteContext,
  file: string,
  attributes: readonly Edit[],
): Promise<PipelineInput> {
  const content = baseDockerfile(base, changes);
  const { generatedSource } = await import('../source/generated.js');
  const entries = [{ name: file, content }, { name: `${BASE_FOLDER}/` }];
  const source = generatedSource('the Dockerfile of `base`', entries);
  return { source, edit: compose(attributes) };
}

/** Opens additions one after the other: they may be pipes whose writers wait for each other. */
async function openAdditions(
  { context, add }: CompleteContext,
  notice: (message: string) => void,
  signal: AbortSignal,
): Promise<Addition[]> {
  if (add.length === 0) return [];
  const { isStandardInput } = await import('../source/standard-input.js');
  const readers = [context, ...add.map(({ host }) => host)].filter(
    (path) => typeof path === 'string' && isStandardInput(path),
  );
  if (readers.length > 1) {
    const message = 'reading standard input: it is asked for twice, as the context or to be added';
    throw new DockerceptionError('usage', 'USAGE_STDIN', message, {
      hint: 'put one of them into a file',
    });
  }
  const { openAddition } = await import('../source/addition.js');
  const opened = [];
  for (const { host, dest } of add) opened.push(await openAddition(host, dest, notice, signal));
  return opened;
}

async function openContext(
  options: CompleteContext,
  file: string,
  signal: AbortSignal,
  directory: Pick<DirectoryOptions, 'keeps' | 'notice'>,
): Promise<Source> {
  const { leaveOut, ignoreFile } = options;
  const context = options.context as string | Readable | Source;
  if (context instanceof Readable) {
    const { streamSource } = await import('../source/source.js');
    return streamSource(context, 'the stream', signal);
  }
  if (typeof context !== 'string') return context;
  if (context === '-') {
    const { standardInput } = await import('../source/standard-input.js');
    return standardInput(signal);
  }
  const { openPath } = await import('../source/open-path.js');
  const needed = isBased(options) ? undefined : file;
  return openPath(context, { file: needed, leaveOut, ignoreFile, ...directory });
}
