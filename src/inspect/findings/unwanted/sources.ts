/** Source code, its history, and a .dockerignore that no builder applies. */
import { posix } from 'node:path';
import { UNUSED_IGNORE_FILE } from '../../../dockerfile/names.js';
import { printable } from '../../../text/printable.js';
import { finding } from '../catalogue.js';
import { entryRule, isVersionControl, type Rule } from '../rule.js';
import type { Subject } from '../subject.js';
import { counted, leaveOut, size } from './wording.js';

const SOURCE = /\.(?:go|rs|c|cc|cpp|cxx|m|java|kt|scala|hs|swift|zig|cs|f90)$/;
/** Files in the top folder of a project. */
const TOP =
  /^(?:go\.mod|Cargo\.toml|CMakeLists\.txt|meson\.build|pom\.xml|build\.gradle(?:\.kts)?|.*\.(?:cabal|csproj|sln))$/;
const PROGRAM = /\.(?:jar|war|wasm|dll)$/;

interface Sources {
  count: number;
  bytes: number;
}

/** Source code of compiled languages next to the compiled program. */
export function sources(): Rule {
  const folders = new Map<string, Sources>();
  const tops = new Set<string>();
  const programs = new Set<string>();
  return {
    visit: (entry, place) => {
      const { kind, name, size, parent, content } = entry;
      if (kind !== 'file' || parent === undefined || place.isPackage || place.isInside) return;
      if (content?.elf?.kind === 'program' || PROGRAM.test(name)) programs.add(entry.path);
      if (place.isSystem) return;
      if (TOP.test(name)) tops.add(parent.path);
      if (!SOURCE.test(name)) return;
      const known = folders.get(parent.path) ?? { count: 0, bytes: 0 };
      folders.set(parent.path, { count: known.count + 1, bytes: known.bytes + size });
    },
    findings: function* () {
      for (const [folder, { count, bytes }] of projects(folders, tops)) {
        const program = [...programs].find((path) => isBeside(path, folder));
        if (program === undefined) continue;
        const message = `${counted(count, 'a source file', 'source files')} in ${printable(folder)} ${size(bytes)}, beside ${printable(program)}`;
        const advice = 'build in a stage of its own, and COPY --from it the program alone';
        yield finding('source-code', folder, message, advice);
      }
    },
  };
}

/** The folders with sources, grouped by project. */
function projects(
  folders: ReadonlyMap<string, Sources>,
  tops: ReadonlySet<string>,
): Map<string, Sources> {
  const found = new Map<string, Sources>();
  for (const [folder, { count, bytes }] of folders) {
    const above = [folder];
    while (above[0] !== '/') above.unshift(posix.dirname(above[0] as string));
    const top = above.find((path) => tops.has(path) || folders.has(path)) ?? folder;
    const known = found.get(top) ?? { count: 0, bytes: 0 };
    found.set(top, { count: known.count + count, bytes: known.bytes + bytes });
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
    const { path, name, files, total } = entry;
    if (isInside || !isVersionControl(entry) || files === 0) return undefined;
    const message = `${printable(path)} has the history of the sources: ${counted(files, 'a file', 'files')} ${size(total)}`;
    return finding('version-control', path, message, leaveOut(subject, name));
  });
}

/** In a tar, builders ignore a .dockerignore. */
export function ignoreFile({ kind, context }: Subject): Rule {
  const { message, advice } = UNUSED_IGNORE_FILE;
  const isIgnored = kind === 'context' && context === 'stream';
  return entryRule((entry) =>
    isIgnored && entry.path === '/.dockerignore' && entry.kind === 'file'
      ? finding('dockerignore-unused', entry.path, message, advice)
      : undefined,
  );
}
