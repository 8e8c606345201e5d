/** Writes /etc/ld.so.cache as glibc does since 2.32 (sysdeps/generic/dl-cache.h). */

export function ldSoCache(
  libraries: readonly (readonly [name: string, path: string])[],
  bigEndian = false,
): Buffer {
  const words = (...values: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(values.length * 4);
    values.forEach((value, index) =>
      bigEndian ? bytes.writeUInt32BE(value, index * 4) : bytes.writeUInt32LE(value, index * 4),
    );
    return bytes;
  };
  const start = 48 + libraries.length * 24;
  let strings = '';
  const text = (value: string): number => {
    const at = start + strings.length;
    strings += `${value}\0`;
    return at;
  };
  const entries = libraries.map(([name, path]) => words(0x303, text(name), text(path), 0, 0, 0));
  return Buffer.concat([
    Buffer.from('glibc-ld.so.cache1.1'),
    words(libraries.length, strings.length),
    Buffer.from([bigEndian ? 3 : 2, 0, 0, 0]),
    words(0, 0, 0, 0),
    ...entries,
    Buffer.from(strings),
  ]);
}
