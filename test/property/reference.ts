/** The edits, done plainly on a listing: what the filter's output has to read as. */
import { sparseRecords } from '../support/portable.js';
import type { Entry } from '../support/read-tar.js';
import type { Edits } from './entries.js';

/** What is compared of an entry. */
export interface Listed {
  readonly name: string;
  readonly linkname: string;
  readonly typeflag: string;
  readonly owner: string;
  readonly mode: number;
  readonly mtime: string;
  readonly body: string;
  readonly records: readonly (readonly [string, string])[];
}

/** Why the whole stream has to be refused. */
export class Refusal extends Error {}

/** One entry as it stands. */
export function list(entry: Entry): Listed {
  return {
    name: entry.name,
    linkname: entry.linkname,
    typeflag: entry.typeflag,
    owner: `${entry.uid}:${entry.gid} ${entry.uname}:${entry.gname}`,
    mode: entry.mode & 0o7777,
    mtime: entry.mtime,
    body: entry.body.toString('latin1'),
    records: [...entry.records],
  };
}

/** Types that container engines don't know, as what they know. */
function portable(entry: Entry, edits: Edits): Listed {
  const listed = list(entry);
  const { owner, ...others } = edits;
  if (owner === 'keep' && Object.keys(others).length === 0) return listed;
  if (listed.typeflag === '7') return { ...listed, typeflag: '0' };
  if (listed.typeflag === 'S') {
    const records = [...listed.records, ...sparseRecords(entry)];
    return { ...listed, typeflag: '0', records };
  }
  if (listed.typeflag === 'D') return { ...listed, typeflag: '5', body: '' };
  return listed;
}

const MODES: Readonly<Record<string, (mode: number, directory: boolean) => number>> = {
  'a+rX,go-w': (mode, directory) =>
    (mode | 0o444 | (directory || (mode & 0o111) !== 0 ? 0o111 : 0)) & ~0o022,
  '0755': () => 0o755,
  'u=rwx,go=rx': (mode, directory) => 0o755 | (directory ? mode & 0o6000 : 0),
  '-w': (mode) => mode & ~0o222,
  'u+s,+t': (mode) => mode | 0o5000,
};

/** The edited listing. Throws a Refusal where an edit can't be right. */
export function reference(entries: readonly Entry[], edits: Edits): Listed[] {
  const left: Listed[] = [];
  for (const entry of entries) {
    const listed = portable(entry, edits);
    const hard = listed.typeflag === '1';
    const name = rename(listed.name, edits);
    if (name === undefined) continue;
    const linkname = hard ? rename(listed.linkname, edits) : listed.linkname;
    if (linkname === undefined) throw new Refusal('the link lost its target');
    if (isExcluded(name, edits)) continue;
    if (hard && isExcluded(linkname, edits)) throw new Refusal("the link's target is excluded");
    const change = edits.mode === undefined ? undefined : MODES[edits.mode];
    const mode =
      change && listed.typeflag !== '2'
        ? change(listed.mode, listed.typeflag === '5')
        : listed.mode;
    const { owner = { uid: 0, gid: 0 } } = edits;
    left.push({
      ...listed,
      name,
      linkname,
      mode,
      mtime: moveTime(listed.mtime, edits),
      records: listed.records.map(([key, value]): readonly [string, string] => [
        key,
        key === 'atime' || key === 'ctime' ? moveTime(value, edits) : value,
      ]),
      owner: owner === 'keep' ? listed.owner : `${owner.uid}:${owner.gid} :`,
    });
  }
  return left;
}

function moveTime(time: string, { mtime, clampMtime }: Edits): string {
  const set = mtime === undefined ? time : String(mtime);
  const late = clampMtime !== undefined && Number(set) > clampMtime;
  return late ? String(clampMtime) : set;
}

function rename(name: string, { stripComponents = 0, prefix }: Edits): string | undefined {
  let left = name.replace(/^\/+/, '');
  if (left === '') left = './';
  for (let count = 0; count < stripComponents; count++) {
    const match = /^[^/]*\/+([^]+)$/.exec(left);
    if (match === null) return undefined;
    left = match[1] as string;
  }
  if (prefix === undefined) return left;
  return `${prefix.replace(/\/$/, '')}/${left === '.' ? '' : left.replace(/^\.\/+/, '')}`;
}

function isExcluded(name: string, { exclude = [] }: Edits): boolean {
  const path = name
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
  if (path === 'Dockerfile' || path === '.dockerignore') return false;
  return exclude.some((pattern) => path === pattern || path.startsWith(`${pattern}/`));
}
