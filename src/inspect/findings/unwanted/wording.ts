/** Phrases of messages and advice about unwanted files. */
import { formatBytes } from '../../../text/format.js';
import { printable } from '../../../text/printable.js';
import type { Group } from '../rule.js';
import type { Subject } from '../subject.js';

/** `1,204 C headers`, `a C header` */
export function counted(count: number, one: string, many: string): string {
  return count === 1 ? one : `${count.toLocaleString('en')} ${many}`;
}

/** `gcc, g++ and 7 more` */
export function namesOf({ names, count }: Group): string {
  const shown = [...names].map((name) => printable(name)).join(', ');
  const left = count - names.size;
  return left > 0 ? `${shown} and ${left.toLocaleString('en')} more` : shown;
}

/** `(12 MB)` */
export function size(bytes: number): string {
  return `(${formatBytes(bytes)})`;
}

/** How to keep files out of a context; .dockerignore has no effect on a stream. */
export function ignoring({ context }: Subject, pattern: string): string {
  const line = `**/${printable(pattern)}`;
  return context === 'stream'
    ? `leave it out with --exclude "${line}"`
    : `add ${line} to .dockerignore`;
}

/** @param pattern in .dockerignore's syntax */
export function leaveOut(subject: Subject, pattern: string): string {
  const ignored = ignoring(subject, pattern);
  if (subject.kind === 'image') return `${ignored}, or COPY only what is needed`;
  if (subject.context === 'stream') return ignored;
  return `${ignored}, or leave it out with --exclude "**/${printable(pattern)}"`;
}

/** A secret stays readable in its layer even if a later one removes it. */
export function keepSecret(subject: Subject, name: string): string {
  return subject.kind === 'context'
    ? `${ignoring(subject, name)}; a build gets it with RUN --mount=type=secret`
    : 'renew it, since whoever has the image has it; a build gets it with RUN --mount=type=secret, a container when it is run';
}
