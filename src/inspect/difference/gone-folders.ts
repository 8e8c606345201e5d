/** What went away, told by the highest directories that went as a whole. */
import type { DifferenceEntry } from './difference.js';

export interface GoneFolder {
  readonly path: string;
  readonly directory: boolean;
  readonly bytes: number;
  /** Files that went with it, those that moved not counted. */
  readonly files: number;
}

/** In the order of the tree. */
export function goneFolders(entries: readonly DifferenceEntry[]): readonly GoneFolder[] {
  const folders: { path: string; directory: boolean; bytes: number; files: number }[] = [];
  for (const { path, how, kind, bytes } of entries) {
    if (how !== 'gone') continue;
    const files = kind === 'file' ? 1 : 0;
    const above = folders.at(-1);
    // What is below a directory follows it.
    if (above?.directory === true && path.startsWith(`${above.path}/`)) {
      above.bytes += bytes;
      above.files += files;
    } else folders.push({ path, directory: kind === 'directory', bytes, files });
  }
  return folders;
}
