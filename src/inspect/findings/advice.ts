/** What to do about something that should not be there. */
import { printable } from '../../tar/printable.js';
import type { Subject } from './subject.js';

/** @param pattern what a .dockerignore would have */
export function leaveOut(kind: Subject['kind'], pattern: string): string {
  const line = `**/${printable(pattern)}`;
  return kind === 'context'
    ? `add ${line} to .dockerignore, or leave it out with --exclude "${line}"`
    : `add ${line} to .dockerignore, or COPY only what is needed`;
}

/** Secrets stay readable in the layer that has them, whatever later layers do. */
export function keepSecret(kind: Subject['kind'], name: string): string {
  return kind === 'context'
    ? `add **/${printable(name)} to .dockerignore; a build gets it with RUN --mount=type=secret`
    : 'renew it, since whoever has the image has it; a build gets it with RUN --mount=type=secret, a container when it is run';
}
