/** What determines the bytes of a layer, as one digest: a cached layer is found by it without being written. */
import { createHash } from 'node:crypto';
import { type Changes, isRun } from '../../../filesystem/changes.js';
import type { PackedRun } from '../../../filesystem/children.js';
import type { Leaf } from '../../../filesystem/node.js';
import { headerOf } from '../../../tar/writer.js';
import { segments } from '../spool/contents.js';
import { entryWriter, type LayerSettings } from './layer-tar.js';

/** The version of the code that writes layers. */
const VERSION = 1;
/** Hexadecimal digits: more don't fit into the name of a cached file. */
const DIGITS = 48;
const BUFFER = 64 << 10;
/** Bytes of a packed file without its name. */
const NUMBERS = 33;

/**
 * The digest of all headers, the places of all contents in the spool, and the digest of the spool. Undefined if it lacks
 * a content.
 */
export function recipeOf(
  changes: Iterable<Changes>,
  { spool, time }: Pick<LayerSettings, 'spool' | 'time'>,
): string | undefined {
  const hash = createHash('sha256').update(`${VERSION} ${spool.digest()}\n`);
  const numbers = new Float64Array(2);
  const bytes = Buffer.from(numbers.buffer);
  const add = (first: number, second: number): void => {
    numbers.set([first, second]);
    hash.update(bytes);
  };
  const toEntry = entryWriter(time);
  for (const change of changes) {
    if (isRun(change)) {
      add(change.numbers.length, change.prefix.length);
      hash.update(change.prefix, 'latin1');
      updateWith(hash, change);
      continue;
    }
    const entry = toEntry(change);
    const header = headerOf(entry);
    add(-1, header.length);
    hash.update(header);
    if (entry.size === 0) continue;
    for (const [offset, length] of segments(change.node as Leaf)) {
      const place = offset < 0 ? -1 : spool.placeOf(offset);
      if (place === undefined) return undefined;
      add(place, length);
    }
  }
  return hash.digest('hex').slice(0, DIGITS);
}

/** Hashes the names, the attributes and the places of packed files. */
function updateWith(hash: ReturnType<typeof createHash>, { files, numbers }: PackedRun): void {
  const buffer = Buffer.allocUnsafe(BUFFER);
  let at = 0;
  for (const file of numbers) {
    const [start, length] = [files.nameStartOf(file), files.nameLengthOf(file)];
    if (at + length + NUMBERS > BUFFER) {
      hash.update(buffer.subarray(0, at));
      at = 0;
    }
    const { mode, uid, gid } = files.attributesOf(file);
    buffer[at++] = length;
    for (let i = 0; i < length; i++) buffer[at++] = files.names[start + i] as number;
    at = buffer.writeUInt32LE(mode, at);
    at = buffer.writeUInt32LE(uid, at);
    at = buffer.writeUInt32LE(gid, at);
    at = buffer.writeUInt32LE(files.sizeOf(file), at);
    at = buffer.writeDoubleLE(files.mtimeOf(file), at);
    at = buffer.writeDoubleLE(files.offsetOf(file), at);
  }
  hash.update(buffer.subarray(0, at));
}
