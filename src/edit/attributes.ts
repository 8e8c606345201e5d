/** Edits of owner, mode, times and extended attributes, in every form that a header has. */
import { DockerceptionError } from '../errors.js';
import { isXattrRecord } from '../tar/pax.js';
import { parseModeChanges } from '../text/mode-changes.js';
import type { Edit } from './edit.js';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** The owner that every engine accepts, rootless ones too. */
export const ROOT: Owner = { uid: 0, gid: 0 };

/** 2^32 - 1 means "don't change" to chown(2). */
const LARGEST_ID = 2 ** 32 - 2;

export function isOwnerId(id: unknown): boolean {
  return Number.isInteger(id) && (id as number) >= 0 && (id as number) <= LARGEST_ID;
}

/**
 * Reads `UID[:GID]`; a missing GID is the UID, as in `COPY --chown`.
 * @throws DockerceptionError `USAGE_OWNER`
 */
export function parseOwner(text: string): Owner {
  const match = /^([0-9]+)(?::([0-9]+))?$/.exec(text);
  const uid = Number(match?.[1]);
  const gid = Number(match?.[2] ?? match?.[1]);
  if (match === null || !isOwnerId(uid) || !isOwnerId(gid)) {
    const message = `reading the option 'owner': '${text}' is not UID[:GID]`;
    throw new DockerceptionError('usage', 'USAGE_OWNER', message, {
      hint: 'give numbers, such as `owner: 1000:1000`: names differ from image to image',
    });
  }
  return { uid, gid };
}

/** Sets the owner of every entry, and empties its names. */
export function setOwner({ uid, gid }: Owner): Edit {
  const edit: Edit = (entry) => {
    entry.uid = uid;
    entry.gid = gid;
    entry.uname = '';
    entry.gname = '';
  };
  edit.global = (header) => header.setOwner(uid, gid);
  edit.plain = { owner: { uid, gid } };
  return edit;
}

/**
 * Changes permission bits as chmod(1) does, except those of symbolic links.
 * @throws DockerceptionError `USAGE_MODE`
 */
export function setMode(text: string): Edit {
  const change = parseModeChanges(text);
  if (change === undefined) {
    throw new DockerceptionError(
      'usage',
      'USAGE_MODE',
      `reading the option 'mode': '${text}' is not a mode`,
      {
        hint: 'as for chmod: a+rX, go-w, u=rwx,go=rx, 0755',
      },
    );
  }
  return (entry) => {
    if (entry.type === 'symlink') return;
    entry.mode = change(entry.mode, entry.type === 'directory');
  };
}

/** Sets every time stamp, in seconds since 1970. */
export function setTimes(seconds: number): Edit {
  return mapTimes(() => seconds);
}

/** Limits every time stamp, in seconds since 1970. */
export function clampTimes(seconds: number): Edit {
  return mapTimes((time) => Math.min(time, seconds));
}

function mapTimes(change: (time: number) => number): Edit {
  const edit: Edit = (entry) => entry.mapTimes(change);
  edit.global = (header) => header.mapTimes(change);
  return edit;
}

/** Drops all extended attributes, access control lists and security labels included. */
export function dropXattrs(): Edit {
  return dropRecords(isXattrRecord);
}

/** Drops local and global PAX records. */
export function dropRecords(drops: (key: string) => boolean): Edit {
  const keeps = (key: string): boolean => !drops(key);
  const edit: Edit = (entry) => {
    if (entry.hasMetadata) entry.keepRecords(keeps);
  };
  edit.global = (header) => header.keepRecords(keeps);
  return edit;
}
