/** A loader or a library that is missing: which C library a program is for, and what would help. */
import { isMusl } from '../../../elf/loader.js';
import type { Missing } from '../../../elf/process.js';
import { printable } from '../../../text/printable.js';
import { type Entry, find } from '../../entry.js';
import type { Finding } from '../../finding.js';
import { finding } from '../catalogue.js';
import type { Run } from '../subject.js';
import type { Loaded } from './libraries.js';
import { elsewhere } from './lookup.js';

export function loaderMissing(
  run: Run,
  path: string,
  called: string,
  interpreter: string,
): Finding {
  const isForMusl = isMusl(interpreter);
  const names = [...(find(run.root, '/lib')?.children?.keys() ?? [])];
  const hasMusl = names.some((name) => isMusl(name));
  const hasGlibc = hasGlibcLoader(run.root);
  const there = printable(interpreter);
  if (!isForMusl && hasMusl && !hasGlibc)
    return finding(
      'glibc-on-musl',
      path,
      `${called} is linked with glibc, and the image has musl: its loader ${there} is not there`,
      'build it on Alpine, link it statically (CGO_ENABLED=0, -static), or take a base image with glibc',
    );
  if (isForMusl && hasGlibc && !hasMusl)
    return finding(
      'musl-on-glibc',
      path,
      `${called} is linked with musl, and the image has glibc: its loader ${there} is not there`,
      'build it on the distribution that it runs on, link it statically (-static), or take Alpine as base image',
    );
  return finding(
    'loader-missing',
    path,
    `${called} is dynamic, and its loader ${there} is not in the image`,
    'link it statically (CGO_ENABLED=0, -static), or add its libraries: --libs finds them',
  );
}

function hasGlibcLoader(root: Entry): boolean {
  const folders = ['/lib64', '/lib', '/usr/lib64'].map((path) => find(root, path));
  return folders.some((folder) =>
    [...(folder?.children?.keys() ?? [])].some((name) =>
      /^ld-linux.*\.so\.\d$|^ld64\.so\.\d$/.test(name),
    ),
  );
}

export function libraryMissing(
  run: Run,
  path: string,
  called: string,
  { configured, missing: all }: Loaded,
  { name, by, rejected }: Missing,
): Finding {
  const shown = printable(name);
  const needs = by === path ? `${called} needs` : `${called} needs ${printable(by)}, and that`;
  const more = all.length > 1 ? ` (and ${all.length - 1} more)` : '';
  const [other] = rejected;
  if (other !== undefined)
    return finding(
      'library-architecture',
      path,
      `${needs} ${shown}${more}: ${printable(other.path)} ${printable(other.why)}`,
      'add the library for the program’s architecture: --libs finds it in the builder',
    );
  const isConfigured = configured.some(
    (folder) => find(run.root, `${folder}/${name}`)?.kind === 'file',
  );
  return finding(
    'library-missing',
    path,
    `${needs} ${shown}${more}, which is not where its loader looks${elsewhere(run.root, name)}`,
    isConfigured
      ? 'run ldconfig in the image: /etc/ld.so.cache does not know of it; or set LD_LIBRARY_PATH'
      : 'add it: --libs finds libraries in the builder, a package has them in the image; or set LD_LIBRARY_PATH',
  );
}
