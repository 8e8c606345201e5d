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
/** What stands before a line in source code, a diff or a table. */
const LEADING = /^[\s"'+|]+/;
/** What stands after it; a quote is followed by more, and by `+`, with which a key itself may end. */
const TRAILING = /^[\s,;\\|]$/;
const AFTER_QUOTE = /^[\s"',;+\\|]$/;
const OPENSSH = 'openssh-key-v1\0';

export type KeyKind = 'private-key' | 'encrypted-private-key';

/** The kinds of keys that are there, each as often as it is found. */
export function privateKeysIn(text: string): KeyKind[] {
  const found: KeyKind[] = [];
  const begins = text.includes('BEGIN ') ? [...text.matchAll(BEGIN)] : [];
  for (const [at, { index, 0: line, 1: label = '' }] of begins.entries()) {
    // A body has no other key in it.
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

function undecorated(line: string): string {
  const text = line.replace(LEADING, '');
  let quoted = text.length;
  while (quoted > 0 && AFTER_QUOTE.test(text[quoted - 1] as string)) quoted--;
  while (quoted < text.length && text[quoted] !== '"' && text[quoted] !== "'") quoted++;
  let end = text.length;
  while (end > 0 && TRAILING.test(text[end - 1] as string)) end--;
  return text.slice(0, Math.min(quoted, end));
}

/** OpenSSH, PROTOCOL.key: behind the magic is the cipher's name, `none` where there is none. */
function isEncryptedSsh(key: string): boolean {
  return key.startsWith(OPENSSH) && !key.startsWith('\0\0\0\x04none', OPENSSH.length);
}
