/**
 * Which contents are the same: XXH64 (xxHash specification, "XXH64 algorithm description"). Nobody's
 * safety hangs on it, and it is several times as fast as SHA-256 where a processor has no instructions for that.
 */
import type { XXHash, XXHashAPI } from 'xxhash-wasm';

/** Bytes that are hashed at one stroke; more would stay in the module's memory. */
const AT_ONCE = 64 << 10;

export interface ContentHasher {
  /** Begins a content of `size` bytes. */
  begin(size: number): void;
  update(bytes: Buffer): void;
  /** 16 hexadecimal digits. */
  digest(): string;
}

let loading: Promise<XXHashAPI> | undefined;

/** One for the contents of a layer, which come one behind the other. */
export async function contentHasher(): Promise<ContentHasher> {
  loading ??= import('xxhash-wasm').then(({ default: load }) => load());
  return new Xxh64(await loading);
}

class Xxh64 implements ContentHasher {
  readonly #api: XXHashAPI;
  #size = 0;
  #whole: bigint | undefined;
  #running: XXHash<bigint> | undefined;

  constructor(api: XXHashAPI) {
    this.#api = api;
  }

  begin(size: number): void {
    this.#size = size;
    this.#whole = undefined;
    this.#running = undefined;
  }

  update(bytes: Buffer): void {
    // Most files come in one piece.
    if (bytes.length === this.#size && bytes.length <= AT_ONCE)
      this.#whole = this.#api.h64Raw(bytes);
    else (this.#running ??= this.#api.create64()).update(bytes);
  }

  digest(): string {
    const hash = this.#whole ?? (this.#running ?? this.#api.create64()).digest();
    return hash.toString(16).padStart(16, '0');
  }
}
