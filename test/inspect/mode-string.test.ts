import { expect, it } from 'vitest';
import type { EntryKind } from '../../src/inspect/entry.js';
import { modeString } from '../../src/inspect/entry.js';

// As ls(1) shows them: mknod, mkfifo, ln -s and mkdir, then chmod MODE, then ls -ld.
it.each<[EntryKind, number, string]>([
  ['file', 0o644, '-rw-r--r--'],
  ['file', 0o4755, '-rwsr-xr-x'],
  ['file', 0o4644, '-rwSr--r--'],
  ['file', 0o2755, '-rwxr-sr-x'],
  ['file', 0o2644, '-rw-r-Sr--'],
  ['directory', 0o1777, 'drwxrwxrwt'],
  ['directory', 0o1770, 'drwxrwx--T'],
  ['symlink', 0o777, 'lrwxrwxrwx'],
  ['char-device', 0o666, 'crw-rw-rw-'],
  ['block-device', 0o660, 'brw-rw----'],
  ['fifo', 0, 'p---------'],
])('%s %o is %s', (kind, mode, text) => expect(modeString(kind, mode)).toBe(text));
