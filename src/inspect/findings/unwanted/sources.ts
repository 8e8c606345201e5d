/** Source code, its history, and a .dockerignore that no builder applies. */
import { posix } from 'node:path';
import { UNUSED_IGNORE_FILE } from '../../../dockerfile/names.js';
import { printable } from '../../../text/printable.js';
import type { Entry } from '../../entry.js';
import { finding } from '../catalogue.js';
import { entryRule, isVersionControl, type Rule } from '../rule.js';
import type { Subject } from '../subject.js';
import { counted, leaveOut, size } from './wording.js';

const SOURCE = /\.(?:go|rs|c|cc|cpp|cxx|m|java|kt|scala|hs|swift|zig|cs|f90)$/;
/** Files in the top folder of a project. */
const TOP =
  /^(?:go\.mod|Cargo\.toml|CMakeLists\.txt|meson\.build|pom\.xml|build\.gradle(?:\.kts)?|.*\.(?:cabal|csproj|sln))$/;
const PROGRAM = /\.(?:jar|war|wasm|dll)$/;

/** Source code of compiled languages next to the compiled program. */
export function sources(): Rule {
  const found: Entry[] = [];
  const tops = new Set<Entry>();
  const programs = new Set<string>();
  return {
    visit: (entry, place) => {
      const { kind, name, parent, content } = entry;
      if (kind !== 'file' || parent === undefined || place.isPackage || place.isInside) return;
      if (content?.elf?.kind === 'program' || PROGRAM.test(name)) programs.add(entry.path);
      if (place.isSystem) return;
      if (TOP.test(name)) tops.add(parent);
      if (SOURCE.test(name)) found.push(entry);
    },
    findings: function* () {
      for (const [{ path: folder }, files] of projects(found, tops)) {
        const program = [...programs].find((path) => isBeside(path, folder));
        if (program === undefined) continue;
        const bytes = files.reduce((sum, file) => sum + file.size, 0);
        const message = `${counted(files.length, 'a source file', 'source files')} in ${printable(folder)} ${size(bytes)}, beside ${printable(program)}`;
        const advice = 'build in a stage of its own, and COPY --from it the program alone';
        yield finding('source-code', folder, message, advice);
      }
    },
  };
}

/** The sources by project: the topmost folder above that has sources, or is one of `tops`. */
function projects(sources: readonly Entry[], tops: ReadonlySet<Entry>): Map<Entry, Entry[]> {
  const found = new Map<Entry, Entry[]>();
  const folders = new Set(sources.map(({ parent }) => parent));
  for (const source of sources) {
    let project = source;
    for (let above = source.parent; above !== undefined; above = above.parent)
      if (tops.has(above) || folders.has(above)) project = above;
    const others = found.get(project);
    if (others === undefined) found.set(project, [source]);
    else others.push(source);
  }
  return found;
}

/** In the project, or in the folder that the project is in. */
function isBeside(program: string, project: string): boolean {
  const inside = project === '/' ? '/' : `${project}/`;
  return program.startsWith(inside) || posix.dirname(program) === posix.dirname(project);
}

export function versionControl(subject: Subject): Rule {
  return entryRule((entry, { isInside }) => {
    if (isInside || !isVersionControl(entry) || entry.files === 0) return undefined;
    const { path, name, files, total } = entry;
    const message = `${printable(path)} has the history of the sources: ${counted(files, 'a file', 'files')} ${size(total)}`;
    return finding('version-control', path, message, leaveOut(subject, name));
  });
}

/** In a tar, builders ignore a .dockerignore. */
export function ignoreFile({ kind, context }: Subject): Rule {
  const { message, advice } = UNUSED_IGNORE_FILE;
  const isIgnored = kind === 'context' && context === 'stream';
  return entryRule((entry) =>
    isIgnored &&
    entry.name === '.dockerignore' &&
    entry.path === '/.dockerignore' &&
    entry.kind === 'file'
      ? finding('dockerignore-unused', entry.path, message, advice)
      : undefined,
  );
}
