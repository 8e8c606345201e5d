/** Names as text. The bytes of a name that isn't UTF-8 are shown, so that different names stay different. */
import { fromBinary } from '../../text/binary.js';

/** @param binary one component */
export function readableName(binary: string): string {
  const text = fromBinary(binary);
  if (!text.includes('\ufffd')) return text;
  return binary.replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
}

export function readablePath(binary: string): string {
  const text = fromBinary(binary);
  return text.includes('\ufffd') ? binary.split('/').map(readableName).join('/') : text;
}

/** Another name if one is taken: a file name may contain the text `\xff`. */
export function uniqueName(name: string, isTaken: (name: string) => boolean): string {
  let unique = name;
  while (isTaken(unique)) unique = unique.replaceAll('\\', '\\x5c');
  return unique;
}
