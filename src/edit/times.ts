/** `--mtime`, `--clamp-mtime` and SOURCE_DATE_EPOCH: every time stamp set, or capped. */
import type { Edit } from './edit.js';

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
