/** Facts about a file's content, which is not retained. */
import type { Elf } from '../../elf/elf.js';
import type { Shebang } from '../../elf/script.js';

/** An ELF file (System V gABI, "ELF Header"). */
export interface ElfContent extends Elf {
  readonly kind: 'program' | 'library' | 'relocatable' | 'core';
  /** The default directories of glibc's loader. */
  readonly directories?: readonly string[];
}

/** A kind of secret. Secrets themselves are never retained. */
export type Secret =
  | 'private-key'
  | 'encrypted-private-key'
  | 'aws-key'
  | 'gcp-key'
  | 'github-token'
  | 'gitlab-token'
  | 'slack-token'
  | 'npm-token'
  | 'pypi-token'
  | 'docker-credential'
  | 'netrc-password'
  | 'git-credential';

/** Most files have none of these facts. */
export interface Content {
  /** XXH64, 16 hexadecimal digits. */
  readonly hash?: string;
  /** The blob that contains it: a layer's digest, its path in an archive, '' for a context. */
  readonly blob?: string;
  readonly index?: number;
  readonly elf?: ElfContent;
  /** The damage of an ELF file that is cut short or damaged. */
  readonly damaged?: string;
  readonly script?: Shebang;
  readonly secrets?: readonly Secret[];
  /** The TLS library that a program contains, found in its bytes. */
  readonly tls?: 'go' | 'rustls' | 'openssl' | 'gnutls' | 'mbedtls' | 'other';
  /** Whether it contains certificate authorities or time zones. */
  readonly embeds?: { readonly certificates?: true; readonly zones?: true };
  /** Whether it contains the path /usr/share/zoneinfo. */
  readonly namesZones?: true;
  /** The text of /etc/passwd, /etc/group and loaders' configuration; of /etc/ld.so.cache, as a binary string. */
  readonly text?: string;
}
