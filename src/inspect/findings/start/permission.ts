/** Whether the image's user may run a file. */
import { printable } from '../../../text/printable.js';
import type { Entry } from '../../entry.js';
import type { Finding } from '../../finding.js';
import { finding } from '../catalogue.js';
import type { Run } from '../subject.js';
import { type Account, closedFolder, EXECUTE, may, READ } from './accounts.js';

/** A script has to be read, too: by its interpreter. */
export function permissionFinding(run: Run, account: Account, entry: Entry): Finding | undefined {
  const what = entry.content?.script === undefined ? EXECUTE : EXECUTE | READ;
  const closed = closedFolder(account, entry);
  if (closed === undefined && may(account, entry, what)) return undefined;
  const who = `the user ${printable(run.user) || 'root'}`;
  const mode = (closed ?? entry).mode.toString(8).padStart(4, '0');
  const where = closed === undefined ? '' : ` below ${printable(closed.path)}`;
  return finding(
    'entrypoint-user',
    entry.path,
    `${who} may not execute ${printable(entry.path)}${where}: the mode is ${mode}`,
    'let others read and execute it: chmod -R a+rX, or COPY --chown and --chmod',
  );
}
