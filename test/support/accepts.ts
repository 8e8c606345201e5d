/**
 * Whether most readers of tars, those of Docker and Podman among them, accept these bytes as a whole
 * archive: as Go's archive/tar does, which takes an end before a header for the archive's, and one in
 * the padding after a body, too. It shares no code with src/.
 */
const BLOCK = 512;

export function readersAccept(tar: Buffer): boolean {
  for (let at = 0; at < tar.length;) {
    const header = tar.subarray(at, at + BLOCK);
    if (header.length < BLOCK) return false;
    at += BLOCK;
    if (header.every((byte) => byte === 0)) {
      const next = tar.subarray(at, at + BLOCK);
      return next.length === 0 || (next.length === BLOCK && next.every((byte) => byte === 0));
    }
    if (sumOf(header) !== octal(header, 148, 8)) return false;
    // Old GNU's sparse map goes on in blocks of its own.
    for (let more = header[156] === 0x53 && header[482] !== 0; more; at += BLOCK) {
      if (tar.length - at < BLOCK) return false;
      more = tar[at + 504] !== 0;
    }
    const size = octal(header, 124, 12);
    if (tar.length - at < size) return false;
    at += size;
    if (tar.length <= at + ((BLOCK - (size % BLOCK)) % BLOCK)) {
      // A PAX header or a long name has to be followed by its entry.
      return !'xLK'.includes(String.fromCharCode(header[156] as number));
    }
    at += (BLOCK - (size % BLOCK)) % BLOCK;
  }
  return true;
}

function sumOf(header: Buffer): number {
  return header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
}

function octal(header: Buffer, at: number, length: number): number {
  const text = header
    .toString('latin1', at, at + length)
    .replace(/[\0 ]+$/, '')
    .trim();
  return /^[0-7]+$/.test(text) ? parseInt(text, 8) : NaN;
}
