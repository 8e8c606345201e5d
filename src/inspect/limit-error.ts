/** How exceeded limits are said: a line for each offender, and one error for all of them. */
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import type { Exceeded, Offender } from './exceeded.js';
import { shellQuote } from './text/shell-quote.js';

/** What to do. */
const HINTS: Readonly<Record<Exceeded['limit'], string>> = {
  '--max-size': 'dockerception inspect shows what takes the space',
  '--max-layers': 'put instructions together, or copy the result into an image of its own',
  '--max-waste': 'delete files in the instruction that makes them',
  '--deny': 'leave them out: .dockerignore, --exclude, or COPY what is needed alone',
  '--deny-setuid': 'chmod a-s takes the bits away, --mode a-s those of a context',
  '--deny-ids':
    'COPY --chown=0:0 sets an owner that every engine can map; so does a build without --keep-owner',
  '--must-run': 'dockerception inspect shows what is missing',
};

/** One line for each offender, for standard error: `--deny '**\/*.c': /src/a.c`. */
export function* exceededLines(all: readonly Exceeded[]): Generator<string> {
  for (const { limit, value, offenders, count } of all) {
    for (const offender of offenders) yield `${option(limit, value)}: ${text(offender)}`;
    if (count > offenders.length) yield `${option(limit, value)}: ${count - offenders.length} more`;
  }
}

/**
 * The error, of kind `limit`: it names every limit that is exceeded.
 * @param target what was looked into
 */
export function limitError(target: string, all: readonly Exceeded[]): DockerceptionError {
  const parts = all.map(
    ({ limit, value, message }) => `${option(limit, value)}: ${printable(message)}`,
  );
  const hints = new Set(all.map(({ limit }) => HINTS[limit]));
  return new DockerceptionError(
    'limit',
    'LIMIT_EXCEEDED',
    `checking ${printable(target)}: ${parts.join('; ')}`,
    { hint: [...hints].join('; ') },
  );
}

function option(limit: string, value: string | undefined): string {
  return value === undefined ? limit : `${limit} ${shellQuote(value)}`;
}

function text({ path, why }: Offender): string {
  const parts = [path, why].filter((part) => part !== undefined);
  return parts.map((part) => printable(part, Infinity)).join(': ');
}
