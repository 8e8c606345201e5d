/**
 * Whether a dynamic program finds its loader and its libraries in an image: the same search that
 * `--libs` does in a builder, but with what an image has beyond a builder: LD_LIBRARY_PATH, and
 * /etc/ld.so.cache, without which /etc/ld.so.conf counts for nothing.
 */
import { posix } from 'node:path';
import { Root } from '../../../elf/builder-files.js';
import { ImageFiles } from '../../../elf/image-files.js';
import { readLdSoCache } from '../../../elf/loader-configuration.js';
import { isMusl, type Loader, readLoader } from '../../../elf/loader.js';
import { loadProcess, type Missing } from '../../../elf/process.js';
import { type Entry, find } from '../../entry.js';
import type { ElfContent } from '../../probe/content.js';
import type { Run } from '../subject.js';
import { entryFiles, entryObjects, NO_STRINGS } from './entry-files.js';

const CACHE = '/etc/ld.so.cache';

export interface Loaded {
  /** Without those that are missing; the program first. */
  readonly paths: readonly string[];
  readonly missing: readonly Missing[];
  /** Directories of /etc/ld.so.conf that the cache, and so the loader, may know nothing of. */
  readonly configured: readonly string[];
}

/**
 * Loads a program as its loader would.
 * @param loader the loader's file
 * @returns undefined where nobody knows what such a loader does
 */
export async function load(
  run: Run,
  program: Entry,
  elf: ElfContent,
  loader: Entry,
): Promise<Loaded | undefined> {
  const interpreter = elf.interpreter as string;
  const known = loader.content?.elf;
  // gcompat has a program of its own under the name of glibc's loader.
  if (known === undefined || !(isMusl(interpreter) || isGlibc(loader, known))) return undefined;
  const { root } = run;
  const files = new Root(entryFiles(root));
  const architecture = elf.architecture;
  const met = await readLoader(files, architecture, interpreter, undefined, known.soname);
  const process = await loadProcess(
    {
      root: files,
      files: entryObjects(root, architecture),
      image: new ImageFiles(files, new Map()),
    },
    { path: program.path, elf, strings: NO_STRINGS },
    originOf(program),
    inImage(run, met, known),
  );
  return {
    paths: process.objects.map(({ path }) => path),
    missing: process.missing,
    configured: met.directories.filter((path) => !met.defaults.includes(path)),
  };
}

function isGlibc({ path }: Entry, { soname = '' }: ElfContent): boolean {
  return /^ld[-.\d]/.test(soname) || /\/ld-2\.\d+\.so$/.test(path);
}

function originOf({ path }: Entry): { builder: string; image: string } {
  const folder = posix.dirname(path);
  return { builder: folder, image: folder };
}

/** What an image adds to a loader, and takes from it. */
function inImage({ root, env }: Run, loader: Loader, { directories }: ElfContent): Loader {
  const isSet = (path: string): boolean => path.startsWith('/');
  const libraryPath = (env.get('LD_LIBRARY_PATH') ?? '').split(/[:;]/).filter(isSet);
  if (loader.kind === 'musl') return { ...loader, libraryPath };
  const defaults = directories ?? loader.defaults;
  const configured = loader.directories.filter((path) => !loader.defaults.includes(path));
  const cache = find(root, CACHE);
  const text = cache?.content?.text;
  const paths = text === undefined ? undefined : readLdSoCache(Buffer.from(text, 'latin1'));
  // A cache that can't be read may know any library in those directories.
  const isUnreadable = cache !== undefined && paths === undefined;
  return {
    ...loader,
    defaults,
    libraryPath,
    directories: isUnreadable ? [...configured, ...defaults] : defaults,
    cached: (name) => (paths?.get(name) ?? []).map((path) => posix.dirname(path)),
  };
}
