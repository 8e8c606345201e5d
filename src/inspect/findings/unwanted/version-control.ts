/** Folders of version control: every version of every file, and whatever was deleted from them. */
import { printable } from '../../../text/printable.js';
import type { Entry } from '../../entry.js';
import { finding } from '../catalogue.js';
import { isVersionControl, type Rule } from '../rule.js';
import type { Subject } from '../subject.js';
import { leaveOut } from './advice.js';
import { counted, size } from './group.js';

export function versionControl(subject: Subject): Rule {
  const found: Entry[] = [];
  return {
    visit: (entry, { isInside }) => {
      if (!isInside && isVersionControl(entry) && entry.files > 0) found.push(entry);
    },
    findings: () =>
      found.map((folder) =>
        finding(
          'version-control',
          folder.path,
          `${printable(folder.path)} has the history of the sources: ${counted(folder.files, 'a file', 'files')} ${size(folder.total)}`,
          leaveOut(subject, folder.name),
        ),
      ),
  };
}
