/** A finding in one line, as every display but JSON says it. */
import type { ProgressEvent } from './events.js';

type FindingEvent = Extract<ProgressEvent, { readonly kind: 'finding' }>;

/** `warning: /app/.git: a folder of version control: leave it out … [version-control]` */
export function findingLine({ severity, path, message, advice, id }: FindingEvent): string {
  const where = path === undefined ? '' : `${path}: `;
  return `${severity}: ${where}${message}: ${advice} [${id}]`;
}
