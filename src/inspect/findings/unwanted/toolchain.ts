/** Files that are needed to build programs, but not to run them: compilers, headers, static libraries. */
import { posix } from 'node:path';
import { printable } from '../../../text/printable.js';
import type { Entry } from '../../entry.js';
import { finding } from '../catalogue.js';
import { groupRule, type Rule } from '../rule.js';
import { counted, namesOf, size } from './wording.js';

/** With a target and a version: `x86_64-linux-gnu-gcc-12`. */
const COMPILER =
  /^(?:[\w.]+-){0,4}(?:gcc|g\+\+|c\+\+|cc|cc1|cc1plus|clang|clang\+\+|gfortran|rustc|cargo|javac|ghc|ocamlopt|make|gmake|cmake|ninja|as|ld(?:\.bfd|\.gold|\.lld)?)(?:-[\d.]+)?$/;
const HEADER = /\.(?:h|hh|hpp|hxx)$/;
const STAGES = 'build in a stage of its own, and COPY --from it what is needed to run';

// The path of an entry is computed on demand, so its name is checked first.
export function toolchain(): Rule[] {
  return [
    groupRule(
      (entry, { isInside }) => (!isInside && isCompiler(entry) ? '' : undefined),
      (_, group) => {
        const message = `compilers and build tools: ${namesOf(group)} ${size(group.bytes)}`;
        return finding('compiler', group.first.path, message, STAGES);
      },
    ),
    groupRule(
      (entry, { isInside, isPackage }) =>
        entry.kind === 'file' && !isInside && !isPackage && HEADER.test(entry.name)
          ? includeFolder(entry.path)
          : undefined,
      (folder, { count, bytes }) => {
        const message = `${counted(count, 'a header', 'headers')} of C and C++ below ${printable(folder)} ${size(bytes)}`;
        return finding('headers', folder, message, STAGES);
      },
    ),
    groupRule(
      (entry, { isInside, isPackage }) =>
        entry.kind === 'file' && !isInside && !isPackage && /\.a$|^crt1\.o$/.test(entry.name)
          ? posix.dirname(entry.path)
          : undefined,
      (folder, group) => {
        const message = `static libraries in ${printable(folder)}: ${namesOf(group)} ${size(group.bytes)}`;
        return finding('static-libraries', folder, message, STAGES);
      },
    ),
  ];
}

function isCompiler(entry: Entry): boolean {
  const { kind, name, mode, content, parent } = entry;
  if (kind !== 'file' || (mode & 0o111) === 0) return false;
  if (content !== undefined && content.elf?.kind !== 'program') return false;
  // Other programs are named `go` as well.
  if (name === 'go')
    return entry.path.endsWith('/go/bin/go') || entry.path.startsWith('/usr/lib/go');
  return COMPILER.test(name) && parent !== undefined && /^(?:s?bin|\d.*)$/.test(parent.name);
}

/** The topmost folder `include` on a path. */
function includeFolder(path: string): string | undefined {
  return /^.*?\/include(?=\/)/s.exec(path)?.[0];
}
