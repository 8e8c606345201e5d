/**
 * Names in a header: 100 bytes, and in ustar alone a prefix of 155 that a slash joins on.
 * A name that is full has no NUL behind it. POSIX.1-2017 pax, "ustar Interchange Format".
 */
import { magicOf, NAME, PREFIX, prefixOf, STAR_PREFIX, textEnd, textField } from './block.js';

/** The name that the header itself has. */
export function joinName(block: Buffer, at: number): Buffer {
  const name = textField(block, at, NAME);
  if (magicOf(block, at) !== 'ustar' || block[at + PREFIX.at] === 0) return name;
  return Buffer.concat([textField(block, at, prefixOf(block, at)), Buffer.from('/'), name]);
}

/** The same as text. */
export function nameText(block: Buffer, at: number): string {
  const name = block.toString('utf8', at, textEnd(block, at, NAME));
  if (magicOf(block, at) !== 'ustar' || block[at + PREFIX.at] === 0) return name;
  const end = textEnd(block, at, prefixOf(block, at));
  return `${block.toString('utf8', at + PREFIX.at, end)}/${name}`;
}

/** Writes the name; false when it doesn't fit and was cut, so that another block has to carry it. */
export function writeName(block: Buffer, at: number, name: Buffer): boolean {
  const ustar = magicOf(block, at) === 'ustar';
  const prefix = ustar ? prefixOf(block, at) : PREFIX;
  // Other readers than Go's go by the NUL at the end of star's prefix.
  const most = prefix === STAR_PREFIX ? prefix.length - 1 : prefix.length;
  const split = name.length > NAME.length && ustar ? splitAt(name, most) : -1;
  block.fill(0, at + NAME.at, at + NAME.at + NAME.length);
  if (ustar) block.fill(0, at + prefix.at, at + prefix.at + prefix.length);
  if (split > 0) {
    name.copy(block, at + prefix.at, 0, split);
    name.copy(block, at + NAME.at, split + 1);
    return true;
  }
  name.copy(block, at + NAME.at, 0, NAME.length);
  return name.length <= NAME.length;
}

/** Where a slash parts the name in a prefix and a name that both fit; -1 when none does. */
function splitAt(name: Buffer, longest: number): number {
  const earliest = Math.max(1, name.length - 1 - NAME.length);
  const latest = Math.min(longest, name.length - 2);
  const slash = name.indexOf(0x2f, earliest);
  return slash >= 0 && slash <= latest ? slash : -1;
}

/** GNU tar's name for a sparse file's data: `DIR/GNUSparseFile.N/BASE`. */
export function standIn(name: Buffer): Buffer {
  const slash = name.lastIndexOf(0x2f);
  return Buffer.concat([
    slash < 0 ? Buffer.from('./') : name.subarray(0, slash + 1),
    Buffer.from('GNUSparseFile.0/'),
    name.subarray(slash + 1),
  ]);
}

/** Whether the bytes are text as PAX wants it. */
export function isUtf8(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString('utf8')).equals(bytes);
}
