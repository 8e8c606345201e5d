/** Advice about unwanted files. */
import { printable } from '../../../text/printable.js';
import type { Subject } from '../subject.js';

/** How to keep files out of a context; .dockerignore has no effect on a stream. */
export function ignoring({ context }: Pick<Subject, 'context'>, pattern: string): string {
  const line = `**/${printable(pattern)}`;
  return context === 'stream'
    ? `leave it out with --exclude "${line}"`
    : `add ${line} to .dockerignore`;
}

/** @param pattern in .dockerignore's syntax */
export function leaveOut(subject: Pick<Subject, 'kind' | 'context'>, pattern: string): string {
  const ignored = ignoring(subject, pattern);
  if (subject.kind === 'image') return `${ignored}, or COPY only what is needed`;
  if (subject.context === 'stream') return ignored;
  return `${ignored}, or leave it out with --exclude "**/${printable(pattern)}"`;
}

/** A secret stays readable in its layer even if a later one removes it. */
export function keepSecret(subject: Pick<Subject, 'kind' | 'context'>, name: string): string {
  return subject.kind === 'context'
    ? `${ignoring(subject, name)}; a build gets it with RUN --mount=type=secret`
    : 'renew it, since whoever has the image has it; a build gets it with RUN --mount=type=secret, a container when it is run';
}
