/** Names as binary strings: one character a byte, since a name need not be UTF-8. */

/** A name as text, from its bytes. What isn't UTF-8 becomes replacement characters. */
export function fromBinary(name: string): string {
  return isAscii(name) ? name : Buffer.from(name, 'latin1').toString('utf8');
}

/** The bytes of a text. */
export function toBinary(name: string): string {
  return isAscii(name) ? name : Buffer.from(name, 'utf8').toString('latin1');
}

function isAscii(name: string): boolean {
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) > 0x7f) return false;
  return true;
}
