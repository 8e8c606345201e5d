/** What is told of an ELF file, out of those parts of it that were kept. */
import { ET, readArchitecture, readObject, readType, unknownElf } from '../../elf/elf.js';
import { type ElfBytes, ElfError, ElfGap } from '../../elf/elf-bytes.js';
import { PT, readSegments } from '../../elf/elf-bytes.js';
import { builtInDirectories } from '../../elf/loader.js';
import { WATCHED_SYMBOLS } from '../../elf/elf-file.js';
import type { ElfContent } from './content.js';

/** glibc's loaders, by their names. */
export function isLoader(path: string): boolean {
  return /\/ld[-\d][^/]*$/.test(path);
}

/**
 * Undefined for a type of file that nobody knows.
 * @param kept the bytes of a loader, in which its directories are
 * @throws ElfError when it is cut short or damaged
 */
export function readElfContent(
  bytes: ElfBytes,
  path: string,
  kept: Buffer,
): ElfContent | undefined {
  const type = readType(bytes);
  const nothing = unknownElf(readArchitecture(bytes));
  if (type === ET.REL) return { ...nothing, kind: 'relocatable' };
  if (type === ET.CORE) return { ...nothing, kind: 'core' };
  try {
    const object = readObject(bytes, WATCHED_SYMBOLS);
    if (object === undefined) return undefined;
    needSegments(bytes);
    const { elf, isProgram } = object;
    const directories = isLoader(path) ? builtInDirectories(kept) : undefined;
    return {
      ...elf,
      kind: isProgram ? 'program' : 'library',
      ...(directories === undefined ? {} : { directories }),
    };
  } catch (error) {
    if (!(error instanceof ElfGap)) throw error;
    // What is in a part that was not kept is unknown, and nothing will be said about it.
    return { ...nothing, kind: type === ET.EXEC ? 'program' : 'library' };
  }
}

/** A loader reads no more than the front of a file, but the program needs all of it. */
function needSegments(bytes: ElfBytes): void {
  for (const { type, offset, size } of readSegments(bytes))
    if (type === PT.LOAD && offset + size > bytes.size)
      throw new ElfError(
        `its segments end at byte ${offset + size}, the file at byte ${bytes.size}`,
      );
}
