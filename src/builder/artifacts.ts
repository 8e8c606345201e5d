/**
 * What is taken out of a builder's file system, as one context: the archives of all paths, one behind the other.
 * One is asked for when its turn has come: an engine holds the container while it sends one.
 */
import { Readable } from 'node:stream';
import type { Container } from '../engine/docker/index.js';
import type { Artifact } from '../options/builder.js';
import { type Part, pass } from '../pipeline.js';
import { StreamSink } from '../sink/stream.js';
import type { Source } from '../source/source.js';
import { findArtifact, missingArtifact } from './artifact-path.js';
import { destinationOf, place } from './place.js';

/** An artifact that is there. */
export interface FoundArtifact {
  /** Absolute, in the builder, and no link. */
  readonly path: string;
  /** In the context; '' is the root. */
  readonly dest: string;
}

/** Looks for all of them. Throws ARTIFACT_MISSING, of kind builder, for the first that isn't there. */
export async function findArtifacts(
  container: Container,
  artifacts: readonly Artifact[],
  signal: AbortSignal,
): Promise<FoundArtifact[]> {
  const found: FoundArtifact[] = [];
  for (const { path, dest } of artifacts) {
    const there = await findArtifact(container, path, signal);
    if (there === undefined) throw await missingArtifact(container, path, signal);
    found.push({ path: there.path, dest: destinationOf(path, dest, there.isDirectory) });
  }
  return found;
}

/** Whether all of them are there, which may be before a builder has run. */
export async function areThere(
  container: Container,
  artifacts: readonly Artifact[],
  signal: AbortSignal,
): Promise<boolean> {
  for (const { path } of artifacts)
    if ((await findArtifact(container, path, signal)) === undefined) return false;
  return true;
}

/** One tar of all parts. It is destroyed with the first error, which names the builder's path. */
export function joined(name: string, parts: readonly Part[], signal: AbortSignal): Source {
  const sink = new StreamSink();
  // It may fail before anybody reads it; whoever does is told.
  sink.stream.on('error', () => undefined);
  const plan = { parts, file: undefined, root: false as const };
  const passing = pass(plan, sink, () => undefined, signal);
  const complete = passing.then(() => undefined);
  complete.catch(() => undefined);
  return { name, stream: sink.stream, complete };
}

/** The archive of one path, at its place. */
export function artifactPart(
  container: Container,
  { path, dest }: FoundArtifact,
  signal: AbortSignal,
): Part {
  async function* archive(): AsyncGenerator<Buffer> {
    for await (const chunk of await container.archive(path, signal)) yield chunk as Buffer;
  }
  const source = {
    name: `${path} of the builder`,
    stream: Readable.from(archive(), { objectMode: false }),
    complete: Promise.resolve(),
  };
  return { source, edit: place(dest) };
}
