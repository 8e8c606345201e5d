/** The contexts that the benchmark streams: few large files, many small ones, or one endless. */
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';

export const MIB = 1 << 20;
const DOCKERFILE = 'FROM scratch\nCOPY . /\n';

/** Fills a block with what the next part of a file has. @typedef {(block: Buffer) => void} Fill */

/** Bytes that no compressor makes smaller. @type {Fill} */
export const random = (block) => void randomFillSync(block);

/**
 * Writes a context of `files` files of `size` bytes each.
 * @param {string} path @param {number} files @param {(index: number) => number} size @param {Fill} [fill] @param {string} [dockerfile]
 */
export async function writeContext(path, files, size, fill, dockerfile) {
  const tar = pack();
  const written = pipeline(tar, createWriteStream(path));
  await writeInto(tar, files, size, fill, dockerfile);
  await written;
}

/** @param {import('tar-stream').Pack} tar @param {number} files @param {(index: number) => number} size @param {Fill} [fill] @param {string} [dockerfile] */
export async function writeInto(tar, files, size, fill, dockerfile = DOCKERFILE) {
  let block = Buffer.alloc(MIB);
  for (let at = 0; at < block.length; at++) block[at] = (at * 2654435761) >>> 13;
  const owner = { uid: 1000, gid: 1000, uname: 'builder', gname: 'builder', mtime: new Date(1e12) };
  tar.entry({ name: 'Dockerfile', ...owner }, dockerfile);
  for (let index = 0; index < files; index++) {
    const bytes = size(index);
    // tar-stream takes one entry at a time.
    const header = { name: `dir${index % 100}/file${index}`, size: bytes, ...owner };
    const { entry, packed } = begin(tar, header);
    for (let left = bytes; left > 0; left -= Math.min(left, MIB)) {
      // The stream may still have the one before.
      if (fill) fill((block = Buffer.allocUnsafe(MIB)));
      if (!entry.write(block.subarray(0, Math.min(left, MIB)))) await once(entry, 'drain');
    }
    entry.end();
    await packed;
  }
  tar.finalize();
}

/** @param {import('tar-stream').Pack} tar @param {{ name: string, size: number }} header */
function begin(tar, header) {
  /** @type {(error?: Error | null) => void} */
  let settle = () => undefined;
  const packed = new Promise((resolve, reject) => {
    settle = (error) => (error ? reject(error) : resolve(undefined));
  });
  const entry = /** @type {import('node:stream').Writable} */ (
    /** @type {unknown} */ (tar.entry(header, (error) => settle(error)))
  );
  return { entry, packed };
}
