/** ADD --checksum: what a downloaded file's bytes have to be. */
import { createHash, type Hash } from 'node:crypto';
import { DockerceptionError } from '../../../errors.js';
import { printable } from '../../../tar/printable.js';

/** Digits of each algorithm that OCI's image-spec registers (descriptor.md, "Digests"). */
const DIGITS: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };

/** A digest that is wanted, and the one that comes of the bytes. */
export class Checksum {
  readonly #hash: Hash;

  private constructor(
    readonly wanted: string,
    private readonly algorithm: string,
  ) {
    this.#hash = createHash(algorithm);
  }

  /** Throws CHECKSUM_INVALID for a text that is no digest. */
  static parse(text: string): Checksum {
    const [, algorithm = '', digits = ''] = /^([^:]*):(.*)$/s.exec(text) ?? [];
    const length = Object.hasOwn(DIGITS, algorithm) ? DIGITS[algorithm] : undefined;
    if (length === undefined) throw invalid(text, 'the algorithm is none that is supported');
    if (digits.length !== length) throw invalid(text, `it has not ${length} digits`);
    if (!/^[0-9a-f]*$/.test(digits)) throw invalid(text, 'it has other digits than 0-9 and a-f');
    return new Checksum(text, algorithm);
  }

  update(bytes: Buffer): void {
    this.#hash.update(bytes);
  }

  /** The digest of all bytes; once. */
  found(): string {
    return `${this.algorithm}:${this.#hash.digest('hex')}`;
  }
}

function invalid(text: string, why: string): DockerceptionError {
  const message = `reading --checksum=${printable(text, 80)}: ${why}`;
  return new DockerceptionError('build', 'CHECKSUM_INVALID', message, {
    hint: '`sha256sum FILE` gives the digits of --checksum=sha256:…',
  });
}
