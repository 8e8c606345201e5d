/** A notice as one line. */
import type { ProgressEvent } from './events.js';

type NoticeEvent = Extract<ProgressEvent, { readonly kind: 'notice' }>;

/** `warning: the image is for linux/amd64, …`; without the prefix for a plain notice. */
export function noticeLine({ message, warning = false }: NoticeEvent): string {
  return warning ? `warning: ${message}` : message;
}
