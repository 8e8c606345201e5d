/** Files that are needed to build programs, but not to run them: compilers, headers, static libraries. */
import { posix } from 'node:path';
import { printable } from '../../../text/printable.js';
import type { Entry } from '../../entry.js';
import { finding } from '../catalogue.js';
import type { Rule } from '../rule.js';
import { counted, Groups, namesOf, size } from './group.js';

/** With a target and a version: `x86_64-linux-gnu-gcc-12`. */
const COMPILER =
  /^(?:[\w.]+-){0,4}(?:gcc|g\+\+|c\+\+|cc|cc1|cc1plus|clang|clang\+\+|gfortran|rustc|cargo|javac|ghc|ocamlopt|make|gmake|cmake|ninja|as|ld(?:\.bfd|\.gold|\.lld)?)(?:-[\d.]+)?$/;
const HEADER = /\.(?:h|hh|hpp|hxx)$/;
const STAGES = 'build in a stage of its own, and COPY --from it what is needed to run';

export function toolchain(): Rule {
  const compilers = new Groups();
  const headers = new Groups();
  const libraries = new Groups();
  return {
    visit: (entry, place) => {
      // The path is computed on demand, so the name is checked first.
      const { kind, name } = entry;
      if (kind !== 'file' || place.isInside) return;
      if (isCompiler(entry)) compilers.add('', entry);
      else if (HEADER.test(name) && !place.isPackage) {
        const folder = includeFolder(entry.path);
        if (folder !== undefined) headers.add(folder, entry);
      } else if (/\.a$|^crt1\.o$/.test(name) && !place.isPackage)
        libraries.add(posix.dirname(entry.path), entry);
    },
    findings: function* () {
      for (const [, group] of compilers)
        yield finding(
          'compiler',
          group.first.path,
          `compilers and build tools: ${namesOf(group)} ${size(group.bytes)}`,
          STAGES,
        );
      for (const [folder, { count, bytes }] of headers)
        yield finding(
          'headers',
          folder,
          `${counted(count, 'a header', 'headers')} of C and C++ below ${printable(folder)} ${size(bytes)}`,
          STAGES,
        );
      for (const [folder, group] of libraries)
        yield finding(
          'static-libraries',
          folder,
          `static libraries in ${printable(folder)}: ${namesOf(group)} ${size(group.bytes)}`,
          STAGES,
        );
    },
  };
}

function isCompiler(entry: Entry): boolean {
  const { name, mode, content, parent } = entry;
  if ((mode & 0o111) === 0) return false;
  if (content !== undefined && content.elf?.kind !== 'program') return false;
  // Other programs are named `go` as well.
  if (name === 'go')
    return entry.path.endsWith('/go/bin/go') || entry.path.startsWith('/usr/lib/go');
  return COMPILER.test(name) && parent !== undefined && /^(?:s?bin|\d.*)$/.test(parent.name);
}

/** The topmost folder `include` on a path. */
function includeFolder(path: string): string | undefined {
  const at = path.indexOf('/include/');
  return at < 0 ? undefined : path.slice(0, at + '/include'.length);
}
