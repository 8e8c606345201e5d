/** Names as binary strings, one character for each byte, since a name need not be UTF-8. */

/** Decodes a name; invalid UTF-8 becomes replacement characters. */
export function fromBinary(name: string): string {
  return isAscii(name) ? name : Buffer.from(name, 'latin1').toString('utf8');
}

/** Encodes a text as a name. */
export function toBinary(name: string): string {
  return isAscii(name) ? name : Buffer.from(name, 'utf8').toString('latin1');
}

function isAscii(name: string): boolean {
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) > 0x7f) return false;
  return true;
}
