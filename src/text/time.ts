/** Times in seconds since 1970, and SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/). */
import { DockerceptionError } from '../errors.js';

/** A date that has no zone is UTC: the result must not depend on TZ. */
const ISO = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[-+]\d\d:?\d\d)?$/;

/** Parses `@SECONDS`, `SECONDS` or ISO 8601. Throws USAGE_TIME, whose message names `from`. */
export function parseTime(text: string, from: string): number {
  if (/^@?-?[0-9]+(\.[0-9]+)?$/.test(text)) {
    const seconds = Number(text.replace('@', ''));
    if (Math.abs(seconds) < 2 ** 53) return seconds;
  }
  const [, clock = 'T00:00', , , zone = 'Z'] = ISO.exec(text) ?? [];
  const time = ISO.test(text)
    ? Date.parse(text.slice(0, 10) + clock.replace(' ', 'T') + zone)
    : NaN;
  if (!Number.isNaN(time)) return time / 1000;
  throw new DockerceptionError('usage', 'USAGE_TIME', `reading ${from}: '${text}' is not a time`, {
    hint: 'seconds since 1970, or a date such as 2024-01-31T12:00:00Z',
  });
}

/** Parses SOURCE_DATE_EPOCH, in whole seconds; undefined if it isn't set. Throws USAGE_TIME. */
export function sourceDateEpoch(env: NodeJS.ProcessEnv): number | undefined {
  const text = env['SOURCE_DATE_EPOCH'];
  if (text === undefined || text === '') return undefined;
  if (!/^[0-9]{1,15}$/.test(text)) {
    const message = `reading SOURCE_DATE_EPOCH: '${text}' is not a number of seconds`;
    throw new DockerceptionError('usage', 'USAGE_TIME', message);
  }
  return Number(text);
}
