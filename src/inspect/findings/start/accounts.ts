/**
 * The user of a container: USER, resolved with the image's /etc/passwd and /etc/group like runc (moby/sys/user,
 * GetExecUser), and its permissions.
 */
import { type Entry, find } from '../../entry.js';

export interface Account {
  readonly uid: number;
  readonly gids: readonly number[];
}

/** A name that a file lacks. */
export interface UnknownName {
  readonly name: string;
  readonly file: '/etc/passwd' | '/etc/group';
}

export const READ = 4;
export const WRITE = 2;
export const EXECUTE = 1;

/** Neither if the contents of these files are unknown. */
export function accountOf(
  root: Entry,
  user: string,
): { readonly account?: Account; readonly unknownName?: UnknownName } {
  const [name = '', group] = user.split(':');
  const users = lines(root, '/etc/passwd');
  const groups = lines(root, '/etc/group');
  const known = users?.find(([login, , uid]) => login === name || uid === (name || '0'));
  const uid = numberOf(name || '0') ?? numberOf(known?.[2]);
  if (uid === undefined)
    return users === undefined ? {} : { unknownName: { name, file: '/etc/passwd' } };
  const gid = group ? numberOf(group) : (numberOf(known?.[3]) ?? 0);
  if (gid !== undefined) {
    const login = known?.[0];
    const others = (group ? [] : (groups ?? [])).flatMap(([, , id, members = '']) =>
      login !== undefined && members.split(',').includes(login) ? [numberOf(id) ?? 0] : [],
    );
    return { account: { uid, gids: [gid, ...others] } };
  }
  const found = numberOf(groups?.find(([called]) => called === group)?.[2]);
  if (found !== undefined) return { account: { uid, gids: [found] } };
  return groups === undefined ? {} : { unknownName: { name: group as string, file: '/etc/group' } };
}

/** Whether the mode allows an access. Root may do everything except execute a file without any x bit. */
export function may({ uid, gids }: Account, entry: Entry, access: number): boolean {
  if (uid === 0)
    return access !== EXECUTE || entry.kind === 'directory' || (entry.mode & 0o111) !== 0;
  const shift = uid === entry.uid ? 6 : gids.includes(entry.gid) ? 3 : 0;
  return ((entry.mode >> shift) & access) === access;
}

/** The topmost folder above an entry that the user may not search, if any. */
export function closedFolder(account: Account, entry: Entry): Entry | undefined {
  let closed: Entry | undefined;
  for (let folder = entry.parent; folder !== undefined; folder = folder.parent)
    if (!may(account, folder, EXECUTE)) closed = folder;
  return closed;
}

/** The fields of each line; empty without the file, undefined if its content is unknown. */
function lines(root: Entry, path: string): string[][] | undefined {
  const entry = find(root, path);
  if (entry === undefined || entry.size === 0) return [];
  return entry.content?.text?.split('\n').map((line) => line.trim().split(':'));
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
