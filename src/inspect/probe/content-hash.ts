/**
 * Hashes that identify equal contents: XXH64 (xxHash specification, "XXH64 algorithm description"). Not used for security;
 * several times as fast as SHA-256 on processors without instructions for that.
 */
import type { XXHash, XXHashAPI } from 'xxhash-wasm';

/** Bytes that are hashed in one call. The module's memory grows with them. */
const MAX_SINGLE_CALL = 64 << 10;

let loading: Promise<XXHashAPI> | undefined;

/** Hashes contents one after the other. */
export class ContentHasher {
  #size = 0;
  #whole: bigint | undefined;
  #running: XXHash<bigint> | undefined;

  private constructor(private readonly api: XXHashAPI) {}

  static async create(): Promise<ContentHasher> {
    loading ??= import('xxhash-wasm').then(({ default: load }) => load());
    return new ContentHasher(await loading);
  }

  begin(size: number): void {
    this.#size = size;
    this.#whole = undefined;
    this.#running = undefined;
  }

  update(bytes: Buffer): void {
    // Most files arrive in one chunk.
    if (bytes.length === this.#size && bytes.length <= MAX_SINGLE_CALL)
      this.#whole = this.api.h64Raw(bytes);
    else (this.#running ??= this.api.create64()).update(bytes);
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    const hash = this.#whole ?? (this.#running ?? this.api.create64()).digest();
    return hash.toString(16).padStart(16, '0');
  }
}
