/**
 * Parser directives: comments `# name=value` at the top of a Dockerfile, up to the first line that
 * is none (BuildKit, parser/directives.go). `syntax` names a frontend: this one is the only one.
 */
import { trimEnd } from '../text/trim.js';
import { Reason } from './reason.js';
import { trimStart } from './text.js';

const KNOWN: readonly string[] = ['syntax', 'escape', 'check'];

/** What the directives said so far. */
export class Directives {
  /** The character that escapes, and continues lines. */
  escape = '\\';
  private done = false;
  private readonly seen = new Set<string>();

  /** Takes the next physical line. Throws a {@link Reason} for one that stands twice. */
  read(line: string): void {
    if (this.done) return;
    const comment = line.startsWith('#') ? trimStart(line.slice(1)) : '';
    const match = /^([a-zA-Z][a-zA-Z0-9]*)[\t\f\r ]*=[\t\f\r ]*([^\t\f\r ][^]*)$/.exec(comment);
    const name = match?.[1]?.toLowerCase() ?? '';
    if (!match || !KNOWN.includes(name)) {
      this.done = true;
      return;
    }
    if (this.seen.has(name)) throw new Reason(`only one ${name} parser directive can be used`);
    this.seen.add(name);
    if (name === 'escape') this.setEscape(trimEnd(match[2] as string, '\t\f\r '));
  }

  private setEscape(value: string): void {
    if (value !== '`' && value !== '\\')
      throw new Reason(`invalid escape token '${value}' does not match \` or \\`);
    this.escape = value;
  }
}
