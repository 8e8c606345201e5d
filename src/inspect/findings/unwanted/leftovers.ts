/** Core dumps, and files of editors and desktops. */
import { printable } from '../../../text/printable.js';
import type { Entry } from '../../entry.js';
import { finding } from '../catalogue.js';
import type { Rule } from '../rule.js';
import type { Subject } from '../subject.js';
import { leaveOut } from './advice.js';
import { counted, Groups, size } from './group.js';

/** Names, their meaning, and the pattern for .dockerignore. */
const LEFTOVERS: readonly (readonly [RegExp, what: string, pattern: string])[] = [
  [/~$/, 'an editor’s backup', '*~'],
  [/^\..+\.sw[a-p]$/, 'Vim’s swap file', '*.sw?'],
  [/^#.+#$/, 'Emacs’s auto-save file', '#*#'],
  [/\.(?:orig|rej)$/, 'a leftover of a merge or patch', '*.orig'],
  [/^\.DS_Store$/, 'the Finder’s settings', '.DS_Store'],
  [/^\._./, 'what macOS adds to tars', '._*'],
  [/^(?:Thumbs\.db|desktop\.ini)$/, 'Windows Explorer’s settings', 'Thumbs.db'],
  [/^\.(?:viminfo|lesshst|netrwhist)$/, 'an editor’s history', '.viminfo'],
];
const FOLDERS = new Set(['.idea', '.vscode', '.vs', '.fleet']);

export function leftovers(subject: Subject): Rule {
  const groups = new Groups();
  const folders: Entry[] = [];
  const dumps: Entry[] = [];
  return {
    visit: (entry, place) => {
      const { kind, name } = entry;
      if (place.isInside) return;
      if (kind === 'directory') {
        if (FOLDERS.has(name) && !place.isPackage && entry.files > 0) folders.push(entry);
      } else if (kind === 'file') {
        if (isDump(entry)) dumps.push(entry);
        else if (!place.isSystem && !place.isPackage) {
          const index = LEFTOVERS.findIndex(([form]) => form.test(name));
          if (index >= 0) groups.add(String(index), entry);
        }
      }
    },
    findings: function* () {
      for (const { path, name, total } of dumps)
        yield finding(
          'core-dump',
          path,
          `${printable(path)} is the memory of a program that crashed ${size(total)}`,
          `remove it: it may hold secrets, too; ${leaveOut(subject, name)}`,
        );
      for (const { path, name, files } of folders)
        yield finding(
          'editor-leftover',
          path,
          `${printable(path)} has an editor’s settings: ${counted(files, 'a file', 'files')}`,
          leaveOut(subject, name),
        );
      for (const [index, { first, count }] of groups) {
        const [, what, pattern] = LEFTOVERS[Number(index)] as (typeof LEFTOVERS)[number];
        const more = count > 1 ? `, as are ${count - 1} more` : '';
        yield finding(
          'editor-leftover',
          first.path,
          `${printable(first.path)} is ${what}${more}`,
          leaveOut(subject, pattern),
        );
      }
    },
  };
}

function isDump({ name, content, size }: Entry): boolean {
  if (content !== undefined) return content.elf?.kind === 'core';
  return /^core(?:\.\d+)?$/.test(name) && size > 0;
}
