/** A folder of this machine, or all of it, as a builder's file system; counts what it is asked. */
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuilderFiles } from '../../src/elf/builder-files.js';

export interface HostFiles extends BuilderFiles {
  /** How many times `lstat` was asked. */
  readonly asked: () => number;
}

export function hostFiles(root = '/'): HostFiles {
  let asked = 0;
  const orNothing = async <Value, Nothing>(
    value: Promise<Value>,
    nothing: Nothing,
  ): Promise<Value | Nothing> => value.catch(() => nothing);
  return {
    asked: () => asked,
    lstat: async (path) => {
      asked++;
      const at = join(root, path);
      const stat = await orNothing(lstat(at), undefined);
      if (stat === undefined) return undefined;
      if (stat.isSymbolicLink()) return { type: 'symlink', target: await readlink(at) };
      return { type: stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : 'other' };
    },
    read: (path) => orNothing(readFile(join(root, path)), undefined),
    list: (path) => orNothing(readdir(join(root, path)), []),
  };
}
