/**
 * Whether a dynamic program finds its loader and libraries in an image: the search of `--libs`, with LD_LIBRARY_PATH and
 * /etc/ld.so.cache, without which /etc/ld.so.conf has no effect.
 */
import { posix } from 'node:path';
import type { Architecture } from '../../../elf/architecture.js';
import { type BuilderFiles, Root } from '../../../elf/builder-files.js';
import { unknownElf } from '../../../elf/elf.js';
import type { ElfStrings, ReadElfFile } from '../../../elf/elf-file.js';
import { ImageFiles } from '../../../elf/image-files.js';
import { isMusl, type Loader, readLoader } from '../../../elf/loader.js';
import { readLdSoCache } from '../../../elf/loader-configuration.js';
import { loadProcess, type Missing } from '../../../elf/process.js';
import { printable } from '../../../text/printable.js';
import { type Entry, find } from '../../entry.js';
import type { Finding } from '../../facts.js';
import type { ElfContent } from '../../probe/content.js';
import { finding } from '../catalogue.js';
import type { Run } from '../subject.js';
import { otherLocations } from './command.js';

/** The result of checking a program. */
export interface ProgramCheck {
  readonly findings: readonly Finding[];
  /** The files that run: programs, interpreters, libraries. */
  readonly running: readonly string[];
}

/**
 * Finds the libraries of a program as its loader does. An unknown loader is not checked.
 * @param called the program in messages
 */
export async function checkLibraries(
  run: Run,
  path: string,
  elf: ElfContent,
  loaderEntry: Entry,
  called: string,
): Promise<ProgramCheck> {
  const interpreter = elf.interpreter as string;
  const known = loaderEntry.content?.elf;
  // gcompat installs a program of its own under the name of glibc's loader.
  if (known === undefined || !(isMusl(interpreter) || isGlibc(loaderEntry, known)))
    return { findings: [], running: [path] };
  const { architecture } = elf;
  const root = new Root(entryFiles(run.root));
  const loader = await readLoader(root, architecture, interpreter, undefined, known.soname);
  // Directories of /etc/ld.so.conf, which the cache may lack.
  const configured = loader.directories.filter((folder) => !loader.defaults.includes(folder));
  const folder = posix.dirname(path);
  const { objects, missing } = await loadProcess(
    { root, readFile: elfFiles(run.root, architecture), image: new ImageFiles(root, new Map()) },
    { path, elf, strings: NO_STRINGS },
    { path: folder, image: folder },
    loaderInImage(run, loader, configured, known),
  );
  return {
    findings: libraryMissing(run, path, called, configured, missing),
    running: objects.map((object) => object.path),
  };
}

function isGlibc({ path }: Entry, { soname = '' }: ElfContent): boolean {
  return /^ld[-.\d]/.test(soname) || /\/ld-2\.\d+\.so$/.test(path);
}

/** The loader with the environment and the cache of the image. */
function loaderInImage(
  { root, env }: Run,
  loader: Loader,
  configured: readonly string[],
  { directories }: ElfContent,
): Loader {
  const libraryPath = (env.get('LD_LIBRARY_PATH') ?? '')
    .split(/[:;]/)
    .filter((path) => path.startsWith('/'));
  if (loader.kind === 'musl') return { ...loader, libraryPath };
  const defaults = directories ?? loader.defaults;
  const cache = find(root, '/etc/ld.so.cache');
  const text = cache?.content?.text;
  const paths = text === undefined ? undefined : readLdSoCache(Buffer.from(text, 'latin1'));
  // An unreadable cache may contain any library in the configured directories.
  const isUnreadable = cache !== undefined && paths === undefined;
  return {
    ...loader,
    defaults,
    libraryPath,
    directories: isUnreadable ? [...configured, ...defaults] : defaults,
    cached: (name) => (paths?.get(name) ?? []).map((path) => posix.dirname(path)),
  };
}

/** They only affect libraries that are opened at run time. */
const NO_STRINGS: ElfStrings = {
  bundles: [],
  opensslFile: undefined,
  namesZones: false,
  hasNss: true,
};

function entryFiles(root: Entry): BuilderFiles {
  return {
    lstat: async (path) => {
      const entry = find(root, path, false);
      if (entry === undefined) return undefined;
      const { kind, target = '' } = entry;
      if (kind === 'symlink') return { type: kind, target };
      return { type: kind === 'file' || kind === 'directory' ? kind : 'other' };
    },
    read: async (path) => {
      const text = find(root, path, false)?.content?.text;
      return text === undefined ? undefined : Buffer.from(text);
    },
    list: async (path) => [...(find(root, path, false)?.children?.keys() ?? [])],
  };
}

/** @param architecture assumed for files whose content is unknown */
function elfFiles(root: Entry, architecture: Architecture): ReadElfFile {
  return async (path) => {
    const entry = find(root, path, false);
    if (entry === undefined) return undefined;
    const elf = entry.content === undefined ? unknownElf(architecture) : entry.content.elf;
    return elf && { path, elf, strings: NO_STRINGS };
  };
}

export function loaderMissing(
  run: Run,
  path: string,
  called: string,
  interpreter: string,
): Finding {
  const isForMusl = isMusl(interpreter);
  const hasMusl = namesIn(run.root, '/lib').some((name) => isMusl(name));
  const hasGlibc = ['/lib64', '/lib', '/usr/lib64']
    .flatMap((folder) => namesIn(run.root, folder))
    .some((name) => /^ld-linux.*\.so\.\d$|^ld64\.so\.\d$/.test(name));
  const loader = printable(interpreter);
  if (isForMusl ? hasGlibc && !hasMusl : hasMusl && !hasGlibc) {
    const [own, other] = isForMusl ? ['musl', 'glibc'] : ['glibc', 'musl'];
    const message = `${called} is linked with ${own}, and the image has ${other}: its loader ${loader} is not there`;
    const advice = isForMusl
      ? 'build it on the distribution that it runs on, link it statically (-static), or take Alpine as base image'
      : 'build it on Alpine, link it statically (CGO_ENABLED=0, -static), or take a base image with glibc';
    return finding(isForMusl ? 'musl-on-glibc' : 'glibc-on-musl', path, message, advice);
  }
  const message = `${called} is dynamic, and its loader ${loader} is not in the image`;
  const advice =
    'link it statically (CGO_ENABLED=0, -static), or add its libraries: --libs finds them';
  return finding('loader-missing', path, message, advice);
}

function namesIn(root: Entry, folder: string): string[] {
  return [...(find(root, folder)?.children?.keys() ?? [])];
}

/** Reports the first missing library. */
function libraryMissing(
  { root }: Run,
  path: string,
  called: string,
  configured: readonly string[],
  all: readonly Missing[],
): Finding[] {
  const [first] = all;
  if (first === undefined) return [];
  const { name, by, rejected } = first;
  const needs = by === path ? `${called} needs` : `${called} needs ${printable(by)}, and that`;
  const more = all.length > 1 ? ` (and ${all.length - 1} more)` : '';
  const start = `${needs} ${printable(name)}${more}`;
  const [other] = rejected;
  if (other !== undefined) {
    const message = `${start}: ${printable(other.path)} ${printable(other.why)}`;
    const advice = 'add the library for the program’s architecture: --libs finds it in the builder';
    return [finding('library-architecture', path, message, advice)];
  }
  const message = `${start}, which is not where its loader looks${otherLocations(root, name)}`;
  const isConfigured = configured.some(
    (folder) => find(root, `${folder}/${name}`)?.kind === 'file',
  );
  const advice = isConfigured
    ? 'run ldconfig in the image: /etc/ld.so.cache does not know of it; or set LD_LIBRARY_PATH'
    : 'add it: --libs finds libraries in the builder, a package has them in the image; or set LD_LIBRARY_PATH';
  return [finding('library-missing', path, message, advice)];
}
