/**
 * The libraries that programs taken out of a builder need to run where nothing else is: their loader
 * and everything it would load, at the paths where it looks, found in the builder's own files.
 * Nothing is run, so it works for programs of any architecture.
 */
import { posix } from 'node:path';
import { type BuilderFiles, Root } from './builder-files.js';
import { Objects } from './elf-file.js';
import { ImageFiles } from './image-files.js';
import { noticesOf } from './notices.js';
import { type Binary, Search } from './search.js';

/** What the image needs beside the artifacts. */
export interface LibraryResult {
  /**
   * Absolute paths to take out of the builder: files and the symbolic links on the way to them,
   * each once, sorted, none of them below a link.
   */
  readonly paths: readonly string[];
  /** Symbolic links to add that the builder doesn't have: they stand in for its ld.so.conf. */
  readonly links: readonly { readonly path: string; readonly target: string }[];
  /** What can't be seen in the files, one line each. */
  readonly notices: readonly string[];
}

/**
 * Finds them.
 * @param binaries the files among the artifacts; of scripts, those that are executable
 * @throws DockerceptionError of kind builder: LIBS_MISSING when a program would not start, and
 *   LIBS_INVALID when an ELF file is cut short or damaged. What a library among the artifacts lacks
 *   is a notice: a tree of modules has some for systems that this is not.
 */
export async function findLibraries(
  binaries: readonly Binary[],
  files: BuilderFiles,
): Promise<LibraryResult> {
  const root = new Root(files);
  const places = binaries.flatMap(({ path, dest }) =>
    dest === undefined ? [] : [[posix.resolve('/', dest), path] as const],
  );
  const image = new ImageFiles(root, new Map(places));
  const search = new Search({ root, image, objects: new Objects(root) });
  for (const binary of binaries) await search.add(binary);
  await search.addLibraries();
  await image.settle();
  return {
    paths: [...image.paths].sort(),
    links: [...image.links.keys()]
      .sort()
      .map((path) => ({ path, target: image.links.get(path) as string })),
    notices: [...search.notices(), ...(await noticesOf(root, search.running))],
  };
}
