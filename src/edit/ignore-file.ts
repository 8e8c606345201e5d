/** Reports a .dockerignore in a stream, which isn't applied. */
import { UNUSED_IGNORE_FILE } from '../dockerfile/ignore-file.js';
import { cleanPath } from '../text/path.js';
import type { Edit } from './edit.js';

/** @param notice called with one line, at most once */
export function reportIgnoreFile(notice: (message: string) => void): Edit {
  let isReported = false;
  return (entry) => {
    if (isReported || entry.type !== 'file') return;
    const { path } = entry;
    if (!path.endsWith('.dockerignore') || cleanPath(path) !== '.dockerignore') return;
    isReported = true;
    const { message, advice } = UNUSED_IGNORE_FILE;
    notice(`${message}: ${advice}`);
  };
}
