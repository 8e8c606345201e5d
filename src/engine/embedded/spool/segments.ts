/** Files with holes: a content need not be in one piece. */
import type { Leaf } from '../../../filesystem/node.js';

/** Where a content lies in the spool, piece by piece; -1 is a hole. */
export function* segments(file: Leaf): Generator<readonly [offset: number, length: number]> {
  const pieces = file.extra?.pieces;
  if (file.offset < 0 && file.size > 0) throw new Error('the content of a file was not kept');
  if (pieces === undefined) {
    if (file.size > 0) yield [file.offset, file.size];
    return;
  }
  let position = 0;
  let stored = file.offset;
  for (let i = 0; i < pieces.length; i += 2) {
    const [at, length] = [pieces[i] as number, pieces[i + 1] as number];
    if (at > position) yield [-1, at - position];
    yield [stored, length];
    stored += length;
    position = at + length;
  }
  if (file.size > position) yield [-1, file.size - position];
}
