/** What the bytes of a file tell, gathered while they pass by; the bytes themselves aren't kept. */
import type { Elf } from '../../elf/elf.js';

/** A program, a library, an object or a dump in ELF's format (System V gABI, "ELF Header"). */
export interface ElfContent extends Elf {
  readonly kind: 'program' | 'library' | 'relocatable' | 'core';
  /** Of glibc's loader: where it looks for libraries unless it is told otherwise. */
  readonly directories?: readonly string[];
}

/** A script: how the kernel would start it (execve(2), "Interpreter scripts"). */
export interface ScriptContent {
  /** The interpreter's path; with `#!/usr/bin/env NAME`, env's. Empty where the line names none. */
  readonly interpreter: string;
  /** What env is told to run. */
  readonly command?: string;
  /** Whether the first line ends in CR LF: the kernel takes the CR for part of the name. */
  readonly crlf: boolean;
}

/** A secret that was recognised in a file; the secret itself is never kept. */
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

/** What is known of a file's content. Everything may be missing: most files have none of it. */
export interface Content {
  /** The same for the same bytes: XXH64, 16 hexadecimal digits. Undefined where nobody hashed. */
  readonly hash?: string;
  /** The blob that has it: a layer's digest, its path in an archive, '' for a context. Undefined where nobody reads it again. */
  readonly blob?: string;
  /** Which of the blob's contents it is, from 0. */
  readonly index?: number;
  readonly elf?: ElfContent;
  /** An ELF file that is cut short or damaged: what is wrong with it. */
  readonly damaged?: string;
  readonly script?: ScriptContent;
  readonly secrets?: readonly Secret[];
  /** What it does over TLS with: its own code (Go, rustls, a static OpenSSL), found in its bytes. */
  readonly tls?: 'go' | 'rustls' | 'openssl' | 'gnutls' | 'mbedtls' | 'other';
  /** Whether it carries certificate authorities or time zones in itself. */
  readonly embeds?: { readonly certificates?: true; readonly zones?: true };
  /** Whether it names /usr/share/zoneinfo: it looks up time zones. */
  readonly namesZones?: true;
  /**
   * The text of a small file that findings read: /etc/passwd, /etc/group, loaders' configuration.
   * Of /etc/ld.so.cache, each byte is a character.
   */
  readonly text?: string;
}
