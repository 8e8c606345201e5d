/** Bytes as a zstd frame that compresses nothing: RFC 8878, "Zstandard Frames", "Raw_Block". */

const MOST = 128 * 1024;

export function zstdFrame(bytes: Buffer): Buffer {
  // No checksum, no content size; a window of 2 MiB.
  const parts: Buffer[] = [Buffer.from('28b52ffd0058', 'hex')];
  for (let at = 0; at === 0 || at < bytes.length; at += MOST) {
    const block = bytes.subarray(at, at + MOST);
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | (at + MOST >= bytes.length ? 1 : 0), 0, 3);
    parts.push(header, block);
  }
  return Buffer.concat(parts);
}
