/** Displays of a build's progress, and the streams that they write to. */
import type { ProgressEvent, Report } from './events.js';

/** Shows progress on a stream of the caller. */
export interface Display {
  readonly report: Report;
  /** Restores the terminal; called again after further events. With the error of a failed build. */
  readonly close: (error?: unknown) => void;
}

/** A stream to write to, such as `process.stderr`; the other members are those of a terminal. */
export type Output = NodeJS.WritableStream &
  Partial<Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows' | 'writableNeedDrain'>>;

/** `context`, `[builder] context` */
export function contextName({ part }: Extract<ProgressEvent, { kind: 'context' }>): string {
  return part === undefined ? 'context' : `[${part}] context`;
}

/** `warning: the image is for linux/amd64, …`, `warning: /app/.git: a folder …: leave it out … [version-control]` */
export function messageLine(event: Extract<ProgressEvent, { kind: 'notice' | 'finding' }>): string {
  if (event.kind === 'notice') return event.warning ? `warning: ${event.message}` : event.message;
  const { severity, path, message, advice, id } = event;
  const place = path === undefined || message.includes(path) ? '' : `${path}: `;
  return `${severity}: ${place}${message}: ${advice} [${id}]`;
}

/** Writes until the reader closes the stream; a build continues without a display. */
export class Writer {
  private gone = false;

  constructor(readonly out: Output) {
    out.on('error', () => (this.gone = true));
  }

  write(text: string): void {
    if (!this.gone && text !== '') this.out.write(text);
  }

  /** Whether the reader is slow, so that temporary output is better left out. */
  get busy(): boolean {
    return !this.gone && this.out.writableNeedDrain === true;
  }
}
