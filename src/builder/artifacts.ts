/** Artifacts: files of a builder that become one context. Links are followed, as by `docker cp -L`. */
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import type { Edit } from '../edit/edit.js';
import type { Container } from '../engine/docker/container.js';
import { DockerceptionError } from '../errors.js';
import type { Artifact } from '../options/builder.js';
import { type PipelineInput, runPipeline } from '../pipeline.js';
import { StreamSink } from '../sink/stream.js';
import type { Source } from '../source/source.js';
import { cleanPath } from '../text/path.js';
import { printable } from '../text/printable.js';
import { nearestNames } from '../text/suggest.js';
import { trimEnd } from '../text/trim.js';
import { isDirectory, isSymlink, namesIn } from './container-files.js';

/** Links that are followed, as by Linux. */
const MAX_LINKS = 40;

export interface FoundArtifact {
  /** Absolute, in the builder, and no link. */
  readonly path: string;
  /** In the context; '' is the root. */
  readonly dest: string;
}

/** Finds all artifacts. Rejects with ARTIFACT_MISSING, of kind builder, for the first that does not exist. */
export async function findArtifacts(
  container: Container,
  artifacts: readonly Artifact[],
  signal: AbortSignal,
): Promise<FoundArtifact[]> {
  const found: FoundArtifact[] = [];
  for (const { path, dest } of artifacts) {
    const file = await follow(container, path, signal);
    if (file === undefined) throw await missing(container, path, signal);
    found.push({ path: file.path, dest: destinationOf(path, dest, file.isDirectory) });
  }
  return found;
}

export async function allExist(
  container: Container,
  artifacts: readonly Artifact[],
  signal: AbortSignal,
): Promise<boolean> {
  for (const { path } of artifacts)
    if ((await follow(container, path, signal)) === undefined) return false;
  return true;
}

/** Follows the links of a path to a file; undefined if the file is missing. Rejects with ARTIFACT_LINKS. */
async function follow(
  container: Container,
  given: string,
  signal: AbortSignal,
): Promise<{ readonly path: string; readonly isDirectory: boolean } | undefined> {
  let path = posix.resolve('/', given);
  for (let links = 0; links <= MAX_LINKS; links++) {
    const stat = await container.stat(path, signal);
    if (stat === undefined) return undefined;
    if (!isSymlink(stat)) return { path, isDirectory: isDirectory(stat) };
    path = posix.resolve(posix.dirname(path), stat.linkTarget);
  }
  const message = `taking ${printable(given)} out of the builder: too many symbolic links`;
  throw new DockerceptionError('builder', 'ARTIFACT_LINKS', message);
}

/** The error for a missing file, with the most similar names. */
async function missing(
  container: Container,
  given: string,
  signal: AbortSignal,
): Promise<DockerceptionError> {
  const path = posix.resolve('/', given);
  let folder = posix.dirname(path);
  let wanted = posix.basename(path);
  while (folder !== '/' && (await follow(container, folder, signal)) === undefined) {
    wanted = posix.basename(folder);
    folder = posix.dirname(folder);
  }
  const names = await namesIn(container, folder, signal).catch((): string[] => []);
  const near = nearestNames(wanted, names).map((name) => posix.join(folder, printable(name)));
  let hint = `${folder} is empty: does the builder's command write there?`;
  // Podman finds the target of a link only in the file system of the image.
  if (names.includes(wanted))
    hint = 'it is a link to what this engine can’t see, as in a volume: name its target';
  else if (near.length > 0) hint = `the nearest that are: ${near.join(', ')}`;
  const message = `taking ${printable(given)} out of the builder: it is not there`;
  return new DockerceptionError('builder', 'ARTIFACT_MISSING', message, { hint });
}

/** Concatenates parts to one tar. It is destroyed with the first error, which names the path in the builder. */
export function joined(name: string, parts: readonly PipelineInput[], signal: AbortSignal): Source {
  const sink = new StreamSink();
  // It may fail before it is read, and still has its error then.
  sink.stream.on('error', () => undefined);
  const plan = { inputs: parts, file: undefined, root: false as const };
  const complete = runPipeline(plan, sink, () => undefined, signal).then(() => undefined);
  complete.catch(() => undefined);
  return { name, stream: sink.stream, complete };
}

/** One artifact at its destination. Its archive is requested when it is read: an engine locks the container meanwhile. */
export function artifactPart(
  container: Container,
  { path, dest }: FoundArtifact,
  signal: AbortSignal,
): PipelineInput {
  async function* archive(): AsyncGenerator<Buffer> {
    yield* (await container.archive(path, signal)) as AsyncIterable<Buffer>;
  }
  const stream = Readable.from(archive(), { objectMode: false });
  const source = { name: `${path} of the builder`, stream, complete: Promise.resolve() };
  return { source, edit: place(dest) };
}

/** The destination of an artifact in the context: a clean path, '' for the root. */
export function destinationOf(
  path: string,
  dest: string | undefined,
  isDirectory: boolean,
): string {
  const name = posix.basename(posix.resolve('/', path));
  if (dest === undefined) return name;
  const clean = cleanPath(dest.replace(/^\/+/, ''));
  if (clean === undefined) {
    const message = `placing ${path}: '${dest}' leads outside of the context`;
    throw new DockerceptionError('usage', 'USAGE_ARTIFACT', message);
  }
  // As for --add, a file goes into a named directory, and a directory gets its name.
  const isFolder = clean === '' || dest.endsWith('/');
  return isFolder && !isDirectory ? posix.join(clean, name) : clean;
}

/** Maps the names of one archive, which start with the name of the artifact, to names below `dest`. */
export function mover(dest: string): (name: string) => string {
  let base: string | undefined;
  return (name) => {
    const clean = trimEnd(name.replace(/^(?:\.?\/)+/, ''), '/');
    base ??= clean;
    if (clean === base) return dest;
    const rest = base === '' || base === '.' ? clean : clean.slice(base.length + 1);
    return dest === '' ? rest : `${dest}/${rest}`;
  };
}

/** Moves the entries of one archive to `dest`, with the targets of hard links. */
export function place(dest: string): Edit {
  const move = mover(dest);
  return (entry) => {
    const name = move(entry.pathBytes.toString('latin1'));
    // The context has its own root.
    if (name === '') return 'drop';
    entry.pathBytes = Buffer.from(entry.type === 'directory' ? `${name}/` : name, 'latin1');
    if (entry.type === 'hard-link')
      entry.linkpathBytes = Buffer.from(move(entry.linkpathBytes.toString('latin1')), 'latin1');
    return undefined;
  };
}
