/**
 * Private keys in a text: PEM (RFC 7468), OpenSSH's form of it, PGP's, PuTTY's. A header alone is no
 * key: documentation and the programs that write keys have those. There has to be a body that is
 * base64 and an end of the same label. In JSON and in source code, lines end in `\n`.
 */

const BEGIN = /-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?)-----/g;
/** In base64; the smallest key there is, of Ed25519, has 64. */
const SHORTEST = 64;
/** Fewer different characters are a placeholder's: `MIIE…xxxxxxxx`. */
const DIVERSITY = 12;
/** What stands around a line in source code, a diff or a table. A key may end with `+`: it is taken off behind a quote alone. */
const DECORATION = /^[\s"'+|]+|["'][\s"',;+\\|]*$|[\s,;\\|]+$/g;
const OPENSSH = 'openssh-key-v1\0';

export type KeyKind = 'private-key' | 'encrypted-private-key';

/** The kinds of keys that are there, each as often as it is found. */
export function privateKeysIn(text: string): KeyKind[] {
  const found: KeyKind[] = [];
  if (text.includes('BEGIN '))
    for (const { index, 0: line, 1: label = '' } of text.matchAll(BEGIN)) {
      const start = index + line.length;
      const end = text.indexOf(`-----END ${label}-----`, start);
      const kind = end < 0 ? undefined : kindOf(label, text.slice(start, end));
      if (kind !== undefined) found.push(kind);
    }
  if (text.startsWith('PuTTY-User-Key-File-')) {
    const encryption = /^Encryption: (\S+)/m.exec(text)?.[1];
    if (/^Private-Lines: \d/m.test(text))
      found.push(encryption === 'none' ? 'private-key' : 'encrypted-private-key');
  }
  return found;
}

function kindOf(label: string, body: string): KeyKind | undefined {
  const lines = body.split(/(?:\\r)?\\n|\r?\n/).map((line) => line.replace(DECORATION, ''));
  const isHeader = (line: string): boolean => /^[\w-]+: /.test(line);
  // PGP has a checksum in a line of its own.
  const base64 = lines.filter((line) => !isHeader(line) && !/^=.{4}$/.test(line)).join('');
  if (base64.length < SHORTEST || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  if (new Set(base64).size < DIVERSITY) return undefined;
  const isEncrypted =
    label.startsWith('ENCRYPTED ') ||
    lines.some((line) => line === 'Proc-Type: 4,ENCRYPTED') ||
    isEncryptedSsh(Buffer.from(base64.slice(0, 64), 'base64').toString('latin1'));
  return isEncrypted ? 'encrypted-private-key' : 'private-key';
}

/** OpenSSH, PROTOCOL.key: behind the magic is the cipher's name, `none` where there is none. */
function isEncryptedSsh(key: string): boolean {
  return key.startsWith(OPENSSH) && !key.startsWith('\0\0\0\x04none', OPENSSH.length);
}
