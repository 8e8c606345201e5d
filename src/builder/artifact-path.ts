/** Where an artifact is in a builder: a link's path stands for its target, as for `docker cp -L`. */
import { posix } from 'node:path';
import { nearestNames } from '../text/suggest.js';
import type { Container, PathStat } from '../engine/docker/index.js';
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import { namesIn } from './listing.js';

/** Go's `os.ModeSymlink` and `os.ModeDir`. */
const SYMLINK = 2 ** 27;
const DIRECTORY = 2 ** 31;
/** As many links as Linux follows. */
const MAX_LINKS = 40;

/** What is there. */
export interface Found {
  /** Absolute, and no link. */
  readonly path: string;
  readonly isDirectory: boolean;
}

/** Follows a path; undefined when nothing is there. Throws ARTIFACT_LINKS after 40 links. */
export async function findArtifact(
  container: Container,
  given: string,
  signal: AbortSignal,
): Promise<Found | undefined> {
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

export function isSymlink({ mode }: PathStat): boolean {
  return Math.floor(mode / SYMLINK) % 2 === 1;
}

export function isDirectory({ mode }: PathStat): boolean {
  return Math.floor(mode / DIRECTORY) % 2 === 1;
}

/** The error for what isn't there; names what is, nearest first. */
export async function missingArtifact(
  container: Container,
  given: string,
  signal: AbortSignal,
): Promise<DockerceptionError> {
  const path = posix.resolve('/', given);
  let folder = posix.dirname(path);
  let wanted = posix.basename(path);
  while (folder !== '/' && (await findArtifact(container, folder, signal)) === undefined) {
    wanted = posix.basename(folder);
    folder = posix.dirname(folder);
  }
  const names = await namesIn(container, folder, signal).catch((): string[] => []);
  const near = nearestNames(wanted, names).map((name) => posix.join(folder, printable(name)));
  return new DockerceptionError(
    'builder',
    'ARTIFACT_MISSING',
    `taking ${printable(given)} out of the builder: it is not there`,
    { hint: hintFor(folder, names.includes(wanted), near) },
  );
}

function hintFor(folder: string, isListed: boolean, near: readonly string[]): string {
  // Podman looks for a link's target in the image's own file system alone.
  if (isListed)
    return 'it is a link to what this engine can’t see, as in a volume: name its target';
  if (near.length > 0) return `the nearest that are: ${near.join(', ')}`;
  return `${folder} is empty: does the builder's command write there?`;
}
