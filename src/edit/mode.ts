/** `--mode`: permission bits, changed as chmod(1) changes them. */
import { DockerceptionError } from '../errors.js';
import { parseModeChanges } from '../text/mode-changes.js';
import type { Edit } from './edit.js';

/** Reads the changes; throws USAGE_MODE. */
export function setMode(text: string): Edit {
  const change = parseModeChanges(text);
  if (change === undefined) {
    throw new DockerceptionError('usage', 'USAGE_MODE', `reading --mode: '${text}' is not a mode`, {
      hint: 'as for chmod: a+rX, go-w, u=rwx,go=rx, 0755',
    });
  }
  return (entry) => {
    // A symbolic link has no permissions of its own.
    if (entry.type === 'symlink') return;
    entry.mode = change(entry.mode, entry.type === 'directory');
  };
}
