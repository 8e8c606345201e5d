/**
 * What a text file tells: how the kernel starts it when it is a script, the secrets in it, and, of a
 * few files in /etc, the text itself. Only its start is looked at.
 */
import { readShebang } from '../../elf/script.js';
import type { Content, ScriptContent } from './content.js';
import { Scratch } from './growable-buffer.js';
import { secretsIn } from './secrets.js';

/** As much of a file as is searched for secrets. */
const SEARCHED = 64 * 1024;

/** Files that findings read, and how much of one. */
const KEPT =
  /^\/etc\/(?:passwd|group|ld\.so\.conf(?:\.d\/[^/]+)?|ld-musl-[^/]+\.path|ld\.so\.cache)$/;
const KEPT_LIMIT = 256 * 1024;

/** Whether a file's text is kept, whatever it looks like. */
export function isKept(path: string): boolean {
  return path.startsWith('/etc/') && KEPT.test(path);
}

/** Whether the first bytes are those of text: no control characters but those for white space and colours. */
export function isText(head: Buffer): boolean {
  for (let at = 0; at < head.length; at++) {
    const byte = head[at] as number;
    if (byte < 0x20 && (byte < 0x07 || byte > 0x0d) && byte !== 0x1b) return false;
  }
  return true;
}

export class TextProbe {
  readonly #kept = new Scratch();
  #path = '';
  #wanted = 0;
  #isKept = false;
  #content: Content | undefined;
  #isDone = false;

  begin(path: string, size: number): void {
    this.#path = path;
    this.#content = undefined;
    this.#kept.clear();
    this.#isKept = isKept(path) && size <= KEPT_LIMIT;
    this.#wanted = Math.min(size, this.#isKept ? KEPT_LIMIT : SEARCHED);
    this.#isDone = this.#wanted === 0;
  }

  get satisfied(): boolean {
    return this.#isDone;
  }

  data(bytes: Buffer): void {
    if (this.#isDone) return;
    // Most files come in one piece, and need no copy.
    if (this.#kept.length === 0 && bytes.length >= this.#wanted) {
      this.#read(bytes.subarray(0, this.#wanted));
      return;
    }
    this.#kept.append(bytes.subarray(0, this.#wanted - this.#kept.length));
    if (this.#kept.length >= this.#wanted) this.#read(this.#kept.view());
  }

  end(): Content | undefined {
    // Whoever stops early has seen what there is.
    if (!this.#isDone) this.#read(this.#kept.view());
    return this.#content;
  }

  #read(bytes: Buffer): void {
    this.#isDone = true;
    // One byte, one character: faster than UTF-8 by far, and all that is looked for is ASCII.
    const latin1 = bytes.toString('latin1');
    const script = readScript(bytes);
    const secrets = latin1.includes('\0') ? [] : secretsIn(this.#path, latin1);
    if (script === undefined && secrets.length === 0 && !this.#isKept) return;
    // The cache of ldconfig(8) is no text, but has paths in it.
    const text = this.#path.endsWith('.cache') ? latin1 : bytes.toString('utf8');
    this.#content = {
      ...(script === undefined ? {} : { script }),
      ...(secrets.length === 0 ? {} : { secrets }),
      ...(this.#isKept ? { text } : {}),
    };
  }
}

function readScript(text: Buffer): ScriptContent | undefined {
  const line = readShebang(text);
  if (line === undefined) return undefined;
  const { path: interpreter, ...rest } = line;
  return { interpreter, ...rest };
}
