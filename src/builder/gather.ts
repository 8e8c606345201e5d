/** The artifacts of a builder that has ended, and with `libs` the libraries that they need, as one context. */
import type { Container } from '../engine/docker/index.js';
import type { Report } from '../progress/events.js';
import type { Source } from '../source/source.js';
import { artifactPart, findArtifacts, joined } from './artifacts.js';
import type { Artifact } from './options.js';

/** How they are taken. */
export interface GatherOptions {
  readonly libs: boolean;
  /** What messages call the builder. */
  readonly name: string;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** Rejects, of kind builder, with ARTIFACT_MISSING, and with LIBS_MISSING where a library isn't found. */
export async function gather(
  container: Container,
  artifacts: readonly Artifact[],
  { name, signal }: GatherOptions,
): Promise<Source> {
  const found = await findArtifacts(container, artifacts, signal);
  const parts = found.map((artifact) => artifactPart(container, artifact, signal));
  return joined(`the artifacts of ${name}`, parts, signal);
}
