/** A thread that computes digests of pieces of shared memory: see ThreadHasher. */
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { crc32 } from 'node:zlib';

/** @type {unknown} */
const data = workerData;
const { memory, hasChecksum } = /** @type {{ memory: unknown, hasChecksum: boolean }} */ (data);
if (!(memory instanceof SharedArrayBuffer)) throw new TypeError('the memory is not shared');
const hash = createHash('sha256');
let checksum = 0;

// The answer to a piece is its offset; that to an empty one are the digests.
parentPort?.on('message', (/** @type {[offset: number, length: number]} */ [offset, length]) => {
  if (length === 0) return parentPort?.postMessage({ digest: hash.digest('hex'), checksum });
  const piece = new Uint8Array(memory, offset, length);
  hash.update(piece);
  if (hasChecksum) checksum = crc32(piece, checksum);
  parentPort?.postMessage(offset);
});
