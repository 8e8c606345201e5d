/** An inspected file system as the resolver of libraries sees one. */
import type { Architecture } from '../../../elf/architecture.js';
import type { BuilderFiles } from '../../../elf/builder-files.js';
import { unknownElf } from '../../../elf/elf.js';
import type { ElfFile, ElfStrings } from '../../../elf/elf-file.js';
import { type Entry, find } from '../../entry.js';

/** Only what a program opens beyond what it needs hangs on these. */
export const NO_STRINGS: ElfStrings = {
  bundles: [],
  opensslFile: undefined,
  namesZones: false,
  hasNss: true,
};

export function entryFiles(root: Entry): BuilderFiles {
  return {
    lstat: async (path) => {
      const entry = find(root, path, false);
      if (entry === undefined) return undefined;
      if (entry.kind === 'symlink') return { type: 'symlink', target: entry.target ?? '' };
      const { kind } = entry;
      return { type: kind === 'file' || kind === 'directory' ? kind : 'other' };
    },
    read: async (path) => {
      const text = find(root, path, false)?.content?.text;
      return text === undefined ? undefined : Buffer.from(text);
    },
    list: async (path) => [...(find(root, path, false)?.children?.keys() ?? [])],
  };
}

/**
 * The programs and libraries in it.
 * @param architecture what a file is taken for that nobody looked into
 */
export function entryObjects(
  root: Entry,
  architecture: Architecture,
): { get(path: string): Promise<ElfFile | undefined> } {
  return {
    get: async (path) => {
      const entry = find(root, path, false);
      if (entry === undefined) return undefined;
      const elf = entry.content === undefined ? unknownElf(architecture) : entry.content.elf;
      return elf && { path, elf, strings: NO_STRINGS };
    },
  };
}
