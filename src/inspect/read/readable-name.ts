/** Names as people read them: a name that isn't UTF-8 shows its bytes, so that two of them stay two. */
import { fromBinary } from '../../text/binary.js';

/** One component, from its bytes. */
export function readableName(binary: string): string {
  const text = fromBinary(binary);
  if (!text.includes('\ufffd')) return text;
  return binary.replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
}

/** The same of each component. */
export function readablePath(binary: string): string {
  const text = fromBinary(binary);
  return text.includes('\ufffd') ? binary.split('/').map(readableName).join('/') : text;
}

/** Another name where one is taken: bytes that are shown may stand in a name just so. */
export function untaken(name: string, isTaken: (name: string) => boolean): string {
  let free = name;
  while (isTaken(free)) free = free.replaceAll('\\', '\\x5c');
  return free;
}
