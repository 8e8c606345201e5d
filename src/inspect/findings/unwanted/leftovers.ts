/** Core dumps, and files of editors and desktops. */
import { printable } from '../../../text/printable.js';
import type { Entry } from '../../entry.js';
import { finding } from '../catalogue.js';
import { entryRule, groupRule, type Rule } from '../rule.js';
import type { Subject } from '../subject.js';
import { counted, leaveOut, size } from './wording.js';

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

export function leftovers(subject: Subject): Rule[] {
  return [
    entryRule((entry, { isInside }) => {
      if (isInside || !isDump(entry)) return undefined;
      const { path, name, total } = entry;
      const message = `${printable(path)} is the memory of a program that crashed ${size(total)}`;
      const advice = `remove it: it may hold secrets, too; ${leaveOut(subject, name)}`;
      return finding('core-dump', path, message, advice);
    }),
    entryRule((entry, { isInside, isPackage }) => {
      const { kind, name, files } = entry;
      if (kind !== 'directory' || isInside || isPackage || !FOLDERS.has(name) || files === 0)
        return undefined;
      const message = `${printable(entry.path)} has an editor’s settings: ${counted(files, 'a file', 'files')}`;
      return finding('editor-leftover', entry.path, message, leaveOut(subject, name));
    }),
    groupRule(
      (entry, { isInside, isSystem, isPackage }) => {
        if (entry.kind !== 'file' || isInside || isSystem || isPackage) return undefined;
        const index = LEFTOVERS.findIndex(([form]) => form.test(entry.name));
        return index < 0 || isDump(entry) ? undefined : String(index);
      },
      (index, { first, count }) => {
        const [, what, pattern] = LEFTOVERS[Number(index)] as (typeof LEFTOVERS)[number];
        const more = count > 1 ? `, as are ${count - 1} more` : '';
        const message = `${printable(first.path)} is ${what}${more}`;
        return finding('editor-leftover', first.path, message, leaveOut(subject, pattern));
      },
    ),
  ];
}

function isDump({ kind, name, content, size }: Entry): boolean {
  if (kind !== 'file') return false;
  if (content !== undefined) return content.elf?.kind === 'core';
  return /^core(?:\.\d+)?$/.test(name) && size > 0;
}
