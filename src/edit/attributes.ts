/** `--owner`: every entry's owner, with the names emptied, in every form that a tar carries it. */
import { DockerceptionError } from '../errors.js';
import { isXattrRecord } from '../tar/pax.js';
import { parseModeChanges } from '../text/mode-changes.js';
import type { Edit } from './edit.js';

/** Numeric ids. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** What every engine can take, rootless ones too. */
export const ROOT: Owner = { uid: 0, gid: 0 };

/** The largest id there is: 2^32 - 1 means "don't change" to chown(2). */
const LARGEST_ID = 2 ** 32 - 2;

/** Whether it can be the id of an owner. */
export function isOwnerId(id: unknown): boolean {
  return Number.isInteger(id) && (id as number) >= 0 && (id as number) <= LARGEST_ID;
}

/** Reads `UID[:GID]`; a missing GID is the UID, as with `COPY --chown`. Throws USAGE_OWNER. */
export function parseOwner(text: string): Owner {
  const match = /^([0-9]+)(?::([0-9]+))?$/.exec(text);
  const uid = Number(match?.[1]);
  const gid = Number(match?.[2] ?? match?.[1]);
  if (match === null || !isOwnerId(uid) || !isOwnerId(gid)) {
    throw new DockerceptionError(
      'usage',
      'USAGE_OWNER',
      `reading --owner: '${text}' is not UID[:GID]`,
      {
        hint: 'give numbers, such as --owner 1000:1000: names differ from image to image',
      },
    );
  }
  return { uid, gid };
}

export function setOwner({ uid, gid }: Owner): Edit {
  const edit: Edit = (entry) => {
    entry.uid = uid;
    entry.gid = gid;
    entry.uname = '';
    entry.gname = '';
  };
  edit.global = (header) => header.setOwner(uid, gid);
  return edit;
}

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

/** Gives every time stamp this value, in seconds since 1970. */
export function setTimes(seconds: number): Edit {
  return mapTimes(() => seconds);
}

/** Lets no time stamp be later than this, in seconds since 1970. */
export function clampTimes(seconds: number): Edit {
  return mapTimes((time) => Math.min(time, seconds));
}

function mapTimes(change: (time: number) => number): Edit {
  const edit: Edit = (entry) => entry.mapTimes(change);
  edit.global = (header) => header.mapTimes(change);
  return edit;
}

/** `--no-xattrs`: leaves out all of them, access control lists and security labels included. */
export function dropXattrs(): Edit {
  return dropRecords(isXattrRecord);
}

/** Leaves out PAX records, local and global ones. */
export function dropRecords(drops: (key: string) => boolean): Edit {
  const keeps = (key: string): boolean => !drops(key);
  const edit: Edit = (entry) => {
    if (entry.hasMetadata) entry.keepRecords(keeps);
  };
  edit.global = (header) => header.keepRecords(keeps);
  return edit;
}
