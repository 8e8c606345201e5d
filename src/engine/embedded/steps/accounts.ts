/**
 * Resolves `--chown`. Names are looked up in /etc/passwd and /etc/group of the image (passwd(5), group(5)). Without a
 * group, a numeric user gets the group of the same number, and a named user the group in passwd.
 */
import { DockerceptionError } from '../../../errors.js';
import { isFile } from '../../../filesystem/node.js';
import type { Tree } from '../../../filesystem/tree.js';
import { printable } from '../../../text/printable.js';
import { nearestNames } from '../../../text/suggest.js';
import { contentOf } from '../spool/contents.js';
import type { Spool } from '../spool/spool.js';

/** The files in which names are looked up. Their contents are kept of every base. */
export const ACCOUNT_FILES: readonly string[] = ['etc/passwd', 'etc/group'];

/** Bytes of such a file that are read. */
const MAX_ACCOUNTS = 4 << 20;
/** The largest ID: chown(2) takes the next one for "unchanged". */
const MAX_ID = 0xfffffffe;

export interface OwnerIds {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The numeric owner for `[USER][:GROUP]`. Throws CHOWN_INVALID, and CHOWN_UNKNOWN for an unknown name, where BuildKit
 * uses root.
 */
export function lookUpOwner(tree: Tree, spool: Spool, text: string): OwnerIds {
  const [user = '', group, ...more] = text.split(':');
  if (more.length > 0) {
    const message = `--chown=${printable(text)} is not USER[:GROUP]`;
    throw new DockerceptionError('build', 'CHOWN_INVALID', message);
  }
  const find = (file: AccountFile, name: string): Account => {
    const id = number(name);
    if (id !== undefined) return { name, id, group: id };
    const accounts = accountsOf(tree, spool, file);
    const found = accounts.find((account) => account.name === name);
    if (found === undefined && name !== 'root') throw unknownName(text, file, name, accounts);
    return found ?? ROOT;
  };
  const owner = user === '' ? ROOT : find('passwd', user);
  if (group === undefined) return { uid: owner.id, gid: owner.group };
  return { uid: owner.id, gid: group === '' ? 0 : find('group', group).id };
}

type AccountFile = 'passwd' | 'group';

/** A line of passwd or group. In group, the fourth field is no number. */
interface Account {
  readonly name: string;
  readonly id: number;
  readonly group: number;
}

const ROOT: Account = { name: 'root', id: 0, group: 0 };

function accountsOf(tree: Tree, spool: Spool, file: AccountFile): Account[] {
  const node = tree.find(`etc/${file}`);
  if (!isFile(node) || node.offset < 0) return [];
  const lines = contentOf(node, spool, MAX_ACCOUNTS).toString('utf8').split('\n');
  return lines.flatMap((line) => {
    const [name = '', , id = '', group = ''] = line.split(':');
    const parsed = number(id);
    return parsed === undefined ? [] : [{ name, id: parsed, group: number(group) ?? parsed }];
  });
}

function unknownName(
  text: string,
  file: AccountFile,
  name: string,
  accounts: readonly Account[],
): DockerceptionError {
  const what = file === 'passwd' ? 'user' : 'group';
  const names = accounts.map((account) => account.name);
  const close = nearestNames(name, names).map((one) => printable(one));
  const message = `--chown=${printable(text)}: there is no ${what} '${printable(name)}' in the image's /etc/${file}`;
  const hint =
    close.length === 0
      ? 'give numbers, as in --chown=1000:1000'
      : `the nearest are ${close.join(', ')}; numbers need no look-up`;
  return new DockerceptionError('build', 'CHOWN_UNKNOWN', message, { hint });
}

function number(text: string): number | undefined {
  if (!/^\+?[0-9]+$/.test(text)) return undefined;
  return Number(text) <= MAX_ID ? Number(text) : undefined;
}
