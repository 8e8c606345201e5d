/** The artifacts of a builder that has ended, and with `libs` the libraries that they need, as one context. */
import type { Container } from '../engine/docker/index.js';
import { findLibraries } from '../elf/find-libraries.js';
import type { Artifact } from '../options/builder.js';
import type { Part } from '../pipeline.js';
import type { Report } from '../progress/events.js';
import { generatedSource } from '../source/generated.js';
import type { Source } from '../source/source.js';
import { artifactPart, findArtifacts, type FoundArtifact, joined } from './artifacts.js';
import { ContainerFiles } from './container-files.js';
import { programsAmong } from './programs.js';

/** How they are taken. */
export interface GatherOptions {
  readonly libs: boolean;
  /** The context will be an image's root: artifacts without a destination stay at their paths. */
  readonly keepPaths: boolean;
  /** What messages call the builder. */
  readonly name: string;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** Rejects, of kind builder, with ARTIFACT_MISSING, and with LIBS_MISSING where a library isn't found. */
export async function gather(
  container: Container,
  artifacts: readonly Artifact[],
  options: GatherOptions,
): Promise<Source> {
  const { libs, keepPaths, name, signal } = options;
  const wanted = keepPaths ? artifacts.map(({ path, dest = path }) => ({ path, dest })) : artifacts;
  const found = await findArtifacts(container, wanted, signal);
  const parts = found.map((artifact) => artifactPart(container, artifact, signal));
  if (libs) parts.unshift(...(await libraryParts(container, found, options)));
  return joined(`the artifacts of ${name}`, parts, signal);
}

/** In front of the artifacts: what is asked for by name takes the place of what is only needed. */
async function libraryParts(
  container: Container,
  found: readonly FoundArtifact[],
  { keepPaths, report, signal }: GatherOptions,
): Promise<Part[]> {
  const programs = await programsAmong(container, found, signal);
  const binaries = keepPaths ? programs : programs.map(({ path }) => ({ path }));
  const files = new ContainerFiles(container, signal);
  const needed = await findLibraries(binaries, files);
  for (const message of needed.notices) report({ kind: 'notice', message });
  const links = needed.links.map(({ path, target }) => ({ name: path.slice(1), link: target }));
  const parts: Part[] = [];
  for (const path of needed.paths) {
    const name = path.slice(1);
    // Not every engine sends a link as a link.
    const stat = await files.lstat(path);
    if (stat?.target !== undefined) links.push({ name, link: stat.target });
    else parts.push(artifactPart(container, { path, dest: name }, signal));
  }
  if (links.length === 0) return parts;
  const source = generatedSource('links to libraries', links);
  // In front: what is below a directory's link is at the directory's own name.
  return [{ source, edit: () => undefined }, ...parts];
}
