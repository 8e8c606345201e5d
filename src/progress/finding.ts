/** A finding in one line, as every display but JSON says it. */
import type { ProgressEvent } from './events.js';

type FindingEvent = Extract<ProgressEvent, { readonly kind: 'finding' }>;

/** `warning: /app/.git: a folder of version control: leave it out … [version-control]` */
export function findingLine({ severity, path, message, advice, id }: FindingEvent): string {
  // Most messages have it in them.
  const where = path === undefined || message.includes(path) ? '' : `${path}: `;
  return `${severity}: ${where}${message}: ${advice} [${id}]`;
}
