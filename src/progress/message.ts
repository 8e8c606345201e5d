/** Notices and findings as one line of text. */
import type { ProgressEvent } from './events.js';

type Message = Extract<ProgressEvent, { readonly kind: 'notice' | 'finding' }>;

/** `warning: the image is for linux/amd64, …`, `warning: /app/.git: a folder …: leave it out … [version-control]` */
export function messageLine(event: Message): string {
  if (event.kind === 'notice') return event.warning ? `warning: ${event.message}` : event.message;
  const { severity, path, message, advice, id } = event;
  const place = path === undefined || message.includes(path) ? '' : `${path}: `;
  return `${severity}: ${place}${message}: ${advice} [${id}]`;
}
