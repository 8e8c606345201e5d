/** The error for a library that is missing in the builder. */
import { posix } from 'node:path';
import { DockerceptionError } from '../errors.js';
import { listed, printable } from '../text/printable.js';
import { trimEnd } from '../text/trim.js';
import type { Root } from './builder-files.js';
import type { Missing } from './process.js';

export const MAX_LISTED = 5;

/** Package managers, by one of their files, and the command that finds a library. */
const MANAGERS: readonly (readonly [string, (name: string) => string])[] = [
  ['/sbin/apk', (name) => `apk add so:${name}`],
  ['/usr/bin/apt-get', (name) => `apt-file search ${name}`],
  ['/usr/bin/dnf', (name) => `dnf install '*/${name}'`],
  ['/usr/bin/microdnf', (name) => `microdnf install '*/${name}'`],
  ['/usr/bin/zypper', (name) => `zypper install '*/${name}'`],
  ['/usr/bin/pacman', (name) => `pacman -F ${name}`],
];

/** The error for the first of at least one library; the others are named. */
export async function missingError(
  root: Root,
  missing: readonly Missing[],
): Promise<DockerceptionError> {
  const [{ name, by, searched, rejected }, ...others] = missing as [Missing, ...Missing[]];
  const why = rejected[0]
    ? `: ${rejected.map((one) => `${printable(one.path)} ${one.why}`).join(', ')}`
    : ' is not in the builder';
  const more =
    others.length === 0
      ? ''
      : ` (nor ${listed(
          others.map((other) => other.name),
          MAX_LISTED,
        )})`;
  const message = `finding ${printable(name)}, which ${printable(by)} needs${rejected[0] ? '' : ': it'}${why}${more}`;
  return new DockerceptionError('builder', 'LIBS_MISSING', message, {
    hint: await hintFor(root, name, searched),
  });
}

async function hintFor(root: Root, name: string, searched: readonly string[]): Promise<string> {
  if (name.includes('/') && !/^[/$]/.test(name))
    return 'the name is relative to the working directory: give the library a -soname, or link it with -L and -l';
  const near = await nearest(root, name, searched);
  const parts = near.length === 0 ? [] : [`there is ${listed(near, MAX_LISTED)}`];
  for (const [file, command] of MANAGERS)
    if ((await root.locate(file)).type === 'file') {
      parts.push(`in the builder: ${command(printable(posix.basename(name)))}`);
      break;
    }
  parts.push(
    searched.length === 0
      ? 'no directory to look in is there'
      : `looked in ${listed(searched, MAX_LISTED)}`,
  );
  return parts.join('; ');
}

/** Other versions of the library in the searched directories. */
async function nearest(root: Root, name: string, searched: readonly string[]): Promise<string[]> {
  const stem = stemOf(posix.basename(name));
  const found: string[] = [];
  for (const directory of searched)
    for (const other of await root.list(directory))
      if (other.includes('.so') && stemOf(other) === stem) found.push(posix.join(directory, other));
  return found.sort();
}

/** `libssl` of `libssl.so.1.1` and `libssl-3.so`, in lower case. */
function stemOf(name: string): string {
  return trimEnd(name.split('.so', 1)[0] as string, '-.0123456789').toLowerCase();
}
