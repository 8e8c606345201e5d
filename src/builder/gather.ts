/** The artifacts of a builder that has ended, and with `libs` the libraries that they need, as one context. */
import { type Binary, findLibraries } from '../elf/find-libraries.js';
import type { Container } from '../engine/docker/container.js';
import type { Artifact } from '../options/builder.js';
import type { PipelineInput } from '../pipeline.js';
import { generatedSource } from '../source/generated.js';
import type { Source } from '../source/source.js';
import type { WalkHandler } from '../tar/walk-handler.js';
import { artifactPart, findArtifacts, type FoundArtifact, joined, mover } from './artifacts.js';
import { ContainerFiles, readArchive } from './container-files.js';
import type { RunOptions } from './run.js';

const ELF = '\x7fELF';
/** Bytes that identify a program. */
const MAGIC = 4;
const EXECUTABLE = 0o111;

interface GatherOptions extends Pick<RunOptions, 'name' | 'report' | 'signal'> {
  readonly libs: boolean;
  /** Whether artifacts without a destination keep their paths, because the context becomes the root of an image. */
  readonly keepPaths: boolean;
}

/** Rejects with errors of kind builder: ARTIFACT_MISSING, LIBS_MISSING. */
export async function gather(
  container: Container,
  artifacts: readonly Artifact[],
  options: GatherOptions,
): Promise<Source> {
  const { libs, keepPaths, name, signal } = options;
  const wanted = keepPaths ? artifacts.map(({ path, dest = path }) => ({ path, dest })) : artifacts;
  const found = await findArtifacts(container, wanted, signal);
  const parts = found.map((artifact) => artifactPart(container, artifact, signal));
  // Before the artifacts, which replace libraries of the same name.
  if (libs) parts.unshift(...(await libraryParts(container, found, options)));
  return joined(`the artifacts of ${name}`, parts, signal);
}

async function libraryParts(
  container: Container,
  found: readonly FoundArtifact[],
  { keepPaths, report, signal }: GatherOptions,
): Promise<PipelineInput[]> {
  const programs = await findPrograms(container, found, signal);
  const binaries = keepPaths ? programs : programs.map(({ path }) => ({ path }));
  const files = new ContainerFiles(container, signal);
  const needed = await findLibraries(binaries, files);
  for (const message of needed.notices) report({ kind: 'notice', message });
  const links = needed.links.map(({ path, target }) => ({ name: path.slice(1), link: target }));
  const parts: PipelineInput[] = [];
  for (const path of needed.paths) {
    const name = path.slice(1);
    // Not every engine sends a link as a link.
    const stat = await files.lstat(path);
    if (stat?.target !== undefined) links.push({ name, link: stat.target });
    else parts.push(artifactPart(container, { path, dest: name }, signal));
  }
  if (links.length === 0) return parts;
  const source = generatedSource('links to libraries', links);
  // Links come first: libraries below a link to a directory are under the name of the directory.
  return [{ source, edit: () => undefined }, ...parts];
}

/** The ELF files and executable scripts among the artifacts, with their places in the builder and the context. */
async function findPrograms(
  container: Container,
  artifacts: readonly FoundArtifact[],
  signal: AbortSignal,
): Promise<Required<Binary>[]> {
  const programs: Required<Binary>[] = [];
  for (const { path, dest } of artifacts) {
    const [inBuilder, inContext] = [mover(path.slice(1)), mover(dest)];
    let head = '';
    let program: Required<Binary> | undefined;
    let isExecutable = false;
    const handler: Partial<WalkHandler> = {
      entry: (entry) => {
        const name = entry.pathBytes.toString('latin1');
        const places = { path: `/${inBuilder(name)}`, dest: `/${inContext(name)}` };
        head = '';
        isExecutable = (entry.mode & EXECUTABLE) !== 0;
        program = entry.type === 'file' ? places : undefined;
      },
      data: (bytes) => {
        if (program === undefined || head.length >= MAGIC) return;
        head += bytes.toString('latin1', 0, MAGIC);
        if (head.length < MAGIC) return;
        if (head.startsWith(ELF) || (isExecutable && head.startsWith('#!'))) programs.push(program);
      },
    };
    await readArchive(container, path, handler, signal);
  }
  return programs;
}
