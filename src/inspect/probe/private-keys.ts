/**
 * Recognises private keys in a text: PEM (RFC 7468), OpenSSH, PGP, PuTTY. A key has a header, a base64 body and an end
 * with the same label; documentation and programs contain headers alone. In JSON and source code, lines end in `\n`.
 */

const BEGIN = /-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?)-----/g;
/** Base64 characters of the smallest key, which is of Ed25519. */
const MIN_LENGTH = 64;
/** Different characters of a key; a placeholder has fewer: `MIIE…xxxxxxxx`. */
const MIN_DIVERSITY = 12;
/** Characters before a line in source code, a diff or a table. */
const LEADING = /^[\s"'+|]+/;
/** Characters after it. `+` only counts after a quote, since a key may end with it. */
const TRAILING = /^[\s,;\\|]$/;
const AFTER_QUOTE = /^[\s"',;+\\|]$/;
const OPENSSH = 'openssh-key-v1\0';

export type KeyKind = 'private-key' | 'encrypted-private-key';

/** The kind of each key. */
export function privateKeysIn(text: string): KeyKind[] {
  const found: KeyKind[] = [];
  const begins = text.includes('BEGIN ') ? [...text.matchAll(BEGIN)] : [];
  for (const [at, { index, 0: line, 1: label = '' }] of begins.entries()) {
    // A body ends before the next key.
    const section = text.slice(index + line.length, begins[at + 1]?.index);
    const end = section.indexOf(`-----END ${label}-----`);
    const kind = end < 0 ? undefined : kindOf(label, section.slice(0, end));
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
  const lines = body.split(/(?:\\r)?\\n|\r?\n/).map(undecorated);
  const isHeader = (line: string): boolean => /^[\w-]+: /.test(line);
  // PGP adds a line with a checksum.
  const base64 = lines.filter((line) => !isHeader(line) && !/^=.{4}$/.test(line)).join('');
  if (base64.length < MIN_LENGTH || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  if (new Set(base64).size < MIN_DIVERSITY) return undefined;
  const isEncrypted =
    label.startsWith('ENCRYPTED ') ||
    lines.some((line) => line === 'Proc-Type: 4,ENCRYPTED') ||
    isEncryptedSsh(Buffer.from(base64.slice(0, 64), 'base64').toString('latin1'));
  return isEncrypted ? 'encrypted-private-key' : 'private-key';
}

function undecorated(line: string): string {
  const text = line.replace(LEADING, '');
  let quoted = text.length;
  while (quoted > 0 && AFTER_QUOTE.test(text[quoted - 1] as string)) quoted--;
  while (quoted < text.length && text[quoted] !== '"' && text[quoted] !== "'") quoted++;
  let end = text.length;
  while (end > 0 && TRAILING.test(text[end - 1] as string)) end--;
  return text.slice(0, Math.min(quoted, end));
}

/** OpenSSH, PROTOCOL.key: the cipher's name follows the magic, `none` without encryption. */
function isEncryptedSsh(key: string): boolean {
  return key.startsWith(OPENSSH) && !key.startsWith('\0\0\0\x04none', OPENSSH.length);
}
