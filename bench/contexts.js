/** The contexts that the benchmark streams: few large files, many small ones, or one endless. */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';

export const MIB = 1 << 20;
const DOCKERFILE = 'FROM scratch\nCOPY . /\n';

/** Writes a context of `files` files of `size` bytes each. @param {string} path @param {number} files @param {(index: number) => number} size */
export async function writeContext(path, files, size) {
  const tar = pack();
  const written = pipeline(tar, createWriteStream(path));
  await writeInto(tar, files, size);
  await written;
}

/** @param {import('tar-stream').Pack} tar @param {number} files @param {(index: number) => number} size */
export async function writeInto(tar, files, size) {
  const block = Buffer.alloc(MIB);
  for (let at = 0; at < block.length; at++) block[at] = (at * 2654435761) >>> 13;
  const owner = { uid: 1000, gid: 1000, uname: 'builder', gname: 'builder', mtime: new Date(1e12) };
  tar.entry({ name: 'Dockerfile', ...owner }, DOCKERFILE);
  for (let index = 0; index < files; index++) {
    const bytes = size(index);
    /** @type {import('tar-stream').Entry} */
    let entry;
    // tar-stream takes one entry at a time.
    const packed = new Promise((resolve) => {
      entry = tar.entry({ name: `dir${index % 100}/file${index}`, size: bytes, ...owner }, resolve);
    });
    for (let left = bytes; left > 0; left -= Math.min(left, MIB)) {
      // @ts-expect-error: it was assigned in the line above
      if (!entry.write(block.subarray(0, Math.min(left, MIB)))) await once(entry, 'drain');
    }
    // @ts-expect-error: it was assigned above; and its types want an argument that it doesn't
    entry.end();
    await packed;
  }
  tar.finalize();
}
