/** A notice as one line. */
import type { ProgressEvent } from './events.js';

type NoticeEvent = Extract<ProgressEvent, { readonly kind: 'notice' }>;

/** `warning: the image is for linux/amd64, …`; without the prefix for a plain notice. */
export function noticeLine({ message, warning = false }: NoticeEvent): string {
  return warning ? `warning: ${message}` : message;
}

type FindingEvent = Extract<ProgressEvent, { readonly kind: 'finding' }>;

/** `warning: /app/.git: a folder of version control: leave it out … [version-control]` */
export function findingLine({ severity, path, message, advice, id }: FindingEvent): string {
  // Most messages have it in them.
  const where = path === undefined || message.includes(path) ? '' : `${path}: `;
  return `${severity}: ${where}${message}: ${advice} [${id}]`;
}
