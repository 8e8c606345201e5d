/** Probes the start of a text file: its interpreter line, secrets, and, of a few files in /etc, the text itself. */
import { readShebang } from '../../elf/script.js';
import type { Content } from './content.js';
import { GrowableBuffer } from './growable-buffer.js';
import { secretsIn } from './secrets.js';

/** Bytes of a file that are searched for secrets. */
const MAX_SEARCHED = 64 * 1024;

/** Files whose text findings read, and the limit of their size. */
const RETAINED =
  /^\/etc\/(?:passwd|group|ld\.so\.conf(?:\.d\/[^/]+)?|ld-musl-[^/]+\.path|ld\.so\.cache)$/;
const MAX_RETAINED = 256 * 1024;

export function isRetained(path: string): boolean {
  return path.startsWith('/etc/') && RETAINED.test(path);
}

/** Whether the first bytes are text: without control characters except white space and escape. */
export function isText(head: Buffer): boolean {
  for (let at = 0; at < head.length; at++) {
    const byte = head[at] as number;
    if (byte < 0x20 && (byte < 0x07 || byte > 0x0d) && byte !== 0x1b) return false;
  }
  return true;
}

export class TextProbe {
  readonly #buffer = new GrowableBuffer();
  #path = '';
  #limit = 0;
  #isRetained = false;
  #content: Content | undefined;
  #isDone = false;

  begin(path: string, size: number): void {
    this.#path = path;
    this.#content = undefined;
    this.#buffer.clear();
    this.#isRetained = isRetained(path) && size <= MAX_RETAINED;
    this.#limit = Math.min(size, this.#isRetained ? MAX_RETAINED : MAX_SEARCHED);
    this.#isDone = this.#limit === 0;
  }

  get satisfied(): boolean {
    return this.#isDone;
  }

  data(bytes: Buffer): void {
    if (this.#isDone) return;
    // Most files arrive in one chunk, and are not copied.
    if (this.#buffer.length === 0 && bytes.length >= this.#limit) {
      this.#read(bytes.subarray(0, this.#limit));
      return;
    }
    this.#buffer.append(bytes.subarray(0, this.#limit - this.#buffer.length));
    if (this.#buffer.length >= this.#limit) this.#read(this.#buffer.view());
  }

  end(): Content | undefined {
    if (!this.#isDone) this.#read(this.#buffer.view());
    return this.#content;
  }

  #read(bytes: Buffer): void {
    this.#isDone = true;
    // Much faster than UTF-8, and all patterns are ASCII.
    const latin1 = bytes.toString('latin1');
    const shebang = readShebang(bytes);
    const secrets = latin1.includes('\0') ? [] : secretsIn(this.#path, latin1);
    if (shebang === undefined && secrets.length === 0 && !this.#isRetained) return;
    // The cache of ldconfig(8) is binary.
    const text = this.#path.endsWith('.cache') ? latin1 : bytes.toString('utf8');
    this.#content = {
      ...(shebang && { script: shebang }),
      ...(secrets.length > 0 && { secrets }),
      ...(this.#isRetained && { text }),
    };
  }
}
